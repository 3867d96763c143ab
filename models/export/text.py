"""Plain text in UTF-8: a form feed between pages, and a heading above each document where there are several.

A page that failed or is missing is an empty one, so that the form feeds count pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.errors import as_unicode
from models.export.types import ExportedDocument


def write_text(document: ExportedDocument) -> Iterator[bytes]:
    """Yield text as pdftotext and tesseract write it; headings are those of `head` and `tail`: `==> name <==`."""
    if document.place is not None:
        blank = "\n" if document.place else ""
        yield f"{blank}==> {as_unicode(document.name)} <==\n".encode()
    break_before = ""
    for _, page in document.every_page():
        text = "" if page is None else page.text
        yield f"{break_before}{text}\n".encode()
        break_before = "\f"
