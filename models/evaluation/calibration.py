"""Whether words said with a confidence of .9 are right nine times in ten.

A word has the confidence of its region. It is right if the truth has it, anywhere on the page, as often as it was
said; of a word that was said too often the most confident are taken for right. Where a truth puts its spaces is its
own habit ("$7,569, 000. 00"): a word of three characters or more is right as well where the truth has them in one
run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from models.document import Region
from models.evaluation.scores import Share, normalise

Judged = tuple[float, bool]
"""A word's confidence in [0, 1], and whether it is right."""

THRESHOLDS = (0.5, 0.8, 0.9, 0.95)
_BINS = 10
_RUN = 3


@dataclass(frozen=True, slots=True)
class Bin:
    """The words said with a confidence in [low, low + .1), the last bin with 1: their mean, and the share right."""

    low: float
    words: int
    confidence: float
    right: float


def judge_words(truth: str, regions: Iterable[Region]) -> list[Judged]:
    """Return every word that has a confidence, judged."""
    said: defaultdict[str, list[float]] = defaultdict(list)
    for region in regions:
        if region.confidence is not None:
            for word in normalise(region.text).split():
                said[word].append(region.confidence)
    words = normalise(truth).split()
    true, unspaced = Counter(words), "".join(words)
    return [
        (confidence, place < true[word] or (word not in true and len(word) >= _RUN and word in unspaced))
        for word, confidences in said.items()
        for place, confidence in enumerate(sorted(confidences, reverse=True))
    ]


def reliability(judged: Sequence[Judged]) -> list[Bin]:
    """Return the reliability table (DeGroot & Fienberg 1983): ten bins of equal width, the empty ones left out."""
    bins: defaultdict[int, list[Judged]] = defaultdict(list)
    for confidence, right in judged:
        bins[min(int(confidence * _BINS), _BINS - 1)].append((confidence, right))
    return [
        Bin(
            low=number / _BINS, words=len(words), confidence=fmean(confidence for confidence, _ in words),
            right=fmean(right for _, right in words),
        )
        for number, words in sorted(bins.items())
    ]  # fmt: skip


def calibration_error(judged: Sequence[Judged]) -> float | None:
    """Return the expected calibration error (Naeini et al. 2015): the bins' distances, weighed by their words."""
    if not judged:
        return None
    return sum(found.words * abs(found.confidence - found.right) for found in reliability(judged)) / len(judged)


def right_above(judged: Sequence[Judged], threshold: float) -> Share:
    """Return how many of the words said with at least this confidence are right."""
    said = [right for confidence, right in judged if confidence >= threshold]
    return Share(sum(said), len(said))
