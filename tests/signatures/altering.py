# SPDX-License-Identifier: EUPL-1.2
"""What people do to a signed PDF afterwards: honest updates, and attacks."""

import io
from collections.abc import Callable

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

Writer = IncrementalPdfFileWriter


def revise(pdf: bytes, change: Callable[[Writer], None]) -> bytes:
    """Append a revision, as any PDF editor does: what was signed stays byte for byte."""
    writer = Writer(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def replace_text(writer: Writer) -> None:
    """Show another price on the first page."""
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 72 720 Td (1 EUR) Tj ET")
    page = writer.root["/Pages"]["/Kids"][0]
    page[pdf_name("/Contents")] = writer.add_object(stream)
    writer.update_container(page)


def rewrite_text(writer: Writer) -> None:
    """Keep the page and its reference, and put as many other bytes behind it."""
    page = writer.root["/Pages"]["/Kids"][0]
    reference = page.raw_get("/Contents").reference
    stream = generic.StreamObject(stream_data=page["/Contents"].data.replace(b"une", b"two"))
    stream.container_ref = reference
    writer.objects[(reference.generation, reference.idnum)] = stream


def replace_font(writer: Writer) -> None:
    """Change how the letters look, in a resource of the page."""
    font = writer.root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]["/F1"]
    font[pdf_name("/BaseFont")] = pdf_name("/Symbol")
    writer.update_container(font)


def crop_page(writer: Writer) -> None:
    """Show less of the page."""
    page = writer.root["/Pages"]["/Kids"][0]
    page[pdf_name("/CropBox")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 600)))
    writer.update_container(page)


def add_page(writer: Writer) -> None:
    """Append a page, a copy of the first."""
    pages = writer.root["/Pages"]
    copy = generic.DictionaryObject(dict(pages["/Kids"][0].items()))
    pages["/Kids"].append(writer.add_object(copy))
    pages[pdf_name("/Count")] = generic.NumberObject(len(pages["/Kids"]))
    writer.update_container(pages["/Kids"])
    writer.update_container(pages)


def remove_page(writer: Writer) -> None:
    """Drop the last page."""
    pages = writer.root["/Pages"]
    pages["/Kids"].pop()
    pages[pdf_name("/Count")] = generic.NumberObject(len(pages["/Kids"]))
    writer.update_container(pages)


def cover_with_note(writer: Writer) -> None:
    """Lay an annotation over the text."""
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (60, 700, 400, 760))),
            pdf_name("/Contents"): generic.pdf_string("1 EUR"),
        }
    )
    page = writer.root["/Pages"]["/Kids"][0]
    note_reference = writer.add_object(note)
    page[pdf_name("/Annots")] = generic.ArrayObject([*page.get("/Annots", ()), note_reference])
    writer.update_container(page)


def drop_form(writer: Writer) -> None:
    """Hide the signature: no form, no field."""
    del writer.root["/AcroForm"]
    writer.update_root()
