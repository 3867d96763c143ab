"""Calibrated confidence: the probability that a word is right, from the confidence that its engine gives it.

A line's confidence is calibrated as that of each of its words. A word's own confidence is the mean of its
characters': it parts right words from wrong ones better, and has a curve of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from models.document import Kind, PageLines, Region

_CLIP = 1e-3  # from 0 and from 1: the curves' logarithms must exist

# Beta calibration (Kull, Silva Filho & Flach 2017), log odds = a ln(c) - b ln(1 - c) + offset, for each recogniser
# and kind of line: fitted by models/training/calibrate.py, on the data that models/README.md lists.
_FITTED: dict[tuple[str, Kind], tuple[float, float, float]] = {
    ("handwriting", "handwritten"): (3.136, 0.565, 0.338),
    ("handwriting", "printed"): (3.136, 0.565, 0.338),  # that of handwriting: too few words of print to fit one
    ("ppocr", "handwritten"): (3.972, 0.621, -0.869),
    ("ppocr", "printed"): (8.832, 0.368, 0.505),
    ("tesseract", "printed"): (0.619, 1.713, -1.928),
}
# The same for words by their own confidences. For Tesseract's the line's curve holds: on 60 forms its calibration
# error is .036, that of a curve fitted to words .057.
_FITTED_WORDS: dict[tuple[str, Kind], tuple[float, float, float]] = {
    ("handwriting", "handwritten"): (0.626, 0.598, -0.488),
    ("handwriting", "printed"): (0.626, 0.598, -0.488),
    ("ppocr", "printed"): (2.278, 0.718, -1.514),
}
_IDENTITY = (1.0, 1.0, 0.0)  # for engines that were not measured, TrOCR among them


def calibrated(confidence: float, recogniser: str, kind: Kind = "printed") -> float:
    """Return the probability that a word of a line is right, in [0, 1]; it never falls where the confidence rises.

    Args:
        confidence: The engine's own of the line, in [0, 1].
        recogniser: The engine's name, as regions carry it.
        kind: Of the line.
    """
    return _on_curve(confidence, _FITTED.get((recogniser, kind), _IDENTITY))


def calibrated_word(confidence: float, recogniser: str, kind: Kind = "printed") -> float:
    """Return the probability that a word is right, like `calibrated`, by the engine's confidence in that word."""
    curve = _FITTED_WORDS.get((recogniser, kind))
    return calibrated(confidence, recogniser, kind) if curve is None else _on_curve(confidence, curve)


def _on_curve(confidence: float, curve: tuple[float, float, float]) -> float:
    a, b, offset = curve
    clipped = min(max(confidence, _CLIP), 1 - _CLIP)
    return round(1 / (1 + math.exp(-(a * math.log(clipped) - b * math.log(1 - clipped) + offset))), 4)


def with_calibrated_confidence(lines: PageLines, min_confidence: float) -> PageLines:
    """Return a page's lines with calibrated confidence; those below `min_confidence`, in [0, 1], are dropped."""
    calibrated_regions = [_calibrated_region(region) for region in lines.regions]
    kept = tuple(_confident(calibrated_regions, min_confidence))
    return replace(lines, regions=kept, dropped=lines.dropped + len(calibrated_regions) - len(kept))


def _calibrated_region(region: Region) -> Region:
    if region.confidence is None:
        return region
    words = tuple(
        word if word.confidence is None
        else replace(word, confidence=calibrated_word(word.confidence, region.recogniser, region.kind))
        for word in region.words
    )  # fmt: skip
    return replace(region, confidence=calibrated(region.confidence, region.recogniser, region.kind), words=words)


def _confident(regions: Iterable[Region], min_confidence: float) -> Iterable[Region]:
    return (region for region in regions if region.confidence is None or region.confidence >= min_confidence)
