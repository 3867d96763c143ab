"""PDF documents through MuPDF: one page at a time, never the whole document in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf

from models.document import PageImage
from models.documents.drawn_rules import drawn_rules
from models.documents.form_fields import with_fields
from models.documents.page_content import may_show_more, page_content, picture_dpi
from models.documents.text_layer import TextLayer, judge, without_echoes
from models.documents.text_lines import page_lines
from models.documents.visibility import visible_lines
from models.errors import CorruptFile, EmptyDocument, EncryptedFile, PageTooLarge, UnsupportedFile

# What MuPDF raises for a file that is at fault. FzErrorBase is the root of its own errors.
FAULTS = (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError, TypeError, IndexError)

_POINTS_PER_INCH = 72
_MIN_DPI = 36  # a page that is too large even at this is a bomb or a poster of tens of metres
# A4 at 300 dpi, at which readers are measured: smaller pictures are enlarged to it, as their letters may be small.
# Programs that give a pixel of a scan 1/96 inch make pages of 30 inches: at 300 dpi those have up to ten times the
# pixels of their picture, and took twice the time.
_USUAL_MEGAPIXELS = 9.0
_MAX_SIDE_PX = 32_767  # readers count coordinates in 16 bits
# How MuPDF reports content that it leaves out or makes up. Colour profiles cost no text; the page tree is no page.
_LOSS = re.compile(
    r"(?!.*(ICC profile|page tree))"
    r"(\w+ error: |premature end|padding truncated image|ignoring zlib error|cannot load object"
    r"|content stream is not a stream|cannot draw)"
)
_TAIL_BYTES = 2048  # programs append a little behind the mark of the end
_CUT_OFF = "cut-off: the file ends in the middle (no %%EOF) and was repaired: pages may be missing; send it again"
_NO_DEFLATE_END = "premature end of data in flate filter"
_TOO_LARGE = re.compile(r"[mce]*alloc \(.*\) failed|Overly (large|wide|tall) image")


class PdfDocument:
    """One open PDF. Pages are drawn on demand; MuPDF's caches are kept small."""

    def __init__(self, path: Path, passwords: Sequence[str] = ()) -> None:
        """Open a PDF, with one of the passwords where it needs one.

        Raises:
            CorruptFile: MuPDF cannot open it, not even by repairing it.
            EncryptedFile: No password given opens it.
            EmptyDocument: It has no pages.
            UnsupportedFile: It is a dynamic XFA form.
        """
        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        self.password: str | None = None
        self.losses: tuple[str, ...] = ()
        self.warnings: tuple[str, ...] = ()
        self._losses_of = -1
        try:
            self._document = pymupdf.open(path, filetype="pdf")
            self._unlock(passwords)
            self._pages = int(self._document.page_count)
            is_dynamic_form = self._is_dynamic_form()
            self.warnings = (_CUT_OFF,) if self._document.is_repaired and not _has_end(path) else ()
        except FAULTS as error:
            # MuPDF's message may be just the name in the cache, which is not the user's
            reason = "nothing in it can be recovered" if str(path) in str(error) else _message(error)
            raise CorruptFile(f"this PDF is damaged beyond repair: {reason}; send it again") from error
        if is_dynamic_form:
            self.close()
            raise UnsupportedFile(
                "this is a dynamic XFA form: its pages exist only in Adobe Reader, and what it holds for all "
                "others is a request to wait; open it there and print it to PDF"
            )
        if self._pages < 1:
            self.close()
            raise EmptyDocument("this PDF has no pages: export it again from the program that made it")

    @property
    def page_count(self) -> int:
        return self._pages

    def text_layer(
        self, pagenum: int, dpi: int, *, annotations: bool = True, words: bool = False
    ) -> TextLayer | None:
        """Return the page's own text where it can be trusted; without lines where nothing is on the page."""
        page = self._page(pagenum)
        scale = dpi / _POINTS_PER_INCH
        try:
            drawn = (page.rect * scale).irect  # as get_pixmap rounds
            found = page_content(page)
            lines = page_lines(page, scale, words=words)
            self.losses = self._losses(page)
            text = "\n".join(line.text for line in [*lines.painted, *lines.invisible])
            is_blank = found.is_blank and not self.losses
            trust = "trusted" if is_blank else judge(text, found.hidden_share(text), found.picture_cover)
            if trust == "refused":
                return None
            seen = visible_lines(page, lines, found.log, scale)
            with_all = with_fields(page, without_echoes(seen), scale, annotations=annotations)
            has_more = may_show_more(found.log, [line.box for line in seen], page.rotation_matrix, scale)
            rules = drawn_rules(page, sum("path" in kind for kind, _ in found.log), scale)
            size = int(drawn.width), int(drawn.height)
            return TextLayer(tuple(with_all), *size, has_more, trust == "doubtful", rules)
        except FAULTS as error:
            raise CorruptFile(f"page {pagenum} cannot be read: {_message(error)}") from error

    def image(self, pagenum: int, dpi: int, max_megapixels: float, *, grey: bool) -> PageImage:
        """Return the page drawn at `dpi`, or at the highest resolution below it that the limits allow.

        A large page that is nothing but pictures is drawn no larger than they are.
        """
        # what is damaged may be reported only once, when it is met first: then the text layer met it
        before = self.losses if self._losses_of == pagenum else ()
        page = self._page(pagenum)
        dpi = _affordable_dpi(page.rect.width, page.rect.height, dpi, max_megapixels)
        colours = pymupdf.csGRAY if grey else pymupdf.csRGB
        try:
            dpi = _useful_dpi(page, dpi)
            pixmap = page.get_pixmap(dpi=dpi, colorspace=colours, alpha=False)
            samples = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
            self.losses = tuple(dict.fromkeys((*before, *self._losses(page))))
        except FAULTS as error:
            if _TOO_LARGE.search(str(error)):
                raise PageTooLarge(
                    f"page {pagenum} needs more memory to be drawn than a reader has: {_message(error)}; lower dpi "
                    "or max_megapixels"
                ) from error
            raise CorruptFile(f"page {pagenum} cannot be drawn: {_message(error)}") from error
        finally:
            pymupdf.TOOLS.store_shrink(100)  # else up to 256 MB of decoded pictures stay, in every process
        pixels = samples[:, : pixmap.width * pixmap.n]
        return PageImage(pixels if grey else pixels.reshape(pixmap.height, pixmap.width, 3), dpi)

    @property
    def is_portfolio(self) -> bool:
        """Whether it is made to hold other files: it opens with the list of them, and its pages are a cover."""
        catalog = self._document.pdf_catalog()
        if not catalog:
            return False
        is_collection = self._document.xref_get_key(catalog, "Collection")[0] != "null"
        return bool(is_collection or self._document.xref_get_key(catalog, "PageMode")[1] == "/UseAttachments")

    def attached_streams(self) -> Iterator[tuple[str, Any]]:
        """Yield the name of each attached file, as it is written, and MuPDF's object of its stream."""
        mupdf, name_of = pymupdf.mupdf, pymupdf.PDF_NAME
        try:
            tree = mupdf.pdf_load_name_tree(
                mupdf.pdf_document_from_fz_document(self._document), name_of("EmbeddedFiles")
            )
            for index in range(mupdf.pdf_dict_len(tree)):
                entry = mupdf.pdf_dict_get_val(tree, index)
                names = (mupdf.pdf_dict_get_text_string(entry, name_of(key)) for key in ("UF", "F"))
                stream = mupdf.pdf_dict_getl(entry, name_of("EF"), name_of("F"))
                if mupdf.pdf_is_stream(stream):
                    yield next(filter(None, names), ""), stream
        except FAULTS as error:
            raise CorruptFile(f"the list of attached files cannot be read: {_message(error)}") from error

    def close(self) -> None:
        self._document.close()
        pymupdf.TOOLS.store_shrink(100)

    def _is_dynamic_form(self) -> bool:
        """Return whether its pages are made by the form's program when it is opened."""
        catalog = self._document.pdf_catalog()
        if not catalog or self._document.xref_get_key(catalog, "NeedsRendering")[1] != "true":
            return False
        return bool(self._document.xref_get_key(catalog, "AcroForm/XFA")[0] != "null")

    def _page(self, pagenum: int) -> Any:
        self.losses, self._losses_of = (), pagenum
        if not 0 <= pagenum < self._pages:
            raise CorruptFile(f"there is no page {pagenum}: the document has {self._pages}, numbered from 0")
        pymupdf.TOOLS.reset_mupdf_warnings()  # else they pile up, and those of other pages are taken for this one's
        try:
            return self._document.load_page(pagenum)
        except FAULTS as error:
            raise CorruptFile(f"page {pagenum} cannot be loaded: {_message(error)}") from error

    def _losses(self, page: Any) -> tuple[str, ...]:
        """Return what MuPDF has reported of content that it leaves out, since the page was loaded."""
        reported = filter(_LOSS.match, pymupdf.TOOLS.mupdf_warnings(reset=False).splitlines())
        losses = tuple(dict.fromkeys(reported))
        if losses == (_NO_DEFLATE_END,) and not any(map(self._document.xref_stream_raw, page.get_contents())):
            return ()  # blank pages are written with a compressed stream of no bytes
        return losses

    def _unlock(self, passwords: Sequence[str]) -> None:
        if not self._document.needs_pass:
            return
        for password in passwords:
            if self._document.authenticate(password):
                self.password = password
                return
        self.close()
        tried = "none of the passwords given opens it" if passwords else "no password was given"
        raise EncryptedFile(
            f'this PDF is encrypted and {tried}; put {{"password": …}} into the options header, or the password '
            "into INKSTREAM_PASSWORDS"
        )


