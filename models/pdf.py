"""PDF documents through MuPDF: one page at a time, never the whole document in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf

from models.document import PageImage
from models.errors import CorruptFile, EmptyDocument, EncryptedFile, PageTooLarge
from models.text_layer import TextLayer, TextLine, is_trusted, join_rows

# What MuPDF raises for a file that is at fault. FzErrorBase is the root of its own errors.
FAULTS = (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError, TypeError, IndexError)

_POINTS_PER_INCH = 72
_LEAST_DPI = 36  # a page that is too large even at this is a bomb or a poster of tens of metres
_INVISIBLE = 3  # text render mode 3: neither filled nor stroked


class PdfDocument:
    """One open PDF. Pages are drawn on demand; MuPDF's caches are kept small."""

    def __init__(self, path: Path, passwords: Sequence[str] = ()) -> None:
        """Open a PDF, with one of the passwords where it needs one.

        Raises:
            CorruptFile: MuPDF cannot open it, not even by repairing it.
            EncryptedFile: No password given opens it.
            EmptyDocument: It has no pages.
        """
        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        self.password: str | None = None
        try:
            self._document = pymupdf.open(path, filetype="pdf")
            self._unlock(passwords)
            self._pages = int(self._document.page_count)
        except FAULTS as error:
            # MuPDF names the file, which in the cache has a name that says nothing to anybody
            said = "nothing in it can be recovered" if str(path) in str(error) else _said(error)
            raise CorruptFile(f"this PDF is damaged beyond repair: {said}") from error
        if self._pages < 1:
            self.close()
            raise EmptyDocument("this PDF has no pages")

    @property
    def page_count(self) -> int:
        return self._pages

    def text_layer(self, pagenum: int, dpi: int) -> TextLayer | None:
        """Return the page's own text where it can be trusted; without lines where nothing is on the page."""
        page = self._page(pagenum)
        try:
            width, height = (round(side * dpi / _POINTS_PER_INCH) for side in (page.rect.width, page.rect.height))
            if not page.get_bboxlog():
                return TextLayer((), width, height)
            content = page.get_text("dict", flags=pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES)
            lines = join_rows(_lines(content, page.rotation_matrix, dpi / _POINTS_PER_INCH))
            text = "\n".join(line.text for line in lines)
            if not text.strip() or not is_trusted(text, _invisible_share(page), _picture_cover(page)):
                return None
            return TextLayer(tuple(lines), width, height)
        except FAULTS as error:
            raise CorruptFile(f"page {pagenum} cannot be read: {_said(error)}") from error

    def image(self, pagenum: int, dpi: int, max_megapixels: float, *, grey: bool) -> PageImage:
        """Return the page drawn at `dpi`, or at the highest resolution below it that the megapixels allow."""
        page = self._page(pagenum)
        dpi = _affordable_dpi(page.rect.width, page.rect.height, dpi, max_megapixels)
        colours = pymupdf.csGRAY if grey else pymupdf.csRGB
        try:
            pixmap = page.get_pixmap(dpi=dpi, colorspace=colours, alpha=False)
            samples = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
        except FAULTS as error:
            raise CorruptFile(f"page {pagenum} cannot be drawn: {_said(error)}") from error
        finally:
            pymupdf.TOOLS.store_shrink(100)  # else up to 256 MB of decoded pictures stay, in every process
        pixels = samples[:, : pixmap.width * pixmap.n]
        return PageImage(pixels if grey else pixels.reshape(pixmap.height, pixmap.width, 3), dpi)

    def close(self) -> None:
        self._document.close()
        pymupdf.TOOLS.store_shrink(100)

    def _page(self, pagenum: int) -> Any:
        if not 0 <= pagenum < self._pages:
            raise CorruptFile(f"there is no page {pagenum}: the document has {self._pages}")
        try:
            return self._document.load_page(pagenum)
        except FAULTS as error:
            raise CorruptFile(f"page {pagenum} cannot be loaded: {_said(error)}") from error

    def _unlock(self, passwords: Sequence[str]) -> None:
        if not self._document.needs_pass:
            return
        for password in passwords:
            if self._document.authenticate(password):
                self.password = password
                return
        self._document.close()
        tried = "none of the passwords given opens it" if passwords else "no password was given"
        raise EncryptedFile(
            f'this PDF is encrypted and {tried}; put {{"password": …}} into the options header, or the password '
            "into INKSTREAM_PASSWORDS"
        )


def _lines(content: dict[str, Any], turn: Any, scale: float) -> list[TextLine]:
    """Return the lines in pixels of the page as it is seen: MuPDF gives them as on the page before its rotation."""
    return [
        TextLine(tuple(side * scale for side in pymupdf.Rect(line["bbox"]) * turn), text)
        for block in content["blocks"]
        for line in block.get("lines", ())
        if (text := " ".join("".join(span["text"] for span in line["spans"]).split()))
    ]


def _invisible_share(page: Any) -> float:
    counts = {True: 0, False: 0}
    for span in page.get_texttrace():
        counts[span["type"] == _INVISIBLE or span["opacity"] == 0] += len(span["chars"])
    return counts[True] / max(1, counts[True] + counts[False])


def _picture_cover(page: Any) -> float:
    """Return the share of the page that its largest picture covers."""
    area = abs(page.rect.get_area()) or 1.0
    boxes = [(pymupdf.Rect(entry["bbox"]) & page.rect) for entry in page.get_image_info()]
    return max((abs(box.get_area()) / area for box in boxes if not box.is_empty), default=0.0)


def _affordable_dpi(width: float, height: float, dpi: int, max_megapixels: float) -> int:
    """Return the resolution at which a page of this size (points) has at most so many megapixels."""
    inches = (width / _POINTS_PER_INCH) * (height / _POINTS_PER_INCH)
    if not 0 < inches < float("inf"):
        raise CorruptFile(f"the page has no area: {width:g} × {height:g} points")
    affordable = min(dpi, int((max_megapixels * 1e6 / inches) ** 0.5))
    if affordable < _LEAST_DPI:
        raise PageTooLarge(
            f"the page is {width / 72:.0f} × {height / 72:.0f} inches: more than {max_megapixels:g} megapixels "
            f"even at {_LEAST_DPI} dpi; raise max_megapixels to read it"
        )
    return affordable


def _said(error: BaseException) -> str:
    return str(error).strip() or type(error).__name__
