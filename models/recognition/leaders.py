"""Leaders: the rows of dashes or dots between an entry and its value, counted in the picture.

A CTC network merges repeated marks, or takes a long row of them for paper: `Brand --------- OLD GOLD` is read as
`Brand OLD GOLD`. Where characters stand far apart, what lies between them is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.geometry import same_row
from models.recognition.base import LineReading

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

_GAP = re.compile(r"[ .\-–—_]+")
_LEAST_MARKS = 3
_WIDE_GAP = 2.5  # character pitches
_HIGHEST = 0.3  # of the line's height: higher is a letter
_UNEVEN = 0.35  # standard deviation over mean of sizes and distances: more is dirt
_DOT_ASPECT = 1.6
_LOOK_HEIGHTS = 8.0
_BASELINE = 0.62  # of the line's height: dots stand lower


@dataclass(frozen=True, slots=True)
class _Marks:
    sign: str
    count: int
    touches_left: bool
    touches_right: bool


def with_leaders(reading: LineReading, line: Pixels, share: float = 1.0) -> LineReading:
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


def up_to_the_next(corners: Sequence[Floats], page_width: int) -> list[Floats]:
    """Return each line's corners, (4, 2), with its end moved to where the next line of its row begins.

    A detector finds entry and value, not the leader between them. Where no line follows, a few heights are enough.
    """
    boxes = [(*points.min(0), *points.max(0)) for points in corners]
    longer = []
    for points, box in zip(corners, boxes, strict=True):
        height = float(np.linalg.norm(points[3] - points[0]))
        width = max(1.0, float(np.linalg.norm(points[1] - points[0])))
        to_the_right = [other[0] for other in boxes if other[0] > box[2] - 1 and same_row(box, other)]
        limit = min([*to_the_right, box[2] + _LOOK_HEIGHTS * height, page_width])
        along = (points[1] - points[0]) / width * max(0.0, limit - box[2])
        longer.append(np.array([points[0], points[1] + along, points[2] + along, points[3]], np.float32))
    return longer


def _leader(marks: _Marks, said: str) -> str:
    if sum(character in ".-–—_" for character in said) >= marks.count:
        return said
    return f"{'' if marks.touches_left else ' '}{marks.sign * marks.count}{'' if marks.touches_right else ' '}"


def _marks(line: Pixels, left: float, right: float, pitch: float) -> _Marks | None:
    """Return the row of even marks between two places of a line, None where there is something else."""
    window = line[:, max(0, int(left)) : int(right)]
    grey = window if window.ndim == 2 else cv2.cvtColor(window, cv2.COLOR_RGB2GRAY)
    if grey.size == 0 or np.ptp(grey) < 60:
        return None
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, _, stats, centres = cv2.connectedComponentsWithStats(ink)
    large = [number for number in range(1, len(stats)) if stats[number, cv2.CC_STAT_AREA] >= 4]
    height = line.shape[0]
    marks = sorted(
        (n for n in large if stats[n, cv2.CC_STAT_HEIGHT] <= _HIGHEST * height), key=lambda n: centres[n, 0]
    )
    if len(marks) < _LEAST_MARKS or len(large) - len(marks) > 0:
        return None
    sizes = stats[marks, cv2.CC_STAT_WIDTH].astype(float)
    apart = np.diff(centres[marks, 0])
    levels = centres[marks, 1]
    if max(sizes.std() / sizes.mean(), apart.std() / apart.mean()) > _UNEVEN or levels.std() > 0.08 * height:
        return None
    is_dot = (
        sizes.mean() / stats[marks, cv2.CC_STAT_HEIGHT].mean() < _DOT_ASPECT and levels.mean() > _BASELINE * height
    )
    first, last = marks[0], marks[-1]
    return _Marks(
        "." if is_dot else "-", len(marks),
        touches_left=bool(stats[first, cv2.CC_STAT_LEFT] < 0.5 * pitch),
        touches_right=bool(right - left - centres[last, 0] - sizes[-1] / 2 < 0.5 * pitch),
    )  # fmt: skip