def _has_end(path: Path) -> bool:
    """Return whether a PDF has the mark of its end."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
        return b"%%EOF" in file.read()


def _affordable_dpi(width: float, height: float, dpi: int, max_megapixels: float) -> int:
    """Return the resolution at which a page of this size (points) has at most so many megapixels."""
    inches = (width / _POINTS_PER_INCH) * (height / _POINTS_PER_INCH)
    longest = max(width, height) / _POINTS_PER_INCH
    if not 0 < inches < float("inf"):
        raise CorruptFile(f"the page has no area: {width:g} × {height:g} points")
    affordable = min(dpi, int((max_megapixels * 1e6 / inches) ** 0.5), int((_MAX_SIDE_PX - 1) / longest))
    if affordable < _MIN_DPI:
        raise PageTooLarge(
            f"the page is {width / 72:.0f} × {height / 72:.0f} inches: more than {max_megapixels:g} megapixels "
            f"or {_MAX_SIDE_PX} pixels a side even at {_MIN_DPI} dpi; raise max_megapixels, or split the page"
        )
    return affordable


def _useful_dpi(page: Any, dpi: int) -> int:
    """Return the resolution, `dpi` at most, from which on a page shows no more."""
    square_inches = page.rect.width * page.rect.height / _POINTS_PER_INCH**2
    usual_dpi = int((_USUAL_MEGAPIXELS * 1e6 / square_inches) ** 0.5)
    if dpi <= usual_dpi:
        return dpi
    own_dpi = picture_dpi(page)
    return dpi if own_dpi is None else min(dpi, max(usual_dpi, own_dpi))


def _message(error: BaseException) -> str:
    return str(error).strip() or type(error).__name__
