"""What is known of a line before its kind is decided, and what a signature is."""

from __future__ import annotations

from dataclasses import dataclass

from models.arrays import F32
from models.detection.types import TextBox


@dataclass(frozen=True, slots=True)
class AnnotatedLine(TextBox):
    """A detected line and what its kind is classified from, whichever detector found it.

    Attributes:
        roi_features: DBNet's features in the line, (192,) float32; see `PageFeatures.rois`.
        map_probabilities: Class probabilities of KINDS inside the line on the page's segmentation map, (3,) float32
            that add up to 1; None where no map was made: the line is then classified alone.
    """

    roi_features: F32
    map_probabilities: F32 | None = None


@dataclass(frozen=True, slots=True)
class SignatureBox:
    """A signature: its corners, (4, 2) float32 page pixels clockwise from top-left, and its score in [0, 1]."""

    corners: F32
    score: float


@dataclass(frozen=True, slots=True)
class AnnotatedPage:
    """The lines of a page, and its signatures, the highest-scoring first. They may overlap."""

    lines: list[AnnotatedLine]
    signatures: list[SignatureBox]
