"""What Tesseract reads on a whole page, and which lines of the page it gives their text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from models.document import PageImage
from models.errors import PageTooLarge
from models.layout.frames import Points, PreparedFrame, UprightFrame
from models.layout.geometry import box_corners
from models.options import ReadOptions
from models.pages.prepare import Prepared, prepare_upright
from models.reading.page_line import PageLine
from models.reading.sideways import is_sideways
from models.recognition.tesseract.line_words import words_by_line
from models.recognition.tesseract.words import PlacedWord
from models.recognition.types import LineReading

_MIN_MISSED_WORD_CONFIDENCE = 0.9  # raw, of a word that Tesseract reads where the detector has no line


class WordReader(Protocol):
    """Reads the words of a whole upright page: Tesseract, in process or as a program."""

    def warm_up(self, options: ReadOptions) -> None: ...

    def words(self, image: PageImage, options: ReadOptions) -> list[PlacedWord]: ...

    def models(self, options: ReadOptions) -> dict[str, str | None]: ...


def page_words(reader: WordReader, image: PageImage, options: ReadOptions) -> list[PlacedWord]:
    """Return what Tesseract reads on an upright page, in the page's pixels; nothing where it cannot."""
    try:
        prepared = prepare_upright(image)
        return [_moved(word, prepared) for word in reader.words(prepared.image, options)]
    except PageTooLarge:
        return []  # for Tesseract: PP-OCR reads lines of any page


def take_words(lines: Sequence[PageLine], words: Sequence[PlacedWord], *, certain_only: bool) -> list[PageLine]:
    """Give printed lines what Tesseract read with confidence; return lines of words that the detector missed.

    Args:
        certain_only: Whether what it read with less is left to PP-OCR: not where that does not know the letters.
    """
    found, elsewhere = words_by_line(words, [line.corners for line in lines])
    for line, text in zip(lines, found, strict=True):
        if (
            line.kind == "printed"
            and text.words
            and (text.is_trusted or not certain_only)
            and not is_sideways(line.corners)
        ):
            line.reading, line.recogniser = text.reading(), "tesseract"
    return [
        PageLine(box_corners(word.box), "printed", LineReading(word.text, round(word.confidence, 4)), "tesseract")
        for word in elsewhere
        if word.confidence >= _MIN_MISSED_WORD_CONFIDENCE and sum(map(str.isalnum, word.text)) > 1
    ]


def _moved(word: PlacedWord, prepared: Prepared[UprightFrame]) -> PlacedWord:
    """Return a word of the prepared page where it stands on the upright one."""
    corners = Points[PreparedFrame]([word.box[:2], word.box[2:]])
    (x0, y0), (x1, y1) = prepared.frame.to_original(corners).xy.tolist()
    return PlacedWord((x0, y0, x1, y1), word.text, word.confidence)
