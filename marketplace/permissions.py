# SPDX-License-Identifier: EUPL-1.2
"""Who may call a view: decorators, one for each kind of person.

A signed-in person of another kind is told 404, like someone who guesses addresses; an agent who
lacks the right is told 403 with what to ask for, and the journal keeps the attempt.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from marketplace import journal
from marketplace.errors import RightMissing
from marketplace.models import Agent, Bidder, Right, User

P = ParamSpec("P")


class AgentRequest(HttpRequest):
    user: User
    agent: Agent


class BidderRequest(HttpRequest):
    user: User
    bidder: Bidder


AgentView = Callable[Concatenate[AgentRequest, P], HttpResponseBase]
BidderView = Callable[Concatenate[BidderRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def agent_required(right: Right | None = None) -> Callable[[AgentView[P]], View[P]]:
    """Let agents in, those with `right` where one is named; `request.agent` is theirs."""

    def decorate(view: AgentView[P]) -> View[P]:
        @login_required
        @wraps(view)
        def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            for_agent = _for_agent(request)
            if right is not None:
                require(for_agent.agent, right)
            return view(for_agent, *args, **kwargs)

        return wrapped

    return decorate


def administrator_required(view: AgentView[P]) -> View[P]:
    """Let administrators in; to other agents the page does not exist."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        for_agent = _for_agent(request)
        if not for_agent.agent.is_administrator:
            raise Http404
        return view(for_agent, *args, **kwargs)

    return wrapped


def bidder_required(view: BidderView[P]) -> View[P]:
    """Let users of companies in; `request.bidder` is theirs."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        bidder: Bidder | None = getattr(request.user, "bidder", None)
        if bidder is None:
            raise Http404
        for_bidder = cast("BidderRequest", request)
        for_bidder.bidder = bidder
        return view(for_bidder, *args, **kwargs)

    return wrapped


def require(agent: Agent, right: Right) -> None:
    """Raises:
    RightMissing: the agent lacks the right; the journal keeps the attempt.
    """
    if not agent.may(right):
        refusal = RightMissing(right.value)
        journal.record_refusal(
            refusal,
            agent,
            actor=agent.user,
            now=timezone.now(),
            organisation_id=agent.service.organisation_id,
        )
        raise refusal


def of_agent(request: HttpRequest) -> AgentRequest | None:
    """The request as that of the agent who makes it, if it is one."""
    agent: Agent | None = getattr(request.user, "agent", None)
    if agent is None:
        return None
    for_agent = cast("AgentRequest", request)
    for_agent.agent = agent
    return for_agent


def _for_agent(request: HttpRequest) -> AgentRequest:
    for_agent = of_agent(request)
    if for_agent is None:
        raise Http404
    return for_agent
