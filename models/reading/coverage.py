"""Ink that looks like text and that no line covers: what a reader has missed.

Rows of glyph components are text-like: of one height, on one level, side by side. Pictures, rules, specks and the
edges of a scan make components as well, but few such rows.

Forms have rows of one character a cell, of which detectors find each alone, or miss it: such a glyph is text, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.layout.geometry import Box
from models.pages.glyphs import Glyphs
from models.pages.ink import components

# Lengths are in letter heights, the usual height of the page's glyph components.
_CELLS_PER_HEIGHT = 4
_MARGIN_HEIGHTS = 0.35  # around a line, that its ink may reach
_MAX_GAP_HEIGHTS = 1.5  # between two words of a row
_MIN_ROW_LENGTH_HEIGHTS, _MAX_ROW_HEIGHT_HEIGHTS = 3.0, 2.5
_MIN_ROW_GLYPHS = 4
_MAX_HEIGHT_VARIATION = 0.45  # standard deviation over mean, of a row's glyphs
_MAX_LEVEL_DEVIATION_HEIGHTS = 0.35  # standard deviation of their lower edges
# A row of lone characters has three that were found and are as high as the one that was not; the nearest is near.
_MIN_LONE_NEIGHBOURS, _MAX_LONE_RATIO, _MAX_LONE_GAP_HEIGHTS = 3, 1.3, 4.0
_MAX_LONE_WIDTH_HEIGHTS = 2.0  # of a line, that holds one glyph
_EDGE_SHARE = 0.01  # of the page's shorter side: what touches its edge is the scanner's shadow


@dataclass(frozen=True, slots=True)
class UnreadInk:
    """Text-like ink under no line.

    Attributes:
        rows: Boxes around it, row by row, in pixels of the page.
        glyphs: How many glyph components that is.
        coverage: Share of the page's text-like glyphs that lines cover, in [0, 1]; 1 on a page without any.
    """

    rows: tuple[Box, ...]
    glyphs: int
    coverage: float


def unread_ink(glyphs: Glyphs, shape: tuple[int, ...], lines: Sequence[F32]) -> UnreadInk:
    """Return the text-like ink of an upright page that no line covers.

    Args:
        glyphs: Of the page.
        shape: Of the page: its height and width come first.
        lines: Corners of all lines and signatures, (n, 2) page pixels each.
    """
    if glyphs.height <= 0:
        return UnreadInk((), 0, 1.0)
    cell = max(1.0, glyphs.height / _CELLS_PER_HEIGHT)
    covered = _covered(lines, shape, cell, _MARGIN_HEIGHTS * glyphs.height)
    columns, rows = ((glyphs.boxes[:, k] + glyphs.boxes[:, k + 2] / 2) // cell for k in (0, 1))
    is_covered = covered[rows.astype(int), columns.astype(int)] > 0
    boxes = _rows(Glyphs(glyphs.boxes[~is_covered], glyphs.height, 0.0), shape, cell)
    boxes += _missed_in_cells(glyphs.boxes[is_covered], glyphs.boxes[~is_covered], lines, [box for box, _ in boxes])
    unread = sum(count for _, count in boxes)
    read = int(is_covered.sum())
    return UnreadInk(tuple(box for box, _ in boxes), unread, read / (read + unread) if read + unread else 1.0)


def _missed_in_cells(found: F32, missed: F32, lines: Sequence[F32], rows: Sequence[Box]) -> list[tuple[Box, int]]:
    """Return the box of each missed glyph that stands on a level with characters that are lines by themselves.

    Args:
        found, missed: Glyphs that lines cover and those that they do not, (n, 4).
        lines: Corners of all lines.
        rows: What is known to be missed.
    """
    middles = found[:, :2] + found[:, 2:] / 2
    alone = []
    for corners in lines:
        low, high = corners.min(0), corners.max(0)
        inside = np.flatnonzero(((middles > low) & (middles < high)).all(1))
        if len(inside) == 1 and high[0] - low[0] < _MAX_LONE_WIDTH_HEIGHTS * found[inside[0], 3]:
            alone.append(inside[0])
    if len(alone) < _MIN_LONE_NEIGHBOURS or not len(missed):
        return []
    lone = found[alone]
    boxes = []
    for x, y, width, height in missed.tolist():
        is_level = np.abs(lone[:, 1] + lone[:, 3] - y - height) <= _MAX_LEVEL_DEVIATION_HEIGHTS * height
        is_alike = (lone[:, 3] > height / _MAX_LONE_RATIO) & (lone[:, 3] < height * _MAX_LONE_RATIO)
        gaps = np.maximum(lone[:, 0] - x - width, x - lone[:, 0] - lone[:, 2])
        near = gaps[is_level & is_alike]
        box = (x, y, x + width, y + height)
        is_known = any(row[0] <= x and row[1] <= y and row[2] >= box[2] and row[3] >= box[3] for row in rows)
        if len(near) >= _MIN_LONE_NEIGHBOURS and 0 < near.min() < _MAX_LONE_GAP_HEIGHTS * height and not is_known:
            boxes.append((box, 1))
    return boxes


def _covered(lines: Sequence[F32], shape: tuple[int, ...], cell: float, margin: float) -> ImageU8:
    """Return the cells that lines cover, with a margin, as 1."""
    mask = np.zeros((int(shape[0] / cell) + 1, int(shape[1] / cell) + 1), np.uint8)
    for corners in lines:
        cv2.fillPoly(mask, [np.round(corners / cell).astype(np.int32)], 1)
    reach = 2 * round(margin / cell) + 1
    return np.asarray(cv2.dilate(mask, np.ones((reach, reach), np.uint8)), np.uint8)


def _rows(glyphs: Glyphs, shape: tuple[int, ...], cell: float) -> list[tuple[Box, int]]:
    """Return the box of each text-like row of glyphs, and how many glyphs it has."""
    if len(glyphs.boxes) < _MIN_ROW_GLYPHS:
        return []
    marked = np.zeros((int(shape[0] / cell) + 1, int(shape[1] / cell) + 1), np.uint8)
    for x, y, width, height in (glyphs.boxes / cell).astype(int).tolist():
        marked[y : y + height + 1, x : x + width + 1] = 1
    reach = round(_MAX_GAP_HEIGHTS * _CELLS_PER_HEIGHT)
    padded = cv2.copyMakeBorder(marked, 0, 0, reach, reach, cv2.BORDER_CONSTANT, value=0)
    joined = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))[:, reach:-reach]
    labels = components(np.asarray(joined, np.uint8)).labels
    columns, rows = ((glyphs.boxes[:, k] + glyphs.boxes[:, k + 2] / 2) // cell for k in (0, 1))
    of_row = labels[rows.astype(int), columns.astype(int)]
    found = []
    for label in np.unique(of_row[of_row > 0]):
        members = glyphs.boxes[of_row == label]
        if _is_text_like(members, glyphs.height, shape):
            x0, y0 = members[:, :2].min(0).tolist()
            x1, y1 = (members[:, :2] + members[:, 2:]).max(0).tolist()
            found.append(((x0, y0, x1, y1), len(members)))
    return found


def _is_text_like(boxes: F32, height: float, shape: tuple[int, ...]) -> bool:
    """Return whether glyphs, (n, 4), make a row of text."""
    left, top = boxes[:, :2].min(0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(0)
    edge = _EDGE_SHARE * min(shape[:2])
    if len(boxes) < _MIN_ROW_GLYPHS or right - left < _MIN_ROW_LENGTH_HEIGHTS * height:
        return False
    if left < edge or top < edge or right > shape[1] - edge or bottom > shape[0] - edge:
        return False
    if bottom - top > _MAX_ROW_HEIGHT_HEIGHTS * height:
        return False
    lower = boxes[:, 1] + boxes[:, 3]
    slope = np.polyfit(boxes[:, 0], lower, 1)
    level = float(np.std(lower - np.polyval(slope, boxes[:, 0])))
    is_even = float(boxes[:, 3].std()) <= _MAX_HEIGHT_VARIATION * float(boxes[:, 3].mean())
    return is_even and level <= _MAX_LEVEL_DEVIATION_HEIGHTS * height
