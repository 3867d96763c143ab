"""Tesseract's words, and the lines that they make; shared by both ways of running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.document import PageLines, Polygon, Region, Word, weighted_confidence
from models.layout.geometry import Box, box_polygon
from models.layout.words import with_margins
from models.recognition.confidence import calibrated_word

# Of the line's height, around a word: Tesseract's boxes end where the ink does. On the words of 60 forms, mean IoU
# with the boxes that people drew is .66 without a margin, and .74 with this one.
_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """One word with its box, (x0, y0, x1, y1) in page pixels, and Tesseract's own confidence in it, in [0, 1]."""

    box: Box
    text: str
    confidence: float


@dataclass(slots=True)
class LineBuilder:
    """Collects words into regions, one per line, without those whose calibrated confidence is too low.

    `size` is the page's width and height in pixels.
    """

    min_confidence: float
    size: tuple[int, int]
    with_words: bool
    dropped: int = 0
    _lines: list[tuple[Polygon, list[PlacedWord]]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self._lines

    def start(self, polygon: Polygon) -> None:
        """Begin the next line."""
        self._lines.append((polygon, []))

    def add(self, word: PlacedWord) -> None:
        """Add a word to the current line."""
        if calibrated_word(word.confidence, "tesseract") >= self.min_confidence:
            self._lines[-1][1].append(word)
        else:
            self.dropped += 1

    def page(self, recogniser: str) -> PageLines:
        """Return the lines that have words, each with its words' mean confidence."""
        regions = (
            Region(
                polygon, " ".join(word.text for word in words), line_confidence(words), recogniser,
                words=self._placed(words) if self.with_words else (),
            )
            for polygon, words in self._lines
            if words and polygon
        )  # fmt: skip
        return PageLines(tuple(regions), dropped=self.dropped)

    def _placed(self, words: Sequence[PlacedWord]) -> tuple[Word, ...]:
        height = max(word.box[3] for word in words) - min(word.box[1] for word in words)
        boxes = with_margins([word.box for word in words], _MARGIN * height)
        return tuple(
            Word(word.text, box_polygon(box, *self.size), round(word.confidence, 4))
            for word, box in zip(words, boxes, strict=True)
        )


def line_confidence(words: Sequence[PlacedWord]) -> float:
    """Return the mean confidence of a line's words, at least one, to four decimals in [0, 1]."""
    return round(min(1.0, weighted_confidence((word.text, word.confidence) for word in words) or 0.0), 4)
