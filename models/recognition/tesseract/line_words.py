"""Tesseract's words given to the lines that a detector found, and whether they may stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.arrays import F32
from models.document import weighted_confidence
from models.recognition.tesseract.words import PlacedWord
from models.recognition.types import LineReading

# When Tesseract's reading of a line stands, and PP-OCR is not asked. Measured on clean, noisy, photographed and
# handwritten pages: on clean print Tesseract makes fewer mistakes, in quotes and dashes above all; where it is less
# sure than this, or leaves part of a line out, PP-OCR does.
_SURE, _SURE_OF_EACH = 0.95, 0.6
_COVERED = 0.7  # of the line's width


@dataclass(slots=True)
class WordLine:
    """The words that lie on one line, from left to right."""

    left: float
    width: float
    words: list[PlacedWord] = field(default_factory=list)

    @property
    def confidence(self) -> float:
        """The words' confidence, weighted by their length, in [0, 1]."""
        return weighted_confidence((word.text, word.confidence) for word in self.words) or 0.0

    @property
    def is_sure(self) -> bool:
        covered = sum(word.box[2] - word.box[0] for word in self.words)
        return (
            covered >= _COVERED * self.width
            and self.confidence >= _SURE
            and min(word.confidence for word in self.words) >= _SURE_OF_EACH
        )

    def reading(self) -> LineReading:
        """Return the words as a line; their characters are taken to stand evenly in their words."""
        self.words.sort(key=lambda word: word.box[0])
        places: list[float] = []
        for word in self.words:
            x0, _, x1, _ = word.box
            if places:
                places.append((places[-1] + x0) / 2)  # the space
            places += [x0 + (x1 - x0) * (number + 0.5) / len(word.text) for number in range(len(word.text))]
        positions = tuple((place - self.left) / max(1.0, self.width) for place in places)
        return LineReading(
            " ".join(word.text for word in self.words), round(min(1.0, self.confidence), 4), positions
        )


def words_by_line(words: Sequence[PlacedWord], lines: Sequence[F32]) -> tuple[list[WordLine], list[PlacedWord]]:
    """Return the words of each line, given by its corners, (4, 2), and those that are in none."""
    edges = np.array([[*corners.min(0), *corners.max(0)] for corners in lines]).reshape(-1, 4)
    found = [WordLine(float(edge[0]), float(edge[2] - edge[0])) for edge in edges]
    elsewhere = []
    for word in words:
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        inside = (edges[:, 0] <= x) & (x <= edges[:, 2]) & (edges[:, 1] <= y) & (y <= edges[:, 3])
        if not inside.any():
            elsewhere.append(word)
            continue
        candidates = np.flatnonzero(inside)
        middle = (edges[candidates, 1] + edges[candidates, 3]) / 2
        found[candidates[np.abs(middle - y).argmin()]].words.append(word)
    return found, elsewhere
