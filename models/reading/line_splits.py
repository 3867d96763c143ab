"""Detected lines that run across the gutter between two columns, cut there.

Where columns stand close, a detector takes a line of one and the line beside it for one. Gaps of single lines say
little; a strip that stays white over many rows is a gutter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil

import numpy as np

from models.arrays import F32, F64, ImageU8
from models.kinds.types import AnnotatedLine
from models.layout.geometry import box_corners, box_sides
from models.layout.gutters import Gutter, find_gutters
from models.pages.pixels import grey

Span = tuple[float, float]
"""Left and right end, in page pixels."""

# Lengths are in heights of the detector's boxes, which are some 1.5 times as high as the font.
_MIN_LENGTH_HEIGHTS = 12.0  # shorter lines are no two lines of columns
_MIN_GAP_HEIGHTS = 0.25  # white between two words: narrower gaps are no gutter's
_MIN_WIDTH_HEIGHTS = 0.25  # of what stays white over all rows
_MAX_SLOPE = 0.02  # height over length; the page is deskewed
# Rows on which a gutter has text on both sides: gaps between words fall together on a few. With eight, no line of
# 25 letters and manuscripts in one column was cut, and of ten receipts two lines, between name and amount.
_MIN_ROWS = 8
_MIN_INK_DEPTH = 0.3  # of the line's contrast: paler is grain, or the other side showing through
_MIN_CONTRAST_LEVELS = 24


def split_at_gutters(pixels: ImageU8, lines: Sequence[AnnotatedLine]) -> list[AnnotatedLine]:
    """Return the lines, those that a gutter crosses in pieces, in no particular order.

    Args:
        pixels: The upright page, (H, W, 3) RGB or (H, W) grey uint8.
        lines: With corners in pixels of that page.
    """
    if len(lines) < _MIN_ROWS:
        return list(lines)
    shades = grey(pixels)
    height = float(np.median([box_sides(line.corners)[1] for line in lines]))
    spans = [_inked_spans(shades, line.corners) for line in lines]
    if not any(len(found) > 1 for found in spans):
        return list(lines)
    boxes = np.array([
        [left, line.corners[:, 1].min(), right, line.corners[:, 1].max()]
        for line, found in zip(lines, spans, strict=True) for left, right in found
    ], np.float64)  # fmt: skip
    gutters = find_gutters(boxes, _MIN_WIDTH_HEIGHTS * height)
    gutters = [gutter for gutter in gutters if _rows_beside(gutter, boxes) >= _MIN_ROWS]
    return [piece for line, found in zip(lines, spans, strict=True) for piece in _split(line, found, gutters)]


def _inked_spans(shades: ImageU8, corners: F32) -> list[Span]:
    """Return where a line has ink, from left to right in page pixels, parted where its white is wide.

    A short or a sloping line is one span.
    """
    length, height = box_sides(corners)
    (x0, y0), (x1, y1) = np.maximum(corners.min(0), 0).tolist(), corners.max(0).tolist()
    along = corners[1] - corners[0]
    crop = shades[int(y0) : ceil(y1), int(x0) : ceil(x1)]
    if along[0] <= 0 or abs(along[1]) > _MAX_SLOPE * length or crop.size == 0:
        return [(x0, x1)]
    sample = crop[::2, ::3]
    paper, ink = float(np.median(sample)), float(sample.min())
    inked = np.flatnonzero((crop < paper - _MIN_INK_DEPTH * (paper - ink)).any(axis=0)) + int(x0)
    if paper - ink < _MIN_CONTRAST_LEVELS or not len(inked):
        return [(x0, x1)]
    is_long = length >= _MIN_LENGTH_HEIGHTS * height
    wide = np.flatnonzero(np.diff(inked) > _MIN_GAP_HEIGHTS * height) if is_long else ()
    starts = [inked[0], *(inked[k + 1] for k in wide)]
    ends = [*(inked[k] + 1 for k in wide), inked[-1] + 1]
    return [(float(start), float(end)) for start, end in zip(starts, ends, strict=True)]


def _rows_beside(gutter: Gutter, boxes: F64) -> int:
    """Return how many rows a gutter has with text on both of its sides."""
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    beside = boxes[(middles > gutter.y0) & (middles < gutter.y1)]
    left, right = beside[beside[:, 2] <= gutter.x0 + 1], beside[beside[:, 0] >= gutter.x1 - 1]
    return min(_row_count(left), _row_count(right))


def _row_count(boxes: F64) -> int:
    """Return how many rows boxes make, whatever stands side by side."""
    count, end = 0, float("-inf")
    for top, bottom in sorted(boxes[:, [1, 3]].tolist()):
        if (top + bottom) / 2 > end:
            count, end = count + 1, bottom
    return count


def _split(line: AnnotatedLine, spans: Sequence[Span], gutters: Sequence[Gutter]) -> list[AnnotatedLine]:
    """Return a line in pieces, cut in those of its gaps that are part of a gutter."""
    middle = float(line.corners[:, 1].mean())
    cuts = [
        (left, right)
        for (_, left), (right, _) in pairwise(spans)
        if any(left <= g.x0 + 1 and g.x1 <= right + 1 and g.y0 <= middle <= g.y1 for g in gutters)
    ]
    if not cuts:
        return [line]
    (x0, y0), (x1, y1) = line.corners.min(0).tolist(), line.corners.max(0).tolist()
    starts, ends = [x0, *(right for _, right in cuts)], [*(left for left, _ in cuts), x1]
    return [
        replace(line, corners=box_corners((start, y0, end, y1))) for start, end in zip(starts, ends, strict=True)
    ]
