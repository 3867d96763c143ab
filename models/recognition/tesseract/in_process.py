"""Tesseract in process, through tesserocr: no program to start and no image to encode for each page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import tesserocr

from models.document import PageImage, PageLines
from models.errors import LanguageMissing, PageTooLarge, ReaderFailed
from models.layout.geometry import box_polygon
from models.options import ReadOptions
from models.recognition.tesseract.data import tessdata
from models.recognition.tesseract.words import LineBuilder, PlacedWord

_MAX_ENGINES = 4  # 20 to 100 MB each: documents may ask for any set of languages, and memory is bounded
_MAX_SIDE_PX = 32767  # Tesseract keeps coordinates in 16 bits


class TesseractReader:
    """Reads pages with one engine for each set of languages and engine mode, kept between pages."""

    wants_grey = True

    def __init__(self) -> None:
        self._engines: OrderedDict[tuple[str, int], tesserocr.PyTessBaseAPI] = OrderedDict()

    def warm_up(self, options: ReadOptions) -> None:
        self._engine(options)

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        with self._recognised(image, options) as engine:
            return self._lines(engine, image, options)

    def words(self, image: PageImage, options: ReadOptions) -> list[PlacedWord]:
        """Return the page's words with their boxes, whatever their confidence."""
        with self._recognised(image, options) as engine:
            return list(_placed_words(engine))

    @contextmanager
    def _recognised(self, image: PageImage, options: ReadOptions) -> Iterator[tesserocr.PyTessBaseAPI]:
        """Yield an engine that has read the page, (H, W) grey; its results are freed when the block ends."""
        check_size(image)
        engine = self._engine(options)
        engine.SetPageSegMode(options.psm)
        pixels = np.ascontiguousarray(image.pixels)
        engine.SetImageBytes(pixels.tobytes(), image.width, image.height, 1, image.width)
        engine.SetSourceResolution(image.dpi)
        try:
            if not engine.Recognize():
                raise ReaderFailed(f"Tesseract gave up on this page with psm {options.psm}; try another psm")
            yield engine
        finally:
            engine.Clear()

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        name = f"tesseract {tesserocr.tesseract_version().split()[1]}"
        return {"detector": name, "printed": f"{name} {options.languages}", "handwritten": None}

    def _lines(self, engine: tesserocr.PyTessBaseAPI, image: PageImage, options: ReadOptions) -> PageLines:
        level, line_level = tesserocr.RIL.WORD, tesserocr.RIL.TEXTLINE
        lines = LineBuilder(options.min_confidence, (image.width, image.height), options.words)
        words = engine.GetIterator()
        if words is None or words.Empty(level):
            return PageLines(())
        while True:
            text = (words.GetUTF8Text(level) or "").strip()
            if words.IsAtBeginningOf(line_level) or (text and lines.is_empty):
                box = words.BoundingBox(line_level)
                lines.start(box_polygon(box, image.width, image.height) if box else ())
            if text:
                box = words.BoundingBox(level) or (0, 0, 0, 0)
                lines.add(PlacedWord(box, text, words.Confidence(level) / 100))
            if not words.Next(level):
                return lines.page("tesseract")

    def _engine(self, options: ReadOptions) -> tesserocr.PyTessBaseAPI:
        key = (options.languages, options.oem)
        if key not in self._engines:
            data = tessdata(options.languages)
            try:
                self._engines[key] = tesserocr.PyTessBaseAPI(path=f"{data}/", lang=key[0], oem=key[1])
            except RuntimeError as error:
                raise LanguageMissing(
                    f"Tesseract cannot load {options.languages} for oem {options.oem} from {data}: {_hint(options)}"
                ) from error
            if len(self._engines) > _MAX_ENGINES:
                self._engines.popitem(last=False)[1].End()  # the one used longest ago
        self._engines.move_to_end(key)
        return self._engines[key]


def _placed_words(engine: tesserocr.PyTessBaseAPI) -> Iterator[PlacedWord]:
    level = tesserocr.RIL.WORD
    words = engine.GetIterator()
    while words is not None and not words.Empty(level):
        text, box = words.GetUTF8Text(level), words.BoundingBox(level)
        if text and text.strip() and box:
            yield PlacedWord(box, text.strip(), words.Confidence(level) / 100)
        if not words.Next(level):
            return


def _hint(options: ReadOptions) -> str:
    if options.oem in (0, 2):
        return "most packages leave out the data of the old engine, oem 0 and 2; use oem 1"
    return "the file may be damaged; install it again"


def check_size(image: PageImage) -> None:
    """Raise PageTooLarge where a side is longer than Tesseract's 16-bit coordinates reach."""
    if max(image.width, image.height) > _MAX_SIDE_PX:
        raise PageTooLarge(
            f"the page is {image.width} × {image.height} pixels; Tesseract reads up to {_MAX_SIDE_PX} a side"
        )
