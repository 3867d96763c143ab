"""Whether words read with a confidence of .9 are correct nine times in ten.

A word has its own confidence where the reader gives words, else that of its line. It is correct if the truth has
it, anywhere on the page, as often as it was read; of a word that was read too often, the most confident ones count
as correct. Annotators differ in where they put spaces ("$7,569, 000. 00"): a word of three characters or more is
correct as well where the truth has its characters in one run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from models.document import Region
from models.evaluation.scores import Share, normalise

Judged = tuple[float, bool]
"""A word's confidence in [0, 1], and whether it is correct."""

THRESHOLDS = (0.5, 0.8, 0.9, 0.95)
_BINS = 10
_MIN_UNSPACED_CHARACTERS = 3  # shorter words stand by chance in any long run of characters


@dataclass(frozen=True, slots=True)
class Bin:
    """The words with a confidence in [low, low + .1), in the last bin up to 1: mean confidence and accuracy."""

    low: float
    words: int
    confidence: float
    accuracy: float


def judge_words(truth: str, regions: Iterable[Region]) -> list[Judged]:
    """Return every word that has a confidence, judged."""
    read: defaultdict[str, list[float]] = defaultdict(list)
    for word, confidence in (pair for region in regions for pair in _confidences(region)):
        if confidence is not None:
            read[word].append(confidence)
    words = normalise(truth).split()
    true, unspaced = Counter(words), "".join(words)
    return [
        (confidence, rank < true[word] or (word not in true and _has_run(unspaced, word)))
        for word, confidences in read.items()
        for rank, confidence in enumerate(sorted(confidences, reverse=True))
    ]


def _confidences(region: Region) -> Iterator[tuple[str, float | None]]:
    """Yield the words of a line with their confidences."""
    if region.words:
        yield from ((normalise(word.text), word.confidence) for word in region.words)
    else:
        yield from ((word, region.confidence) for word in normalise(region.text).split())


def _has_run(unspaced: str, word: str) -> bool:
    return len(word) >= _MIN_UNSPACED_CHARACTERS and word in unspaced


def reliability(judged: Sequence[Judged]) -> list[Bin]:
    """Return the reliability table (DeGroot & Fienberg 1983): ten bins of equal width, without the empty ones."""
    bins: defaultdict[int, list[Judged]] = defaultdict(list)
    for confidence, correct in judged:
        bins[min(int(confidence * _BINS), _BINS - 1)].append((confidence, correct))
    return [
        Bin(
            low=number / _BINS, words=len(words), confidence=fmean(confidence for confidence, _ in words),
            accuracy=fmean(correct for _, correct in words),
        )
        for number, words in sorted(bins.items())
    ]  # fmt: skip


def calibration_error(judged: Sequence[Judged]) -> float | None:
    """Return the expected calibration error (Naeini et al. 2015): |confidence - accuracy| weighted by words."""
    if not judged:
        return None
    distances = (found.words * abs(found.confidence - found.accuracy) for found in reliability(judged))
    return sum(distances) / len(judged)


def accuracy_above(judged: Sequence[Judged], threshold: float) -> Share:
    """Return how many of the words with at least this confidence are correct."""
    above = [correct for confidence, correct in judged if confidence >= threshold]
    return Share(sum(above), len(above))
