"""Pictures of pages with what was read drawn over them: PNG, JPEG and SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from models.documents.pictures import PictureOptions, encoded, page_pixels
from models.errors import OptionsError
from models.export.draw_pixels import draw_regions
from models.export.draw_svg import svg_of
from models.export.drawing import Drawing, DrawOptions, drawing_of
from models.export.types import DrawnType, ExportedDocument


def drawn_page(
    path: Path, pagenum: int, options: PictureOptions, passwords: Sequence[str], drawing: Drawing, kind: DrawnType
) -> bytes:
    """Return a page, 0-based, with regions drawn over it, as the bytes of a file. Raises DocumentError."""
    pixels = page_pixels(path, pagenum, options, passwords)
    if kind == "svg":
        height, width = pixels.shape[:2]
        return svg_of(drawing, (width, height), encoded(pixels, "jpg"))
    return encoded(draw_regions(pixels, drawing), kind)


def write_png(document: ExportedDocument) -> Iterator[bytes]:
    """Yield the one page of a document as PNG."""
    yield _page(document, "png")


def write_jpg(document: ExportedDocument) -> Iterator[bytes]:
    """Yield the one page of a document as JPEG."""
    yield _page(document, "jpg")


def write_svg(document: ExportedDocument) -> Iterator[bytes]:
    """Yield the one page of a document as SVG."""
    yield _page(document, "svg")


def _page(document: ExportedDocument, kind: DrawnType) -> bytes:
    """Return the picture of a page; of one that failed or has no record, without regions."""
    if document.file is None:
        raise OptionsError(f"a page as {kind} is drawn from the document's file, which is not here")
    [(pagenum, page)] = document.every_page()
    how = document.drawing or DrawOptions()
    options = PictureOptions("png" if kind == "png" else "jpg")
    drawing = Drawing((), 0, how)
    if page is not None and page.width > 0:
        drawing = drawing_of(page, how)
        options = replace(options, width=page.width, dpi=page.dpi or None, dpi_width=page.width)
    if kind == "svg" and not how.picture and page is not None:
        return svg_of(drawing, (page.width, page.height), None)
    passwords = [document.password] if document.password else []
    return drawn_page(document.file, pagenum, options, passwords, drawing, kind)
