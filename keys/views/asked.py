# SPDX-License-Identifier: EUPL-1.2
"""What a request about key pairs is about: its service, its key pair, its JSON."""

import json
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from keys.forms import ServiceForm
from keys.models import KeyPair, manageable_services
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


def key_pair(request: AgentRequest, key_pair_id: UUID) -> KeyPair:
    visible = KeyPair.objects.visible_to(request.agent)
    return get_object_or_404(
        visible.select_related("service__organisation", "holder__user", "replaces"), pk=key_pair_id
    )


def replaced(request: AgentRequest) -> KeyPair | None:
    """The key pair that a new one renews, as the address says."""
    if "replaces" not in request.GET:
        return None
    try:
        return key_pair(request, UUID(request.GET["replaces"]))
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
