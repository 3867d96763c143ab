"""Lines that detection missed on its first run: it is run again where text-like ink is left, with the rest blanked.

The ink is shown larger, without its neighbours, and without colour where stamps or highlighters lie over it: the
brightest of a pixel's channels leaves black print and takes coloured ink away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.detection.dbnet import DbnetDetector
from models.detection.types import TextBox
from models.kinds.types import AnnotatedLine
from models.layout.geometry import Box, box_corners
from models.reading.coverage import UnreadInk
from models.recognition.line_images import cut_line

# Around a row of unread ink, in heights of the row: what belongs to its line stands beside it, hardly above it.
_MARGIN_ACROSS_HEIGHTS, _MARGIN_ALONG_HEIGHTS = 1.5, 6.0
_MIN_COLOUR_SHARE = 0.02  # of the crop's pixels, that are coloured: a stamp, not the noise of a camera
_MIN_SATURATION = 60  # levels between the brightest and the darkest channel of a coloured pixel
_ROW_MARGIN_HEIGHTS = 0.2  # around a row of glyphs, to the edges of its line
_BLANKING_SHRINK = 0.1  # of a line's height, left above and below: boxes reach into their neighbours


@dataclass(frozen=True, slots=True)
class MissedLine:
    """A line that was found on the second look, and the picture to read it from."""

    line: AnnotatedLine
    picture: ImageU8


def missed_lines(
    pixels: ImageU8, lines: Sequence[F32], unread: UnreadInk, dbnet: DbnetDetector
) -> list[MissedLine]:
    """Return the lines that are found on a second look; a row that is not found again is a line as it is.

    Args:
        pixels: The upright page, (H, W, 3) RGB or (H, W) grey uint8.
        lines: Corners of the lines that are known, (4, 2) page pixels.
        unread: The ink that none of them covers.
        dbnet: Detects, whichever detector the page was read with, and gives the features that kinds need.

    Raises:
        ModelError: The network cannot be run.
    """
    found: list[MissedLine] = []
    for x0, y0, x1, y1 in _windows(unread.rows, pixels.shape):
        origin = np.array([x0, y0], np.float32)
        rows = [row for row in unread.rows if _intersect(row, (x0, y0, x1, y1))]
        window = _without_colour(pixels[y0:y1, x0:x1])
        boxes, features = dbnet.detect_with_features(_blanked(window, [corners - origin for corners in lines]))
        lines_here = [
            AnnotatedLine(box.corners, box.score, roi) for box, roi in zip(boxes, features.rois, strict=True)
            if any(_is_same(row, box.corners + origin) for row in rows)
        ]  # fmt: skip
        rest = [row for row in rows if not any(_is_same(row, line.corners + origin) for line in lines_here)]
        boxes = [TextBox(_row_corners(row) - origin, 0.0) for row in rest]
        if boxes:
            rois = dbnet.features_of(window, boxes).rois
            lines_here += [AnnotatedLine(box.corners, 0.0, roi) for box, roi in zip(boxes, rois, strict=True)]
        found += [
            MissedLine(replace(line, corners=line.corners + origin), cut_line(window, line.corners))
            for line in lines_here
        ]
    return found


def _windows(rows: Sequence[Box], shape: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Return the rows with their margins, those that overlap in one window."""
    windows: list[Box] = []
    for x0, y0, x1, y1 in sorted(rows, key=lambda row: row[1]):
        height = y1 - y0
        window = (
            max(0.0, x0 - _MARGIN_ALONG_HEIGHTS * height), max(0.0, y0 - _MARGIN_ACROSS_HEIGHTS * height),
            min(float(shape[1]), x1 + _MARGIN_ALONG_HEIGHTS * height),
            min(float(shape[0]), y1 + _MARGIN_ACROSS_HEIGHTS * height),
        )  # fmt: skip
        for other in [other for other in windows if _intersect(other, window)]:
            windows.remove(other)
            (left, top), (right, bottom) = map(min, other[:2], window[:2]), map(max, other[2:], window[2:])
            window = (left, top, right, bottom)
        windows.append(window)
    return [(int(x0), int(y0), ceil(x1), ceil(y1)) for x0, y0, x1, y1 in windows]


def _row_corners(row: Box) -> F32:
    """Return the corners of a line around a row of glyphs: its boxes end where the ink does."""
    margin = _ROW_MARGIN_HEIGHTS * (row[3] - row[1])
    return box_corners((row[0] - margin, row[1] - margin, row[2] + margin, row[3] + margin))


def _intersect(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_same(row: Box, corners: F32) -> bool:
    """Return whether a line takes in the middle of a row, or the row that of the line."""
    box = (*corners.min(0).tolist(), *corners.max(0).tolist())
    return _holds_middle(box, row) or _holds_middle(row, box)


def _holds_middle(box: Sequence[float], other: Sequence[float]) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _without_colour(window: ImageU8) -> ImageU8:
    if window.ndim == 2:
        return window
    brightest, darkest = window.max(axis=2), window.min(axis=2)
    is_coloured = brightest - darkest >= _MIN_SATURATION
    return np.repeat(brightest[:, :, None], 3, axis=2) if is_coloured.mean() >= _MIN_COLOUR_SHARE else window


def _blanked(window: ImageU8, lines: Sequence[F32]) -> ImageU8:
    """Return a window with paper over the lines that are known."""
    blank = np.zeros(window.shape[:2], np.uint8)
    for corners in lines:
        inset = _BLANKING_SHRINK * (corners[[3, 2, 1, 0]] - corners)
        cv2.fillPoly(blank, [np.round(corners + inset).astype(np.int32)], 1)
    blanked = window.copy()
    blanked[blank > 0] = np.median(window.reshape(-1, *window.shape[2:]), axis=0)
    return blanked
