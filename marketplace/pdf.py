# SPDX-License-Identifier: EUPL-1.2
"""Documents to keep and to print: tagged PDF, made from `templates/documents/`.

WeasyPrint needs pango, a library of the system. It is loaded when a document is asked for: where it is
missing the pages work, and the document is refused with what to do instead.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from marketplace.errors import PDFUnavailable

CONTENT_TYPE: Final = "application/pdf"
SHOWN: Final = ("css/document.css", "img/sigille.svg")  # what documents show, of `static/`


class Attachment(NamedTuple):
    """A file inside the PDF."""

    name: str
    content: bytes
    description: str


def render(
    template: str,
    context: Mapping[str, object],
    *,
    made_at: datetime,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The PDF of `templates/documents/<template>.html`, dated `made_at`, in the language of the site.

    The same arguments give the same bytes, whoever asks: a document can be compared with one kept
    elsewhere.

    Raises:
        PDFUnavailable: pango is missing.
    """
    typeset = _typesetter()
    text = html(template, context, made_at=made_at)
    return typeset(text, shown=_shown(), embedded=attachments, made_at=made_at)


def html(template: str, context: Mapping[str, object], *, made_at: datetime) -> str:
    """What `render` makes a PDF of."""
    moment = made_at.astimezone(UTC).isoformat(timespec="seconds")
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string(f"documents/{template}.html", {**context, "document_date": moment})


def is_available() -> bool:
    """Whether documents can be made here."""
    try:
        _typesetter()
    except PDFUnavailable:
        return False
    return True


def _typesetter() -> Callable[..., bytes]:
    try:
        typeset: Callable[..., bytes] = import_module("marketplace.typesetting").typeset
    except OSError as error:  # what the loader says of a library that it does not find
        raise PDFUnavailable from error
    return typeset


@cache
def _shown() -> Mapping[str, bytes]:
    folder = Path(settings.BASE_DIR) / "static"
    return {name: (folder / name).read_bytes() for name in SHOWN}
