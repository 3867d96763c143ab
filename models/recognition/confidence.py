"""What a recogniser's confidence is worth: the probability that a word it read is right."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from models.document import Kind, PageLines, Region

_CLIP = 1e-3  # nobody is surer than this, either way

# Beta calibration (Kull, Silva Filho & Flach 2017), log odds = a ln(c) - b ln(1 - c) + offset, for each recogniser
# and kind of line: fitted by models/training/calibrate.py, on what models/README.md says.
_FITTED: dict[tuple[str, Kind], tuple[float, float, float]] = {
    ("handwriting", "handwritten"): (3.283, 0.510, 0.496),
    ("ppocr", "handwritten"): (3.972, 0.621, -0.869),
    ("ppocr", "printed"): (10.024, 0.265, 0.770),
    ("tesseract", "printed"): (0.620, 1.712, -1.926),
}
_AS_SAID = (1.0, 1.0, 0.0)  # a recogniser that was not measured, a language model's for example


def calibrated(confidence: float, recogniser: str, kind: Kind = "printed") -> float:
    """Return the probability, in [0, 1], that a word read with a recogniser's own confidence in [0, 1] is right.

    It grows with the confidence, so that what is surer stays surer.
    """
    a, b, offset = _FITTED.get((recogniser, kind), _AS_SAID)
    clipped = min(max(confidence, _CLIP), 1 - _CLIP)
    return round(1 / (1 + math.exp(-(a * math.log(clipped) - b * math.log(1 - clipped) + offset))), 4)


def with_calibrated_confidence(lines: PageLines, min_confidence: float) -> PageLines:
    """Return a page's lines with what their confidence is worth; those worth less than asked for are dropped."""
    told = [_calibrated_region(region) for region in lines.regions]
    kept = tuple(_confident(told, min_confidence))
    return replace(lines, regions=kept, dropped=lines.dropped + len(told) - len(kept))


def _calibrated_region(region: Region) -> Region:
    if region.confidence is None:
        return region
    return replace(region, confidence=calibrated(region.confidence, region.recogniser, region.kind))


def _confident(regions: Iterable[Region], min_confidence: float) -> Iterable[Region]:
    return (region for region in regions if region.confidence is None or region.confidence >= min_confidence)
