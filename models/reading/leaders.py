"""Leaders: the rows of dashes or dots between an entry and its value, counted in the picture.

A CTC network merges repeated marks, or takes a long row of them for paper: `Brand --------- OLD GOLD` is read as
`Brand OLD GOLD`. Where characters stand far apart, what lies between them is looked at.
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
_LEAST_MARKS = 3
_WIDE_GAP = 2.5  # character pitches
_SPECK = 4  # pixels: smaller is dirt
_HIGHEST = 0.3  # of the line's height: higher is a letter
_UNLIKE = 2.5  # times the usual area, or a part of it
_OFF_LEVEL = 0.12  # of the line's height
_UNEVEN = 0.35  # standard deviation of distances over their mean
_OTHER_INK = 1.5  # times the marks' own: more is text that was not read
_DOT_ASPECT = 1.6
_BASELINE = 0.62  # of the line's height: dots stand lower
_LOOK_HEIGHTS = 8.0


@dataclass(frozen=True, slots=True)
class _Marks:
    sign: str
    count: int
    touches_left: bool
    touches_right: bool


def with_leaders(reading: LineReading, line: ImageU8, share: float = 1.0) -> LineReading:
    """Return a reading with the leaders that the picture shows and the text lacks; unchanged where there are none.

    Args:
        line: The line's picture, (H, W, 3) RGB or (H, W) uint8.
        share: How much of the picture's width is the line that was read; the rest is what follows it.
    """
    text, places = reading.text, [share * place for place in reading.positions]
    if len(places) != len(text) or len(text) < 2:
        return reading
    width = line.shape[1]
    pitch = float(np.median(np.diff(places))) * width
    pieces, end = [], 0
    for gap in _GAP.finditer(text):
        left = places[gap.start() - 1] * width + 0.6 * pitch if gap.start() else 0.0
        right = places[gap.end()] * width - 0.6 * pitch if gap.end() < len(text) else float(width)
        said = gap.group()
        marks = _marks(line, left, right, pitch) if right - left > _WIDE_GAP * pitch else None
        pieces += [text[end : gap.start()], _leader(marks, said) if marks else said]
        end = gap.end()
    tail = places[-1] * width + 0.6 * pitch
    pieces.append(text[end:])
    if end < len(text) and width - tail > _WIDE_GAP * pitch and (marks := _marks(line, tail, width, pitch)):
        pieces.append(_leader(marks, "").rstrip())
    joined = "".join(pieces)
    return reading if joined == text else LineReading(joined, reading.confidence)


def up_to_the_next(corners: Sequence[F32], page_width: int) -> list[F32]:
    """Return each line's corners, (4, 2), with its end moved to where the next line of its row begins.

    A detector finds entry and value, not the leader between them. Where no line follows, a few heights are enough.
    """
    boxes = [(*points.min(0), *points.max(0)) for points in corners]
    longer = []
    for points, box in zip(corners, boxes, strict=True):
        width, height = box_sides(points)
        to_the_right = [other[0] for other in boxes if other[0] > box[2] - 1 and same_row(box, other)]
        limit = min([*to_the_right, box[2] + _LOOK_HEIGHTS * height, page_width])
        along = (points[1] - points[0]) / max(1.0, width) * max(0.0, limit - box[2])
        longer.append(np.array([points[0], points[1] + along, points[2] + along, points[3]], np.float32))
    return longer


def _leader(marks: _Marks, said: str) -> str:
    if sum(character in ".-–—_" for character in said) >= marks.count:
        return said
    return f"{'' if marks.touches_left else ' '}{marks.sign * marks.count}{'' if marks.touches_right else ' '}"


def _marks(line: ImageU8, left: float, right: float, pitch: float) -> _Marks | None:
    """Return the row of even marks between two places of a line, None where there is something else."""
    window = line[:, max(0, int(left)) : int(right)]
    if window.size == 0 or np.ptp(shades := grey(window)) < 60:
        return None
    found = components(ink_by_otsu(shades))
    height = line.shape[0]
    _, tops, wides, highs = found.boxes.T
    inside = (tops > 0) & (tops + highs < height) & (found.areas >= _SPECK)
    row = _even_row(found, np.flatnonzero(inside & (highs <= _HIGHEST * height)), height)
    if row is None or found.areas[inside].sum() > _OTHER_INK * found.areas[row].sum():
        return None
    widths, places = wides[row], found.centres[row]
    is_dot = widths.mean() / highs[row].mean() < _DOT_ASPECT and places[:, 1].mean() > _BASELINE * height
    return _Marks(
        "." if is_dot else "-", len(row),
        touches_left=bool(places[0, 0] - widths[0] / 2 < 0.5 * pitch),
        touches_right=bool(right - left - places[-1, 0] - widths[-1] / 2 < 0.5 * pitch),
    )  # fmt: skip


def _even_row(found: Components, marks: I64, height: int) -> I64 | None:
    """Return those of the marks that are of one size, on one level and evenly apart; None where they are not."""
    if len(marks) < _LEAST_MARKS:
        return None
    areas, centres = found.areas, found.centres
    area, level = np.median(areas[marks]), np.median(centres[marks, 1])
    alike = np.abs(np.log(areas[marks] / area)) < np.log(_UNLIKE)
    row = marks[alike & (np.abs(centres[marks, 1] - level) < _OFF_LEVEL * height)]
    row = row[np.argsort(centres[row, 0])]
    if len(row) < _LEAST_MARKS:
        return None
    apart = np.diff(centres[row, 0])
    return row if apart.std() <= _UNEVEN * apart.mean() else None
