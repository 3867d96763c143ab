"""Leaders: the rows of dashes or dots between an entry and its value, counted in the picture.

A CTC network merges repeated marks, or takes a long row of them for blank paper: `Brand --------- OLD GOLD` is read
as `Brand OLD GOLD`. Where characters stand far apart, the picture between them is searched for such a row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import F32, I64, ImageU8
from models.layout.geometry import box_sides, same_row
from models.pages.ink import Components, components, ink_by_otsu
from models.pages.pixels import grey
from models.recognition.types import LineReading

_GAP = re.compile(r"[ .\-–—_]+")
# Distances along the line, in character pitches: the median distance between neighbouring characters.
_MIN_GAP_PITCHES = 2.5  # narrower gaps hold no leader
_CHARACTER_EDGE_PITCHES = 0.6  # from the middle of a character to where the gap beside it begins
_TOUCHING_PITCHES = 0.5  # a mark nearer to the gap's end has no space before the text
# What is a mark. Heights are fractions of the line's.
_MIN_MARK_AREA_PX = 4  # smaller is dirt
_MAX_MARK_HEIGHT = 0.3  # higher is a letter
_MIN_CONTRAST = 60  # grey levels between the lightest and darkest pixel of a gap: less is blank paper
_MAX_DOT_ASPECT = 1.6  # width over height: longer marks are dashes
_DOT_LEVEL = 0.62  # from the line's top: dots stand lower
# What is a row of marks: its members are alike, level and evenly apart.
_MIN_MARKS = 3
_MAX_AREA_RATIO = 2.5  # to the median mark, either way
_MAX_LEVEL_DEVIATION = 0.12  # of the line's height
_MAX_PITCH_VARIATION = 0.35  # standard deviation of the distances between marks over their mean
_MAX_INK_RATIO = 1.5  # all ink of the gap over the marks': more is text that was not read
_SEARCH_HEIGHTS = 8.0  # line heights to the right of a line that no other follows


@dataclass(frozen=True, slots=True)
class _Marks:
    """A row of marks: the sign that they are, how many, and whether text stands close on either side.

    `first` and `last` are the middles of its two ends, in pixels along the picture.
    """

    sign: str
    count: int
    touches_left: bool
    touches_right: bool
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class _Character:
    """A character, its middle as a fraction of the line's width, and its confidence."""

    sign: str
    middle: float
    confidence: float


def with_leaders(reading: LineReading, line: ImageU8, text_width: float = 1.0) -> LineReading:
    """Return a reading with the leaders that the picture shows and the text lacks; unchanged where there are none.

    Args:
        line: The line's picture, (H, W, 3) RGB or (H, W) uint8.
        text_width: Fraction of the picture's width that was read; the rest is what follows the line.
    """
    text, middles = reading.text, [text_width * position for position in reading.positions]
    if len(middles) != len(text) or len(text) < 2:
        return reading
    width = line.shape[1]
    pitch = float(np.median(np.diff(middles))) * width
    edge = _CHARACTER_EDGE_PITCHES * pitch
    gaps = [gap.span() for gap in _GAP.finditer(text)]
    if not gaps or gaps[-1][1] < len(text):
        gaps.append((len(text), len(text)))  # what follows the text
    leaders: list[tuple[int, int, list[_Character]]] = []
    for start, end in gaps:
        left = middles[start - 1] * width + edge if start else 0.0
        right = middles[end] * width - edge if end < len(text) else float(width)
        marks = _find_marks(line, left, right, pitch) if right - left > _MIN_GAP_PITCHES * pitch else None
        if marks is not None and not _has_as_many(text[start:end], marks):
            scale = width * text_width
            leader = _leader(marks, is_last=start == end)
            leaders.append((start, end, [_Character(sign, x / scale, reading.confidence) for sign, x in leader]))
    return _filled(reading, leaders) if leaders else reading


def _filled(reading: LineReading, leaders: Sequence[tuple[int, int, list[_Character]]]) -> LineReading:
    """Return a reading with leaders, each in the place of its characters from one number to another."""
    confidences = reading.confidences or (reading.confidence,) * len(reading.text)
    read = [_Character(*one) for one in zip(reading.text, reading.positions, confidences, strict=True)]
    for start, end, leader in reversed(leaders):
        read[start:end] = leader
    return LineReading(
        "".join(one.sign for one in read), reading.confidence,
        tuple(one.middle for one in read), tuple(one.confidence for one in read),
    )  # fmt: skip


