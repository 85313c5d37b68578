# SPDX-License-Identifier: EUPL-1.2
"""What reports say, for templates: statuses, lines, findings."""

from django import template
from django.utils.functional import Promise

from signatures import findings
from signatures.validation import Indication, LegalFrame, Line, Status
from signatures.validation.findings import Finding

register = template.Library()

_BADGES = {
    Status.NOT_APPLICABLE: "badge-off",
    Status.CONFORM: "badge-ok",
    Status.TO_CHECK_BY_BUYER: "badge-info",
    Status.INDETERMINATE: "badge-warn",
    Status.NOT_CONFORM: "badge-bad",
}
_ICONS = {
    Status.NOT_APPLICABLE: "dash-circle",
    Status.CONFORM: "check-circle",
    Status.TO_CHECK_BY_BUYER: "person-check",
    Status.INDETERMINATE: "question-circle",
    Status.NOT_CONFORM: "x-circle",
}
_OF_INDICATIONS = {
    Indication.TOTAL_PASSED: Status.CONFORM,
    Indication.INDETERMINATE: Status.INDETERMINATE,
    Indication.TOTAL_FAILED: Status.NOT_CONFORM,
}


@register.inclusion_tag("signatures/_status.html")
def status_badge(status: Status) -> dict[str, object]:
    """The status of a line or a condition, in words, with a colour and an icon."""
    label = findings.STATUSES[status]
    return {"label": label, "badge": _BADGES[status], "icon": _ICONS[status]}


@register.inclusion_tag("signatures/_status.html")
def indication_badge(indication: str) -> dict[str, object]:
    """A technical result, which is no decision."""
    known = Indication(indication)
    status = _OF_INDICATIONS[known]
    label = findings.INDICATIONS[known]
    return {"label": label, "badge": _BADGES[status], "icon": _ICONS[status]}


@register.filter
def sentence(finding: Finding, zone: str) -> str:
    return findings.sentence(finding, zone)


@register.filter
def line_label(line: Line) -> str | Promise:
    return findings.LINES[line]


@register.filter
def frame_label(frame: LegalFrame) -> str | Promise:
    return findings.FRAMES[frame]


@register.filter
def reference_label(reference: str) -> str | Promise:
    return findings.REFERENCES[reference]
