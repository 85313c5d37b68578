# SPDX-License-Identifier: EUPL-1.2
"""What a request about keys and consultations is about, within what its agent may see."""

from uuid import UUID

from django.db.models import Q
from django.shortcuts import get_object_or_404

from keys.models import KeyPair, manageable_services
from marketplace.models import Consultation
from marketplace.permissions import AgentRequest


def consultation(request: AgentRequest, consultation_id: UUID) -> Consultation:
    visible = Consultation.objects.visible_to(request.agent)
    return get_object_or_404(visible.select_related("service__organisation"), pk=consultation_id)


def key_pair(request: AgentRequest, key_pair_id: UUID) -> KeyPair:
    """One of the services whose key pairs the agent sees, or one that the agent holds."""
    visible = Q(service__in=manageable_services(request.agent)) | Q(holder=request.agent)
    key_pairs = KeyPair.objects.select_related("service__organisation", "holder__user")
    return get_object_or_404(key_pairs.filter(visible), pk=key_pair_id)
