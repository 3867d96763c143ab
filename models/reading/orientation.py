"""By how many degrees the text of a page is rotated: quarter turns from its lines, the rest from its glyphs.

Its lines vote which way up it is. Where they vote that the page is upside down, lines are read both ways up: the
network that votes was trained on print, and takes one line of handwriting in ten to be upside down. A recogniser
has less confidence in what it reads the wrong way up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import F32, F64, ImageU8
from models.detection.types import TextBox
from models.layout.geometry import box_sides, rounded_angle
from models.pages.glyphs import Glyphs, find_glyphs
from models.pages.skew import find_skew
from models.reading.line_direction import flat_line, upside_down
from models.recognition.types import LineRecogniser

_MIN_LINE_ASPECT = 2.0  # length over height: shorter boxes do not show which way they run
# Summed length over height of the lines of one direction: less is a few short words that may stand in any way.
_MIN_TEXT_LENGTH = 12.0
_MAX_DEVIATION_DEG = 10  # from the main direction, of a line that agrees with it
# The glyphs' skew is finer than the boxes', but only where their projection profile has clear rows; and farther
# apart than this, one of the two measured something other than text.
_MIN_SHARPNESS = 1.3
_MAX_DISAGREEMENT_DEG = 1.5
_MAX_VOTERS = 12  # the longest lines
_MIN_UPSIDE_DOWN_VOTE = 0.75  # mean, of a page whose lines run across it: handwriting and drawings stay near 0.5
_LINES_READ = 3  # both ways up
_MAX_READ_ASPECT = 12.0  # length over height: of longer lines the middle is read
_MAX_READ_WIDTH_PX = 576  # of a line 48 pixels high
_MIN_CONFIDENCE_GAIN = 0.05  # mean per line, that a page upside down must be read with


@dataclass(frozen=True, slots=True)
class PageAngle:
    """How far the text is rotated clockwise, degrees in (-180, 180], and the confidence in that, in [0, 1]."""

    degrees: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Axis:
    """How the lines of a page run.

    Attributes:
        degrees: Clockwise, in (-90, 90]: not yet which way along it text is read.
        length: Of the lines that run so, in heights of their boxes.
        agreement: Their fraction of the length of all lines, in [0, 1].
    """

    degrees: float
    length: float
    agreement: float


_NO_AXIS = _Axis(0.0, 0.0, 0.0)


def page_angle(
    pixels: ImageU8,
    boxes: Sequence[TextBox],
    glyphs: Glyphs | None = None,
    recogniser: LineRecogniser | None = None,
) -> PageAngle:
    """Return how far a page's text is rotated; 0 with no confidence where there is too little of it.

    Args:
        pixels: The page as delivered, (H, W, 3) RGB or (H, W) grey uint8.
        boxes: Its lines, as they lie on it.
        glyphs: Of the page, where they are known already.
        recogniser: Reads lines both ways up where the vote is that the page is upside down.

    Raises:
        ModelError: The network that votes is missing or damaged.
    """
    long = [box for box in boxes if _aspect(box.corners) >= _MIN_LINE_ASPECT]
    axis = _main_axis(long)
    if axis.length < _MIN_TEXT_LENGTH:
        return PageAngle(0.0, 0.0)
    sideways = abs(axis.degrees) > 45
    quarter = float(np.sign(axis.degrees)) * 90 if sideways else 0.0
    degrees = quarter + _refined_skew(axis.degrees - quarter, glyphs or find_glyphs(pixels), sideways)
    vote = _upside_down_vote(pixels, long, degrees)
    # a page on its side has to be rotated one way or the other; any other may stay as it is, and mostly does
    is_upside_down = vote > (0.5 if sideways else _MIN_UPSIDE_DOWN_VOTE)
    if recogniser is not None and (sideways or vote > 0.5):
        is_upside_down = _reads_better_upside_down(pixels, long, degrees, recogniser)
        vote = float(is_upside_down)
    confidence = axis.agreement * max(vote, 1 - vote)
    return PageAngle(rounded_angle(degrees + 180 * is_upside_down, 3), round(confidence, 3))


def _aspect(corners: F32) -> float:
    """Return the longer side over the shorter one."""
    one, other = box_sides(corners)
    return max(one, other) / max(min(one, other), 1e-3)


def _main_axis(boxes: Sequence[TextBox]) -> _Axis:
    """Return how most of the length of the boxes runs: the weighted median of those near the mean direction."""
    if not boxes:
        return _NO_AXIS
    degrees, weights, lengths = np.array([_direction(box.corners) for box in boxes]).T
    # with the angle doubled, both ways along a line are the same
    mean = np.angle((weights * np.exp(2j * np.radians(degrees))).sum(), deg=True) / 2
    deviation = (degrees - mean + 90) % 180 - 90
    agrees = np.abs(deviation) < _MAX_DEVIATION_DEG
    if not agrees.any():
        return _NO_AXIS
    exact = mean + _weighted_median(deviation[agrees], weights[agrees])
    agreement = float(weights[agrees].sum() / weights.sum())
    return _Axis(90 - (90 - exact) % 180, float(lengths[agrees].sum()), agreement)


def _weighted_median(values: F64, weights: F64) -> float:
    order = np.argsort(values)
    middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(values[order][middle])


def _direction(corners: F32) -> tuple[float, float, float]:
    """Return clockwise degrees of a box's long sides, their length in pixels, and that in heights of the box."""
    one, other = box_sides(corners)
    x, y = corners[1] - corners[0] if one >= other else corners[3] - corners[0]
    return float(np.degrees(np.arctan2(y, x))), max(one, other), max(one, other) / max(min(one, other), 1.0)


