"""Tesseract as a program run for each page, through pytesseract: for machines without a wheel of tesserocr.

In process is 1.46 times the pages per second.
"""

from __future__ import annotations

import os
from itertools import groupby

import numpy as np
import pytesseract
from PIL import Image

from models.document import PageImage, PageLines
from models.errors import LanguageMissing, ReaderFailed
from models.layout.geometry import Box, box_polygon
from models.options import ReadOptions
from models.recognition.tesseract.data import tessdata
from models.recognition.tesseract.in_process import check_size
from models.recognition.tesseract.words import LineBuilder, PlacedWord

_LINE_LEVEL, _WORD_LEVEL = 4, 5  # of the rows in the program's TSV table


class TesseractProgramReader:
    """Reads pages by running `tesseract`; nothing is kept between pages."""

    wants_grey = True

    def warm_up(self, options: ReadOptions) -> None:
        tessdata(options.languages)
        try:
            pytesseract.get_tesseract_version()
        except pytesseract.TesseractNotFoundError as error:
            raise LanguageMissing(
                "the program tesseract is not installed: `apt-get install tesseract-ocr`"
            ) from error

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        return _lines(self._found(image, options), image, options)

    def words(self, image: PageImage, options: ReadOptions) -> list[PlacedWord]:
        """Return the page's words with their boxes, whatever their confidence."""
        found = self._found(image, options)
        return [
            _word(found, index)
            for index, text in enumerate(map(str, found["text"]))
            if found["level"][index] == _WORD_LEVEL and text.strip()
        ]

    def _found(self, image: PageImage, options: ReadOptions) -> dict[str, list[object]]:
        """Return the program's table of a page by columns: one row for each block, paragraph, line and word."""
        check_size(image)
        data = tessdata(options.languages)
        os.environ["TESSDATA_PREFIX"] = str(data)  # read by the program; this process does nothing else with it
        config = f"--psm {options.psm} --oem {options.oem} --dpi {image.dpi}"
        try:
            found: dict[str, list[object]] = pytesseract.image_to_data(
                Image.fromarray(np.ascontiguousarray(image.pixels)), lang=options.languages, config=config,
                output_type=pytesseract.Output.DICT,
            )  # fmt: skip
        except pytesseract.TesseractError as error:
            raise ReaderFailed(f"tesseract ended with status {error.status}: {error.message}") from error
        return found

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        name = f"tesseract {pytesseract.get_tesseract_version()}"
        return {"detector": name, "printed": f"{name} {options.languages}", "handwritten": None}


def _lines(found: dict[str, list[object]], image: PageImage, options: ReadOptions) -> PageLines:
    lines = LineBuilder(options.min_confidence, (image.width, image.height), options.words)
    rows = list(zip(*(found[name] for name in ("block_num", "par_num", "line_num", "level")), strict=True))
    for _, group in groupby(range(len(rows)), key=lambda i: rows[i][:3]):
        for index in group:
            if found["level"][index] == _LINE_LEVEL:
                lines.start(box_polygon(_box(found, index), image.width, image.height))
            elif found["level"][index] == _WORD_LEVEL and str(found["text"][index]).strip():
                lines.add(_word(found, index))
    return lines.page("tesseract")


def _word(found: dict[str, list[object]], index: int) -> PlacedWord:
    text, confidence = str(found["text"][index]).strip(), float(str(found["conf"][index])) / 100
    return PlacedWord(_box(found, index), text, confidence)


def _box(found: dict[str, list[object]], index: int) -> Box:
    left, top, width, height = (float(str(found[name][index])) for name in ("left", "top", "width", "height"))
    return left, top, left + width, top + height
