# SPDX-License-Identifier: EUPL-1.2
"""Files that real programs write, for the tests of what the page checks of them: `checks_peer.py FOLDER`."""

import sys
import zipfile
from io import BytesIO
from pathlib import Path

from pyhanko.pdf_utils.generic import NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from weasyprint import HTML

PAGE = "<h1>Mémoire technique</h1><p>42 000 €</p>"


def updated(content: bytes) -> bytes:
    """The PDF with an incremental update, as a signature makes one."""
    writer = IncrementalPdfFileWriter(BytesIO(content))
    writer.root["/PageMode"] = NameObject("/UseNone")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def rewritten(content: bytes, *, streams: bool, password: str | None = None) -> bytes:
    """The PDF anew, with a table or a stream of cross references."""
    writer = copy_into_new_writer(
        PdfFileReader(BytesIO(content)), writer_kwargs={"stream_xrefs": streams}
    )
    if password is not None:
        writer.encrypt(owner_pass=password, user_pass=password)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def archive(*names: str, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name in names:
            file.writestr(name, f"{name} " * 50)
    return out.getvalue()


def streamed() -> bytes:
    """A ZIP written without going back: the sizes follow each entry, in ZIP64 fields."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("plan.txt", "w", force_zip64=True) as entry:
            entry.write(b"plan " * 1000)
        file.comment = b"A comment"
    return out.getvalue()


def main(folder: Path) -> None:
    table = HTML(string=PAGE).write_pdf()
    compressed = HTML(string=PAGE).write_pdf(uncompressed_pdf=False, pdf_version="2.0")
    stream = rewritten(table, streams=True)
    files = {
        "weasyprint.pdf": table,
        "weasyprint-2.0.pdf": compressed,
        "streams.pdf": stream,
        "updated-table.pdf": updated(updated(table)),
        "updated-streams.pdf": updated(stream),
        "password-table.pdf": rewritten(table, streams=False, password="s3cret"),
        "password-streams.pdf": rewritten(table, streams=True, password="s3cret"),
        "deflated.zip": archive("a.txt", "é/b.txt", "empty/"),
        "stored.zip": archive("a.txt", compression=zipfile.ZIP_STORED),
        "streamed.zip": streamed(),
        "none.zip": archive(),
        "text.docx": archive("[Content_Types].xml", "word/document.xml"),
        "macros.docx": archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        "text.odt": archive("mimetype", "content.xml", "META-INF/manifest.xml"),
        "macros.ods": archive("mimetype", "content.xml", "Basic/Standard/Module1.xml"),
        "bid.zip": archive("manifest.json", "receipt.json", "blocks/5a5a/0.p7m"),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
