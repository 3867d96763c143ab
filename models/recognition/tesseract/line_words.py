"""Tesseract's words assigned to the lines that a detector found, and whether they may stand as the line's text."""

from __future__ import annotations

import re
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
# White between the sign in a number and the digit beside it, in digit pitches: .25 in proportional type and .5
# where all characters are of one width; with a space between them, .75 and 1.5.
_MAX_GAP_PITCHES = 0.62
_DIGIT_WIDTH = 0.85  # of its pitch
_NUMBER_BEGUN, _NUMBER_ENDED = re.compile(r"\d[.,]?$"), re.compile(r"[.,]?\d[\d.,]*")


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
        self.words = _whole_numbers(sorted(self.words, key=lambda word: word.box[0]))
        centres: list[float] = []  # x of each character, in page pixels
        for word in self.words:
            x0, _, x1, _ = word.box
            if centres:
                centres.append((centres[-1] + x0) / 2)  # the space
            centres += [x0 + (x1 - x0) * (number + 0.5) / len(word.text) for number in range(len(word.text))]
        positions = tuple((x - self.left) / max(1.0, self.width) for x in centres)
        confidences = tuple(word.confidence for word in self.words for _ in f" {word.text}")[1:]
        text = " ".join(word.text for word in self.words)
        return LineReading(text, line_confidence(self.words), positions, confidences)


def _whole_numbers(words: Sequence[PlacedWord]) -> list[PlacedWord]:
    """Return words from left to right, those joined that are one number, such as `17.` and `26`."""
    joined: list[PlacedWord] = []
    for word in words:
        if joined and _is_one_number(joined[-1], word):
            left = joined[-1]
            box = (left.box[0], min(left.box[1], word.box[1]), word.box[2], max(left.box[3], word.box[3]))
            joined[-1] = PlacedWord(box, left.text + word.text, min(left.confidence, word.confidence))
        else:
            joined.append(word)
    return joined


def _is_one_number(left: PlacedWord, right: PlacedWord) -> bool:
    """Return whether a sign stands between digits with no more white than signs have."""
    begun, ended = _NUMBER_BEGUN.search(left.text), _NUMBER_ENDED.fullmatch(right.text)
    if begun is None or ended is None or len(begun[0]) + (not right.text[0].isdigit()) != 2:
        return False  # no sign between them, or one on either side
    pitch = (right.box[2] - right.box[0]) / (len(right.text) - 1 + _DIGIT_WIDTH)
    return right.box[0] - left.box[2] < _MAX_GAP_PITCHES * pitch


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
