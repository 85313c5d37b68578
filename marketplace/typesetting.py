# SPDX-License-Identifier: EUPL-1.2
"""From HTML to a tagged PDF, with WeasyPrint: `marketplace.pdf` alone imports this, when it must.

Nothing is fetched: what a document shows is given with it, by name.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import weasyprint
from weasyprint.urls import URLFetcher, URLFetcherResponse

SCHEME: Final = "document:"  # of the addresses of what is given
VARIANT: Final = "pdf/ua-1"  # ISO 14289-1: tagged, so that it can be read aloud


Embedded = tuple[str, bytes, str]  # name, content and description of a file inside the PDF


def typeset(
    html: str, *, shown: Mapping[str, bytes], embedded: Sequence[Embedded], made_at: datetime
) -> bytes:
    """The PDF of a document; the same bytes for the same arguments, on the same installation."""
    identity = hashlib.sha256(html.encode())
    for _name, content, _description in embedded:
        identity.update(hashlib.sha256(content).digest())
    document = weasyprint.HTML(string=html, base_url=SCHEME, url_fetcher=_Given(shown))
    written = document.write_pdf(
        pdf_variant=VARIANT,
        pdf_identifier=identity.hexdigest()[:32].encode(),
        attachments=[_attachment(one, made_at) for one in embedded],
    )
    return bytes(written)


def _attachment(embedded: Embedded, made_at: datetime) -> weasyprint.Attachment:
    name, content, description = embedded
    moment = made_at.astimezone(UTC)
    return weasyprint.Attachment(
        string=content,
        name=name,
        description=description,
        created=moment,
        modified=moment,
        relationship="Data",
    )


class _Given(URLFetcher):  # type: ignore[misc] # WeasyPrint is not typed
    """Answers what is given, and opens nothing: neither a file, nor an address of the network."""

    def __init__(self, shown: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=())
        self._shown = shown

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        name = url.removeprefix(SCHEME)
        if name == url or name not in self._shown:
            raise ValueError("Nothing but what is given may be shown in a document.")
        kind = "text/css" if name.endswith(".css") else "image/svg+xml"
        return URLFetcherResponse(url, self._shown[name], {"Content-Type": kind})
