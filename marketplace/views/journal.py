# SPDX-License-Identifier: EUPL-1.2
"""The administrators' page of the journal: their own organisation's entries, the newest first."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.forms import JournalSearchForm
from marketplace.models import JournalEntry
from marketplace.permissions import AgentRequest, administrator_required

PAGE_SIZE = 50  # rows


@administrator_required
@require_safe
def journal_entries(request: AgentRequest) -> HttpResponse:
    form = JournalSearchForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    entries = JournalEntry.objects.filter(
        organisation=request.agent.service.organisation_id,
        action__icontains=asked.get("action", ""),
        subject__icontains=asked.get("subject", ""),
    ).order_by("-index")
    context = {
        "form": form,
        "page": Paginator(entries, PAGE_SIZE).get_page(request.GET.get("page")),
        "is_search": bool(asked.get("action") or asked.get("subject")),
    }
    return render(request, "marketplace/journal.html", context)
