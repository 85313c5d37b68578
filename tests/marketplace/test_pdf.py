# SPDX-License-Identifier: EUPL-1.2
"""Documents: tagged, the same for ever, and blind to what they are made of."""

import hashlib
import json
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.urls import include, path
from pyhanko.pdf_utils.reader import PdfFileReader

from marketplace import checks, http, pdf
from marketplace.errors import PDFUnavailable
from marketplace.pdf import Attachment
from tests.factories import NOW, SECOND

TEMPLATE = """{% extends "documents/base.html" %}
{% block title %}Accusé de réception {{ name|truncatechars:80 }}{% endblock %}
{% block foot %}{{ name|truncatechars:200 }}{% endblock %}
{% block content %}<h1>Accusé</h1>
<table class="facts"><tr><th scope="row">Qui</th><td>{{ name }}</td></tr></table>{% endblock %}
"""
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src='http://127.0.0.1:1/a.png'><link rel=stylesheet href=file:///etc/passwd>",
    "</td></table><a rel=attachment href='file:///etc/passwd'>here</a>",
    "url(http://127.0.0.1:1/) @import 'file:///etc/passwd'; }",
    "&lt;b&gt; &amp;amp; {{ settings.SECRET_KEY }} {% load static %}",
    '"><style>@page { background: url(file:///etc/passwd) }</style>',
]


@pytest.fixture(autouse=True)
def _template(monkeypatch):
    """A document of its own, on the base of all of them."""
    template = engines["django"].from_string(TEMPLATE)
    monkeypatch.setattr(pdf, "render_to_string", lambda _name, context: template.render(context))


def render(name="Bâtisseurs & fils", *, attachments=(), made_at=NOW) -> bytes:
    return pdf.render("any", {"name": name}, made_at=made_at, attachments=attachments)


def poppler(command: list[str], content: bytes, folder: Path) -> str:
    document = folder / "document.pdf"
    document.write_bytes(content)
    told = subprocess.run(
        [*command, str(document), *(["-"] if command[0] == "pdftotext" else [])],
        capture_output=True,
        check=True,
    )
    assert told.stderr == b""
    return told.stdout.decode()


def text(content: bytes, folder: Path) -> str:
    return " ".join(poppler(["pdftotext", "-layout"], content, folder).split())


def test_document_is_tagged_titled_and_dated(tmp_path):
    told = poppler(["pdfinfo", "-isodates"], render(), tmp_path)

    lines = dict(line.split(":", 1) for line in told.splitlines())
    facts = {name: value.strip() for name, value in lines.items()}
    assert facts["Tagged"] == "yes"
    assert facts["Title"] == "Accusé de réception Bâtisseurs & fils"
    assert facts["Author"] == facts["Creator"] == "Sigille"
    assert facts["CreationDate"] == facts["ModDate"] == "2026-11-02T09:00:00Z"
    assert facts["Page size"] == "595.276 x 841.89 pts (A4)"
    assert facts["JavaScript"] == "no"


def test_document_is_pdf_ua_in_french(tmp_path):
    content = render()

    assert poppler(["pdfinfo", "-meta"], content, tmp_path).count('pdfuaid:part="1"') == 1
    root = PdfFileReader(BytesIO(content)).root
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    structure = poppler(["pdfinfo", "-struct"], content, tmp_path).replace(":", "").split()
    assert set(structure) >= {"Div", "Figure", "H1", "Table", "TR", "TH", "TD"}


def test_pages_are_numbered(tmp_path):
    words = text(render("ligne " * 1500), tmp_path)

    assert re.findall(r"Page \d+ sur \d+", words) == [
        f"Page {number} sur 4" for number in range(1, 5)
    ]


def test_same_document_has_the_same_bytes_whatever_the_process(tmp_path):
    """Python orders its sets another way in each process: nothing of that is seen."""
    script = (
        "import hashlib, sys; from datetime import datetime, UTC; from marketplace import typesetting\n"
        "html = sys.stdin.read()\n"
        "made = typesetting.typeset(html, shown={}, embedded=[('a.json', b'{}', 'A')],"
        " made_at=datetime(2026, 11, 2, tzinfo=UTC))\n"
        "print(hashlib.sha256(made).hexdigest())"
    )
    html = pdf.html("any", {"name": "Été, œuf, ﷼, ≠"}, made_at=NOW)

    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=html.encode(),
            capture_output=True,
            check=True,
            cwd=settings.BASE_DIR,
            env={**os.environ, "PYTHONHASHSEED": str(seed), "TZ": zone},
        ).stdout
        for seed, zone in ((1, "UTC"), (2, "Pacific/Noumea"), (3, "America/Cayenne"))
    }

    assert len(digests) == 1


