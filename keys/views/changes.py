# SPDX-License-Identifier: EUPL-1.2
"""One key pair: its page, « Modifier », « Supprimer », the drill that its holder is asked for."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from keys import drills, editing, findings, retirement
from keys.errors import KeyRefused, PrivateKeySent
from keys.forms import KeyPairForm
from keys.models import DrillRequest, KeyPair
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
    requests = DrillRequest.objects.select_related("asked_by__user", "former_holder__user")
    context = {
        "key_pair": key_pair,
        "list_url": asked.way_back(request, key_pair.service),
        "is_burnt": journal.tells("refused." + PrivateKeySent.code, key_pair),
        "health": key_pair.health(now),
        "warnings": findings.warnings_of(bytes(key_pair.certificate), now=now),
        "may_manage": request.agent.may(Right.MANAGE_KEYS)
        and asked.is_managed(request, key_pair.service),
        "is_deletable": retirement.removal_of(key_pair) is Removal.DELETED,
        "successor": KeyPair.objects.select_related("holder__user")
        .filter(replaces=key_pair)
        .first(),
        "is_planned": key_pair.retires_at is not None and not key_pair.is_replaced(now),
        "drill_request": requests.filter(key_pair=key_pair).order_by("asked_at").last(),
    }
    return render(request, "keys/detail.html", context)


@agent_required(Right.MANAGE_KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """The form, then what it will change; only what was confirmed is done."""
    key_pair = asked.managed_key_pair(request, key_pair_id)
    initial = {name: getattr(key_pair, name) for name in ("name", "is_backup", "holder")}
    form = KeyPairForm(
        request.POST or None, initial=initial, key_pair=key_pair, editor=request.agent
    )
    context = {"form": form, "key_pair": key_pair, "list_url": asked.list_url(key_pair.service_id)}
    if not form.is_valid() or "back" in request.POST:
        return render(request, "keys/edit.html", context)
    wanted = form.description()
    changes = editing.changes(key_pair, wanted)
    if changes and "confirmed" not in request.POST:
        last = (
            changes.use
            and key_pair.is_backup
            and editing.is_last_backup(key_pair, now=timezone.now())
        )
        context |= {"changes": changes, "wanted": wanted, "is_last_backup": last}
        return render(request, "keys/confirm_edit.html", context)
    try:
        editing.edit(key_pair.pk, wanted, editor=request.agent, now=timezone.now())
    except KeyRefused as refusal:
        refuse(request, refusal, key_pair)
    else:
        messages.success(
            request, _("The changes are saved.") if changes else _("Nothing was changed.")
        )
    return _back_to(key_pair)


@agent_required(Right.MANAGE_KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """GET says what will happen, POST does it."""
    key_pair = asked.managed_key_pair(request, key_pair_id)
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
        return _back_to(key_pair)
    done = _("%(name)s is deleted.") if removal is Removal.DELETED else _("%(name)s is withdrawn.")
    messages.success(request, done % {"name": key_pair.name})
    return redirect(asked.list_url(key_pair.service_id))


@agent_required(Right.MANAGE_KEYS)
@require_POST
def keep(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """The retirement that a renewal has planned is called off."""
    key_pair = asked.managed_key_pair(request, key_pair_id)
    try:
        retirement.keep_in_service(key_pair.pk, keeper=request.agent, now=timezone.now())
    except KeyRefused as refusal:
        refuse(request, refusal, key_pair)
    else:
        messages.success(request, _("%(name)s stays in service.") % {"name": key_pair.name})
    return _back_to(key_pair)


@agent_required()
@require_POST
def ask_drill(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """« Exercice de déchiffrement »: a mail asks the holder."""
    key_pair = asked.key_pair(request, key_pair_id)
    try:
        drills.ask(key_pair.pk, asked_by=request.agent, now=timezone.now())
    except KeyRefused as refusal:
        refuse(request, refusal, key_pair)
    else:
        asked_of = {"name": key_pair.holder}
        messages.success(request, _("An e-mail asks %(name)s for a decryption drill.") % asked_of)
    return _back_to(key_pair)


def _back_to(key_pair: KeyPair) -> HttpResponse:
    """Its page, or the list of its service where it has just been deleted."""
    if KeyPair.objects.filter(pk=key_pair.pk).exists():
        return redirect("keys:detail", key_pair.pk)
    return redirect(asked.list_url(key_pair.service_id))
