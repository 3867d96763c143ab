"""A PDF with the original pages and an invisible layer of the text that was read.

Of a PDF, the file's bytes stay as they are and the layers are appended to them (an incremental update), so that
signatures keep what they sign; where that cannot be, for a file that had to be repaired or of which only some pages
are asked for, it is written anew. An encrypted file stays so, with its password. A picture becomes a page.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf

from models.documents.files import content_type
from models.documents.media_types import PDF
from models.documents.pdf import FAULTS, PdfDocument
from models.errors import CorruptFile
from models.export.invisible_font import InvisibleFont
from models.export.pdf_pages import add_layer
from models.export.picture_pages import PicturePages
from models.export.types import ExportedDocument

_PIECE_BYTES = 1024 * 1024


def write_pdf(document: ExportedDocument) -> Iterator[bytes]:
    """Yield a PDF. Its first piece comes once the last page is read.

    Pages that failed or are missing are as in the original, without a layer.

    Raises:
        DocumentError: The document's file cannot be opened, or not be written as a PDF.
    """
    if document.file is None:
        raise ValueError(f"no file of {document.name} to make a PDF of")
    with tempfile.TemporaryDirectory(prefix="inkstream-pdf-") as folder:
        made = Path(folder) / "made.pdf"
        is_pdf = content_type(document.file) == PDF
        try:
            (_from_pdf if is_pdf else _from_pictures)(document, document.file, made)
        except FAULTS as error:
            raise CorruptFile(f"{document.name} cannot be written as a PDF: {error}") from error
        with made.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                yield piece


def _from_pdf(document: ExportedDocument, original: Path, made: Path) -> None:
    # typed errors of what cannot be opened
    checked = PdfDocument(original, [] if document.password is None else [document.password])
    total_pages = checked.page_count
    checked.close()
    shutil.copyfile(original, made)
    with pymupdf.open(made, filetype="pdf") as pdf:
        if document.password is not None and pdf.needs_pass:
            pdf.authenticate(document.password)
        has_layers = _add_layers(document, pdf)
        if list(document.pagenums) != list(range(total_pages)):
            pdf.select(list(document.pagenums))
        elif not has_layers:
            return  # the file as it is
        elif pdf.can_save_incrementally():
            pdf.saveIncr()
            return
        anew = made.with_name("anew.pdf")
        pdf.save(anew, garbage=2, encryption=pymupdf.PDF_ENCRYPT_KEEP)
    anew.replace(made)


def _add_layers(document: ExportedDocument, pdf: Any) -> bool:
    """Add a layer to each page that has text to gain, and return whether one had."""
    font = InvisibleFont(pdf)
    for number, read in document.every_page():
        if read is not None:
            add_layer(pdf, pdf.load_page(number), read, font)
    if font.is_used:
        font.finish()
    return font.is_used


def _from_pictures(document: ExportedDocument, original: Path, made: Path) -> None:
    with pymupdf.open() as pdf:
        font, pages = InvisibleFont(pdf), PicturePages(original, pdf)
        try:
            for number, read in document.every_page():
                page = pages.add(number)
                if read is not None:
                    add_layer(pdf, page, read, font)
        finally:
            pages.close()
        font.finish()
        pdf.save(made)