def test_another_date_text_or_attachment_makes_another_document():
    made = [
        render(),
        render(),
        render(made_at=NOW + SECOND),
        render("Bâtisseurs"),
        render(attachments=[Attachment("a.json", b"{}", "A")]),
        render(attachments=[Attachment("a.json", b"[]", "A")]),
    ]

    digests = [hashlib.sha256(content).hexdigest() for content in made]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 5


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_text_and_fetches_nothing(name, tmp_path, caplog):
    """The network is forbidden by the harness, and WeasyPrint tells of all that it could not fetch."""
    content = render(name)

    assert "".join(name.split()) in "".join(text(content, tmp_path).split())
    assert caplog.messages == []
    assert poppler(["pdfdetach", "-list"], content, tmp_path) == "0 embedded files\n"


def test_names_without_end_and_from_right_to_left_stay_within_the_page(tmp_path):
    endless, hebrew = "A" * 10_000, "שלום עולם"
    content = render(f"{endless} {hebrew}")

    assert text(content, tmp_path).count("A") >= 10_000
    boxes = poppler(["pdftotext", "-bbox"], content, tmp_path).split("xMax=")[1:]
    assert max(float(box.split('"')[1]) for box in boxes) <= 595.276 - 18 * 72 / 25.4 + 1
    assert "שלום" in text(content, tmp_path)


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "http://127.0.0.1:1/", "data:text/plain,x", "document:css/../x", "x"],
)
def test_nothing_is_fetched_even_for_a_template_that_asks(address, tmp_path, monkeypatch, caplog):
    template = engines["django"].from_string(
        TEMPLATE.replace("<h1>", f'<img src="{address}" alt="x"><h1>')
    )
    monkeypatch.setattr(pdf, "render_to_string", lambda _name, context: template.render(context))

    content = render()

    assert "Nothing but what is given" in caplog.text
    assert poppler(["pdfimages", "-list"], content, tmp_path).count("\n") == 2  # its headings


def test_attachments_are_inside(tmp_path):
    said = json.dumps({"é": 1}).encode()
    content = render(attachments=[Attachment("accusé.json", said, "The receipt")])

    listing = poppler(["pdfdetach", "-list"], content, tmp_path)
    subprocess.run(
        ["pdfdetach", "-save", "1", "-o", tmp_path / "out", tmp_path / "document.pdf"], check=True
    )

    assert listing.splitlines() == ["1 embedded files", "1: accusé.json"]
    assert (tmp_path / "out").read_bytes() == said


def without_pango(name: str) -> object:
    raise OSError("cannot load library 'libpango-1.0-0'")


def test_without_pango_documents_are_refused_with_what_to_do(monkeypatch):
    assert pdf.is_available()
    assert checks.documents_can_be_made(None) == []

    monkeypatch.setattr(pdf, "import_module", without_pango)

    with pytest.raises(PDFUnavailable):
        render()
    assert [message.id for message in checks.documents_can_be_made(None)] == ["sigille.W008"]


def document_view(request):
    return http.attachment("pièce.pdf", render(), pdf.CONTENT_TYPE)


urlpatterns = [path("document.pdf", document_view), path("", include("marketplace.urls"))]


@pytest.mark.django_db
def test_document_is_a_file_to_save(client, settings):
    settings.ROOT_URLCONF = __name__

    answer = client.get("/document.pdf")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''pi%C3%A8ce.pdf"
    assert answer.content == render()


@pytest.mark.django_db
def test_without_pango_the_answer_is_a_503_that_says_what_to_do(client, monkeypatch, settings):
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(pdf, "import_module", without_pango)

    answer = client.get("/document.pdf", headers={"Accept-Language": "en"})

    assert answer.status_code == 503
    assert "Print the page from your browser" in answer.content.decode()
