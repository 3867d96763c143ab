"""Tesseract's words put together into lines; shared by both ways of running it."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.document import PageLines, Polygon, Region, weighted_confidence
from models.layout.geometry import Box
from models.recognition.confidence import calibrated


@dataclass(frozen=True, slots=True)
class Word:
    """One word and its confidence in [0, 1]."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """One word where it stands: box in page pixels (x0, y0, x1, y1)."""

    box: Box
    text: str
    confidence: float


@dataclass(slots=True)
class LineBuilder:
    """Collects words into regions, one per line; drops words whose confidence is worth too little."""

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
        """Return the lines that have words. A line's confidence is its words', weighted by their length."""
        regions = (
            Region(polygon, " ".join(w.text for w in words), _confidence(words), recogniser)
            for polygon, words in self._lines
            if words and polygon
        )
        return PageLines(tuple(regions), dropped=self.dropped)


def _confidence(words: list[Word]) -> float:
    return round(min(1.0, weighted_confidence((word.text, word.confidence) for word in words) or 0.0), 4)
