# SPDX-License-Identifier: EUPL-1.2
"""What a request about key pairs is about: its service, its key pair, its JSON."""

import json
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from keys.forms import ServiceForm
from keys.models import KeyPair, KeyPairQuerySet, manageable_services
from marketplace.models import Service
from marketplace.permissions import AgentRequest

CHOICE = "keys_service"  # in the session: the service that is administered, where it is another one


def chosen_service(request: AgentRequest) -> Service:
    """That of the address; otherwise the one that the agent has chosen and may still manage; or its own."""
    if "service" in request.GET:
        form = ServiceForm(request.GET, agent=request.agent)
        if not form.is_valid():
            raise Http404
        return form.chosen() or request.agent.service
    chosen = request.session.get(CHOICE)
    if chosen is None:
        return request.agent.service
    permitted = manageable_services(request.agent).select_related("organisation")
    return permitted.filter(pk=chosen).first() or request.agent.service


def keep_choice(request: AgentRequest, service: Service) -> None:
    """For as long as the agent is signed in, or until it chooses again."""
    if service == request.agent.service:
        request.session.pop(CHOICE, None)
    else:
        request.session[CHOICE] = str(service.pk)


def list_url(service_id: UUID) -> str:
    return f"{reverse('keys:list')}?service={service_id}"


def is_managed(request: AgentRequest, service: Service) -> bool:
    """Whether its key pairs are shown to the agent; of another service, only those that the agent holds."""
    return manageable_services(request.agent).contains(service)


def way_back(request: AgentRequest, service: Service) -> str:
    """To the list of the service, or of the agent's own where that one is not shown."""
    shown = service if is_managed(request, service) else request.agent.service
    return list_url(shown.pk)


def key_pair(request: AgentRequest, key_pair_id: UUID) -> KeyPair:
    """One to look at, and to prove."""
    return _one_of(KeyPair.objects.visible_to(request.agent), key_pair_id)


def managed_key_pair(request: AgentRequest, key_pair_id: UUID) -> KeyPair:
    """One to change."""
    return _one_of(KeyPair.objects.manageable_by(request.agent), key_pair_id)


def _one_of(key_pairs: KeyPairQuerySet, key_pair_id: UUID) -> KeyPair:
    related = key_pairs.select_related("service__organisation", "holder__user", "replaces")
    return get_object_or_404(related, pk=key_pair_id)


def replaced(request: AgentRequest) -> KeyPair | None:
    """The key pair that a new one renews, as the address says."""
    if "replaces" not in request.GET:
        return None
    try:
        return managed_key_pair(request, UUID(request.GET["replaces"]))
    except ValueError as error:
        raise Http404 from error


def body(request: HttpRequest) -> dict[str, object]:
    """The members of a JSON object; none where the body is something else."""
    try:
        body = json.loads(request.body)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def origin(request: HttpRequest) -> str:
    """The origin of our pages as the browser names it; the host is one of `ALLOWED_HOSTS`."""
    return f"{request.scheme}://{request.get_host()}"