def _refined_skew(degrees: float, glyphs: Glyphs, sideways: bool) -> float:
    """Return the glyphs' skew near the boxes', where it is clear, else the boxes'."""
    skew = find_skew(glyphs, upright=not sideways, around=degrees)
    agrees = abs(skew.degrees - degrees) < _MAX_DISAGREEMENT_DEG
    return skew.degrees if skew.sharpness > _MIN_SHARPNESS and agrees else degrees


def _upside_down_vote(pixels: ImageU8, boxes: Sequence[TextBox], degrees: float) -> float:
    """Return how probable the longest lines find it that text rotated by `degrees` is upside down, in [0, 1]."""
    return float(upside_down(pixels, _longest_lines(boxes, degrees, _MAX_VOTERS)).mean())


def _reads_better_upside_down(
    pixels: ImageU8, boxes: Sequence[TextBox], degrees: float, recogniser: LineRecogniser
) -> bool:
    """Return whether the longest lines are read with more confidence rotated by 180 degrees."""
    longest = _longest_lines(boxes, degrees, _LINES_READ)
    lines = [flat_line(pixels, corners, _MAX_READ_ASPECT, _MAX_READ_WIDTH_PX) for corners in longest]
    rotated = [np.ascontiguousarray(line[::-1, ::-1]) for line in lines]
    confidences = [reading.confidence for reading in recogniser.recognise([*lines, *rotated])]
    gain = _MIN_CONFIDENCE_GAIN * len(lines)
    return sum(confidences[len(lines) :]) > sum(confidences[: len(lines)]) + gain


def _longest_lines(boxes: Sequence[TextBox], degrees: float, number: int) -> list[F32]:
    """Return corners of the longest lines, each from where it starts if text runs at `degrees`."""
    longest = sorted(boxes, key=lambda box: -max(box_sides(box.corners)))[:number]
    return [_from_start(box.corners, degrees) for box in longest]


def _from_start(corners: F32, degrees: float) -> F32:
    """Return the corners beginning where the line does if text runs at `degrees`."""
    ahead = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    below = np.array([-ahead[1], ahead[0]])
    centred = corners - corners.mean(0)
    start = int(np.argmin(centred @ ahead + centred @ below))
    return np.roll(corners, -start, axis=0)
