"""Tesseract's words assigned to the lines that a detector found, and whether they may stand as the line's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.arrays import F32
from models.document import weighted_confidence
from models.recognition.tesseract.words import PlacedWord, line_confidence
from models.recognition.types import LineReading

# When Tesseract's reading of a line stands, and PP-OCR is not asked. Measured on clean, noisy, photographed and
# handwritten pages: on clean print Tesseract makes fewer mistakes, in quotes and dashes above all; below these
# confidences, or where it leaves part of a line out, PP-OCR does.
_MIN_LINE_CONFIDENCE, _MIN_WORD_CONFIDENCE = 0.95, 0.6
_MIN_COVERAGE = 0.7  # of the line's width by its words' boxes


@dataclass(slots=True)
class WordLine:
    """The words that lie on one line: its left edge and width in page pixels."""

    left: float
    width: float
    words: list[PlacedWord] = field(default_factory=list)

    @property
    def is_trusted(self) -> bool:
        """Whether the words, at least one, are confident enough and cover enough of the line to be its text."""
        covered = sum(word.box[2] - word.box[0] for word in self.words)
        confidence = weighted_confidence((word.text, word.confidence) for word in self.words) or 0.0
        return (
            covered >= _MIN_COVERAGE * self.width
            and confidence >= _MIN_LINE_CONFIDENCE
            and min(word.confidence for word in self.words) >= _MIN_WORD_CONFIDENCE
        )

    def reading(self) -> LineReading:
        """Return the words, at least one, as a line; characters are assumed evenly spaced within their word."""
        self.words.sort(key=lambda word: word.box[0])
        centres: list[float] = []  # x of each character, in page pixels
        for word in self.words:
            x0, _, x1, _ = word.box
            if centres:
                centres.append((centres[-1] + x0) / 2)  # the space
            centres += [x0 + (x1 - x0) * (number + 0.5) / len(word.text) for number in range(len(word.text))]
        positions = tuple((x - self.left) / max(1.0, self.width) for x in centres)
        return LineReading(" ".join(word.text for word in self.words), line_confidence(self.words), positions)


def words_by_line(words: Sequence[PlacedWord], lines: Sequence[F32]) -> tuple[list[WordLine], list[PlacedWord]]:
    """Return the words of each line, in the lines' order, and the words that lie on none.

    Args:
        words: In the pixels of the page that the lines are in.
        lines: Corners of each line, (4, 2).

    A word belongs to the line around its centre; where boxes overlap, to the one whose middle is nearest in height.
    """
    edges = np.array([[*corners.min(0), *corners.max(0)] for corners in lines]).reshape(-1, 4)
    by_line = [WordLine(float(edge[0]), float(edge[2] - edge[0])) for edge in edges]
    unassigned = []
    for word in words:
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        inside = (edges[:, 0] <= x) & (x <= edges[:, 2]) & (edges[:, 1] <= y) & (y <= edges[:, 3])
        if not inside.any():
            unassigned.append(word)
            continue
        candidates = np.flatnonzero(inside)
        middle = (edges[candidates, 1] + edges[candidates, 3]) / 2
        by_line[candidates[np.abs(middle - y).argmin()]].words.append(word)
    return by_line, unassigned
