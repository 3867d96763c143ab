"""How far the text of a page is turned: quarter turns by its lines, the rest by its letters.

Which way up is told by a vote of its lines, and where that says that the page stands on its head, by reading: the
network that votes knows print, and takes one line of handwriting in ten to be on its head. What is read the wrong
way up, a recogniser is not sure of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import F32, ImageU8
from models.detection.types import TextBox
from models.layout.geometry import box_sides
from models.pages.glyphs import Glyphs, find_glyphs
from models.pages.skew import find_skew
from models.reading.line_direction import flat_line, upside_down
from models.recognition.types import LineRecogniser

_LONG = 2.0  # times as long as high: shorter boxes do not say which way they run
_ENOUGH = 12.0  # box heights of lines, altogether: fewer are a few short words that may stand in any way
_SHARP = 1.3  # of a skew that letters are believed in; below it, the boxes are
_NEAR = 1.5  # degrees between the letters' skew and the boxes': farther apart, one of them saw something else
_VOTERS = 12
_TURNED = 0.75  # mean vote from which a page is turned: hand and drawings stay near 0.5
_READ = 3  # lines, both ways up
_LONGEST_READ = 12.0  # times as long as high: of longer ones the middle is read
_WIDEST_READ = 576  # pixels, of a line 48 high
_SURER = 0.05  # by which a page must be read with more confidence on its head to be turned


@dataclass(frozen=True, slots=True)
class PageAngle:
    """How far the text is turned clockwise, degrees in (-180, 180], and the confidence in that, in [0, 1]."""

    degrees: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Axis:
    """How lines run: clockwise degrees in (-90, 90], of how many box heights of lines, and their share."""

    degrees: float
    length: float
    share: float


def page_angle(
    pixels: ImageU8,
    boxes: Sequence[TextBox],
    glyphs: Glyphs | None = None,
    recogniser: LineRecogniser | None = None,
) -> PageAngle:
    """Return how far a page's text is turned; 0 with no confidence where too little of it tells.

    Args:
        pixels: The page as delivered, (H, W, 3) RGB or (H, W) grey uint8.
        boxes: Its lines, as they lie on it.
        glyphs: Of the page, where they are known already.
        recogniser: Reads lines both ways up where the vote is against the page as it is.

    Raises:
        ModelError: The network that votes is missing or damaged.
    """
    long = [box for box in boxes if _elongation(box.corners) >= _LONG]
    axis = _axis(long)
    if axis.length < _ENOUGH:
        return PageAngle(0.0, 0.0)
    sideways = abs(axis.degrees) > 45
    quarter = float(np.sign(axis.degrees)) * 90 if sideways else 0.0
    degrees = quarter + _refined(axis.degrees - quarter, glyphs or find_glyphs(pixels), sideways)
    vote = _vote(pixels, long, degrees)
    # a line that runs down the page must be turned one way or the other; one that runs across it may stay
    turned = vote > (0.5 if sideways else _TURNED)
    if recogniser is not None and (sideways or vote > 0.5):
        turned = _is_read_better_turned(pixels, long, degrees, recogniser)
        vote = float(turned)
    confidence = axis.share * max(vote, 1 - vote)
    return PageAngle(_wrapped(degrees + 180 * turned), round(confidence, 3))


def _elongation(corners: F32) -> float:
    one, other = box_sides(corners)
    return max(one, other) / max(min(one, other), 1e-3)


def _axis(boxes: Sequence[TextBox]) -> _Axis:
    """Return how most of the length of the boxes runs."""
    if not boxes:
        return _Axis(0.0, 0.0, 0.0)
    degrees, weights, lengths = np.array([_direction(box.corners) for box in boxes]).T
    # twice the angle makes both ways along a line the same
    main = np.angle((weights * np.exp(2j * np.radians(degrees))).sum(), deg=True) / 2
    apart = (degrees - main + 90) % 180 - 90
    agree = np.abs(apart) < 10
    if not agree.any():
        return _Axis(0.0, 0.0, 0.0)
    order = np.argsort(apart[agree])
    middle = np.searchsorted(np.cumsum(weights[agree][order]), weights[agree].sum() / 2)
    exact = main + float(apart[agree][order][middle])
    return _Axis(90 - (90 - exact) % 180, float(lengths[agree].sum()), float(weights[agree].sum() / weights.sum()))


def _direction(corners: F32) -> tuple[float, float, float]:
    """Return clockwise degrees of a box's long sides, their length, and that in heights of the box."""
    one, other = box_sides(corners)
    x, y = corners[1] - corners[0] if one >= other else corners[3] - corners[0]
    return float(np.degrees(np.arctan2(y, x))), max(one, other), max(one, other) / max(min(one, other), 1.0)


def _refined(degrees: float, glyphs: Glyphs, sideways: bool) -> float:
    """Return the boxes' skew as sharp as the letters show it."""
    skew = find_skew(glyphs, upright=not sideways, around=degrees)
    return skew.degrees if skew.sharpness > _SHARP and abs(skew.degrees - degrees) < _NEAR else degrees


def _vote(pixels: ImageU8, boxes: Sequence[TextBox], degrees: float) -> float:
    """Return how sure the longest lines are that the page stands on its head once turned back by `degrees`."""
    return float(upside_down(pixels, _longest_lines(boxes, degrees, _VOTERS)).mean())


def _is_read_better_turned(
    pixels: ImageU8, boxes: Sequence[TextBox], degrees: float, recogniser: LineRecogniser
) -> bool:
    """Return whether the longest lines are read with more confidence standing on their heads at `degrees`."""
    lines = [
        flat_line(pixels, corners, _LONGEST_READ, _WIDEST_READ) for corners in _longest_lines(boxes, degrees, _READ)
    ]
    heads = [np.ascontiguousarray(line[::-1, ::-1]) for line in lines]
    read = [reading.confidence for reading in recogniser.recognise([*lines, *heads])]
    return sum(read[len(lines) :]) > sum(read[: len(lines)]) + _SURER * len(lines)


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


def _wrapped(degrees: float) -> float:
    """Return an angle in (-180, 180]."""
    return round(180 - (180 - degrees) % 360, 3)
