"""Tesseract's words, and the lines that they make; shared by both ways of running it."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.document import PageLines, Polygon, Region, weighted_confidence
from models.layout.geometry import Box
from models.recognition.confidence import calibrated


@dataclass(frozen=True, slots=True)
class Word:
    """One word and Tesseract's own confidence in it, in [0, 1]."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """One word with its box, (x0, y0, x1, y1) in page pixels."""

    box: Box
    text: str
    confidence: float


@dataclass(slots=True)
class LineBuilder:
    """Collects words into regions, one per line, without those whose calibrated confidence is too low."""

    min_confidence: float
    dropped: int = 0
    _lines: list[tuple[Polygon, list[Word]]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self._lines

    def start(self, polygon: Polygon) -> None:
        """Begin the next line."""
        self._lines.append((polygon, []))

    def add(self, word: Word) -> None:
        """Add a word to the current line."""
        if calibrated(word.confidence, "tesseract") >= self.min_confidence:
            self._lines[-1][1].append(word)
        else:
            self.dropped += 1

    def page(self, recogniser: str) -> PageLines:
        """Return the lines that have words, each with its words' mean confidence."""
        regions = (
            Region(polygon, " ".join(word.text for word in words), line_confidence(words), recogniser)
            for polygon, words in self._lines
            if words and polygon
        )
        return PageLines(tuple(regions), dropped=self.dropped)


def line_confidence(words: list[Word] | list[PlacedWord]) -> float:
    """Return the mean confidence of a line's words, at least one, to four decimals in [0, 1]."""
    return round(min(1.0, weighted_confidence((word.text, word.confidence) for word in words) or 0.0), 4)
