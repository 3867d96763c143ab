"""Pages of a PDF that gain a layer of invisible text; what they show stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymupdf

from models.export.invisible_font import InvisibleFont
from models.export.text_layer import FONT_NAME, layer_content
from models.export.types import ExportedLine, ExportedPage

_HIDDEN_TEXT = b"/Span<</ActualText<FEFF>>>BDC\n"  # marked content whose text is another: none


def add_layer(document: Any, page: Any, read: ExportedPage, font: InvisibleFont) -> None:
    """Put the words that were read by OCR under a page's content.

    What the page's own text layer gave is not written again. Where the layer was not trusted, and the page read by
    OCR, its text is marked as having none, so that no program finds both.

    Args:
        document: MuPDF's, which the page is of.
        font: Of this document; the caller finishes it.
    """
    lines = lines_to_write(read)
    if not lines or min(read.width, read.height) < 1:
        return
    pdf_page = pymupdf.mupdf.pdf_page_from_fz_page(page.this)
    content = layer_content(lines, _from_pixels(pdf_page, read), font)
    own = page.get_contents()
    hides = read.method == "ocr" and bool(page.get_text().strip())
    before = _stream(document, content + (_HIDDEN_TEXT if hides else b""))
    after = [_stream(document, b"\nEMC\n")] if hides else []
    document.xref_set_key(page.xref, "Contents", f"[{' '.join(f'{one} 0 R' for one in (before, *own, *after))}]")
    _add_font(pdf_page, font)


def lines_to_write(read: ExportedPage) -> Sequence[ExportedLine]:
    """Return the lines of a page that its file does not have as text."""
    if read.exception is not None or read.method == "text_layer":
        return ()
    return [line for line in read.regions if line.text and line.recogniser != "text_layer"]


def _from_pixels(pdf_page: Any, read: ExportedPage) -> pymupdf.Matrix:
    """Return what takes pixels of a record to the page's own space, before its rotation and from its own origin."""
    media_box, shown = pymupdf.mupdf.FzRect(), pymupdf.mupdf.FzMatrix()
    pymupdf.mupdf.pdf_page_transform(pdf_page, media_box, shown)
    bounds = pymupdf.mupdf.fz_transform_rect(media_box, shown)
    pixels = pymupdf.Matrix((bounds.x1 - bounds.x0) / read.width, 0, 0, (bounds.y1 - bounds.y0) / read.height, 0, 0)
    return pixels * ~pymupdf.Matrix(shown.a, shown.b, shown.c, shown.d, shown.e, shown.f)


def _stream(document: Any, content: bytes) -> int:
    xref: int = document.get_new_xref()
    document.update_object(xref, "<<>>")
    document.update_stream(xref, content, new=True, compress=True)
    return xref


def _add_font(pdf_page: Any, font: InvisibleFont) -> None:
    """Name the font in the page's resources, which it may share with other pages."""
    mupdf, name = pymupdf.mupdf, pymupdf.PDF_NAME
    page = pdf_page.obj()
    resources = mupdf.pdf_dict_get_inheritable(page, name("Resources"))
    if not mupdf.pdf_is_dict(resources):
        resources = mupdf.pdf_dict_put_dict(page, name("Resources"), 1)
    fonts = mupdf.pdf_dict_get(resources, name("Font"))
    if not mupdf.pdf_is_dict(fonts):
        fonts = mupdf.pdf_dict_put_dict(resources, name("Font"), 1)
    reference = mupdf.pdf_new_indirect(pdf_page.doc(), font.xref, 0)
    mupdf.pdf_dict_puts(fonts, FONT_NAME, reference)
