# SPDX-License-Identifier: EUPL-1.2
"""One key pair: its page, « Modifier », « Supprimer »."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from keys import editing, findings, retirement
from keys.errors import KeyRefused, PrivateKeySent
from keys.forms import KeyPairForm
from keys.retirement import Removal
from keys.views import asked
from marketplace import journal
from marketplace.http import refuse
from marketplace.models import Right
from marketplace.permissions import AgentRequest, agent_required


@agent_required()
@require_safe
def detail(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair, now = asked.key_pair(request, key_pair_id), timezone.now()
    context = {
        "key_pair": key_pair,
        "list_url": asked.list_url(key_pair.service_id),
        "is_burnt": journal.tells("refused." + PrivateKeySent.code, key_pair),
        "health": key_pair.health(now),
        "warnings": findings.warnings_of(bytes(key_pair.certificate), now=now),
        "may_manage": request.agent.may(Right.MANAGE_KEYS),
        "is_deletable": retirement.removal_of(key_pair) is Removal.DELETED,
    }
    return render(request, "keys/detail.html", context)


@agent_required(Right.MANAGE_KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = asked.key_pair(request, key_pair_id)
    initial = {"name": key_pair.name, "is_backup": key_pair.is_backup}
    form = KeyPairForm(request.POST or None, initial=initial)
    if not form.is_valid():
        context = {
            "form": form,
            "key_pair": key_pair,
            "list_url": asked.list_url(key_pair.service_id),
        }
        return render(request, "keys/edit.html", context)
    editing.edit(key_pair.pk, **form.cleaned_data, editor=request.agent, now=timezone.now())
    messages.success(request, _("The changes are saved."))
    return redirect("keys:detail", key_pair.pk)


@agent_required(Right.MANAGE_KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """GET says what will happen, POST does it."""
    key_pair = asked.key_pair(request, key_pair_id)
    if request.method != "POST":
        context = {
            "key_pair": key_pair,
            "list_url": asked.list_url(key_pair.service_id),
            "is_deletion": retirement.removal_of(key_pair) is Removal.DELETED,
        }
        return render(request, "keys/remove.html", context)
    try:
        removal = retirement.remove(key_pair.pk, remover=request.agent, now=timezone.now())
    except KeyRefused as refusal:
        refuse(request, refusal, key_pair)
        return redirect("keys:detail", key_pair.pk)
    done = _("%(name)s is deleted.") if removal is Removal.DELETED else _("%(name)s is withdrawn.")
    messages.success(request, done % {"name": key_pair.name})
    return redirect(asked.list_url(key_pair.service_id))
