# SPDX-License-Identifier: EUPL-1.2
"""What a request about keys and consultations is about, within what its agent may see."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from keys.models import KeyPair
from marketplace.models import Consultation
from marketplace.permissions import AgentRequest


def consultation(request: AgentRequest, consultation_id: UUID) -> Consultation:
    visible = Consultation.objects.visible_to(request.agent)
    return get_object_or_404(visible.select_related("service__organisation"), pk=consultation_id)


def key_pair(request: AgentRequest, key_pair_id: UUID) -> KeyPair:
    visible = KeyPair.objects.visible_to(request.agent)
    return get_object_or_404(
        visible.select_related("service__organisation", "holder__user"), pk=key_pair_id
    )
