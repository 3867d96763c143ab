"""How far a text is from the truth.

Texts are compared after Unicode normalisation to NFC and with every run of whitespace, line and page breaks
included, made one space, none at the ends. Case, accents and punctuation count. A text's characters are its code
points, its words what is between spaces. A rate over several items is the sum of their errors over the sum of
their lengths, so a long page weighs more than a short one.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Insertions, deletions and substitutions that turn a text into the truth, and the truth's length."""

    errors: int = 0
    length: int = 0

    @property
    def rate(self) -> float | None:
        """Return errors per unit of truth, above 1 where much was inserted; None where the truth is empty."""
        return self.errors / self.length if self.length else None

    def __add__(self, other: ErrorCount) -> ErrorCount:
        return ErrorCount(self.errors + other.errors, self.length + other.length)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, both counted."""

    part: int = 0
    whole: int = 0

    @property
    def rate(self) -> float | None:
        """Return the share in [0, 1]; None of nothing."""
        return self.part / self.whole if self.whole else None

    def __add__(self, other: Share) -> Share:
        return Share(self.part + other.part, self.whole + other.whole)


@dataclass(frozen=True, slots=True)
class Mean:
    """A sum of so many values."""

    total: float = 0.0
    count: int = 0

    @property
    def value(self) -> float | None:
        """Return the mean; None of nothing."""
        return self.total / self.count if self.count else None

    def __add__(self, other: Mean) -> Mean:
        return Mean(self.total + other.total, self.count + other.count)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Counts behind precision and recall: correct predictions, all predictions, and all of the truth."""

    correct: int = 0
    predicted: int = 0
    true: int = 0

    @property
    def precision(self) -> float | None:
        """Return the share of the predictions that is correct; None without predictions."""
        return self.correct / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Return the share of the truth that was predicted; None without truth."""
        return self.correct / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall; None without predictions and truth."""
        total = self.predicted + self.true
        return 2 * self.correct / total if total else None

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(self.correct + other.correct, self.predicted + other.predicted, self.true + other.true)


def normalise(text: str) -> str:
    """Return a text as it is compared: NFC, runs of whitespace made one space, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def character_errors(truth: str, text: str) -> ErrorCount:
    """Return the edit distance over code points (Levenshtein 1966): errors / length is the CER."""
    true, found = normalise(truth), normalise(text)
    return ErrorCount(Levenshtein.distance(true, found), len(true))


def word_errors(truth: str, text: str) -> ErrorCount:
    """Return the edit distance over words: errors / length is the WER."""
    true, found = normalise(truth).split(), normalise(text).split()
    return ErrorCount(Levenshtein.distance(true, found), len(true))


def word_overlap(truth: str, text: str) -> Overlap:
    """Return how the two bags of words overlap, whatever their order: a word read twice must be true twice."""
    true, found = Counter(normalise(truth).split()), Counter(normalise(text).split())
    return Overlap((true & found).total(), found.total(), true.total())