def extended_to_next(corners: Sequence[F32], page_width: int) -> list[F32]:
    """Return each line's corners, (4, 2), with its end moved to where the next line of its row begins.

    A detector finds entry and value, not the leader between them. Where no line follows, a few heights are enough.
    """
    boxes = [(*points.min(0), *points.max(0)) for points in corners]
    extended = []
    for points, box in zip(corners, boxes, strict=True):
        width, height = box_sides(points)
        to_the_right = [other[0] for other in boxes if other[0] > box[2] - 1 and same_row(box, other)]
        limit = min([*to_the_right, box[2] + _SEARCH_HEIGHTS * height, page_width])
        along = (points[1] - points[0]) / max(1.0, width) * max(0.0, limit - box[2])
        extended.append(np.array([points[0], points[1] + along, points[2] + along, points[3]], np.float32))
    return extended


def _has_as_many(gap: str, marks: _Marks) -> bool:
    """Return whether the text of a gap has the leader that its marks are."""
    return sum(character in ".-–—_" for character in gap) >= marks.count


def _leader(marks: _Marks, *, is_last: bool) -> list[tuple[str, float]]:
    """Return the characters of a leader, spaces beside it included, with their middles in pixels.

    Args:
        is_last: Whether the line ends with it: nothing was read there.
    """
    before, after = ("" if touches else " " for touches in (marks.touches_left, marks.touches_right or is_last))
    pitch = (marks.last - marks.first) / (marks.count - 1)
    text = f"{before}{marks.sign * marks.count}{after}"
    return [(sign, marks.first + (number - len(before)) * pitch) for number, sign in enumerate(text)]


def _find_marks(line: ImageU8, left: float, right: float, pitch: float) -> _Marks | None:
    """Return the row of even marks between two positions, in pixels, of a line; None where there is none."""
    begin = max(0, int(left))
    window = line[:, begin : int(right)]
    if window.size == 0 or np.ptp(shades := grey(window)) < _MIN_CONTRAST:
        return None
    found = components(ink_by_otsu(shades))
    height = line.shape[0]
    _, tops, widths, heights = found.boxes.T
    # what touches the upper or lower edge is a rule, or belongs to another line
    inside = (tops > 0) & (tops + heights < height) & (found.areas >= _MIN_MARK_AREA_PX)
    row = _even_row(found, np.flatnonzero(inside & (heights <= _MAX_MARK_HEIGHT * height)), height)
    if row is None or found.areas[inside].sum() > _MAX_INK_RATIO * found.areas[row].sum():
        return None
    middles = found.centres[row]
    is_dot = (
        widths[row].mean() / heights[row].mean() < _MAX_DOT_ASPECT
        and middles[:, 1].mean() > _DOT_LEVEL * height
    )  # fmt: skip
    return _Marks(
        "." if is_dot else "-", len(row),
        touches_left=bool(middles[0, 0] - widths[row][0] / 2 < _TOUCHING_PITCHES * pitch),
        touches_right=bool(right - left - middles[-1, 0] - widths[row][-1] / 2 < _TOUCHING_PITCHES * pitch),
        first=begin + float(middles[0, 0]), last=begin + float(middles[-1, 0]),
    )  # fmt: skip


def _even_row(found: Components, candidates: I64, line_height: int) -> I64 | None:
    """Return those candidates that are of one size, on one level and evenly apart; None where they are not."""
    if len(candidates) < _MIN_MARKS:
        return None
    areas, centres = found.areas, found.centres
    area, level = np.median(areas[candidates]), np.median(centres[candidates, 1])
    alike = np.abs(np.log(areas[candidates] / area)) < np.log(_MAX_AREA_RATIO)
    row = candidates[alike & (np.abs(centres[candidates, 1] - level) < _MAX_LEVEL_DEVIATION * line_height)]
    row = row[np.argsort(centres[row, 0])]
    if len(row) < _MIN_MARKS:
        return None
    distances = np.diff(centres[row, 0])
    return row if distances.std() <= _MAX_PITCH_VARIATION * distances.mean() else None
