"""Rows of cells on scanned forms that want one character each: combs, and boxes that share their borders.

A detector takes their strokes for letters, and misses characters that stand alone. So the cells are found by their
rules, each is read by itself, and the page has paper where they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2
import numpy as np

from models.arrays import ImageU8
from models.layout.geometry import Box
from models.pages.glyphs import page_ink
from models.pages.ink import components
from models.pages.pixels import grey, shrink

_MIN_CELLS = 5
_MIN_RULE_DEPTH = 0.1  # of the page's contrast: frames are printed paler than what is written into them
# Of the page's letters, in their height.
_MIN_PITCH_HEIGHTS, _MAX_PITCH_HEIGHTS = 0.9, 4.5
_MIN_RULE_HEIGHTS = 4.0  # strokes of letters are shorter
_MAX_RULE_THICKNESS_HEIGHTS = 0.4
# Of the pitch, which is the width of a cell.
_BAND = 0.12  # over the lower rule, in which the strokes between cells stand on it
_MIN_STROKE_INK = 0.7  # of the band's height
_MAX_STROKE = 0.25
_MAX_OFF = 0.15  # from where the next stroke is expected
_MIN_HEIGHT, _MAX_HEIGHT = 0.7, 2.5  # of a cell
_MIN_GLYPH, _MIN_GLYPH_HEIGHTS = 0.3, 0.6  # height of what is a character or a part of it; of the page's letters
_MAX_PARTS = 2  # of one character: an i, or one that is broken
_MAX_CROWDED = 0.15  # of the cells that are filled, that may have more: else they hold words
_MAX_END = 0.3  # from the ends of the rule to the outer strokes: an underlined word has its stems anywhere
_MIN_STROKE, _MIN_HIGH_STROKES = 0.22, 0.9  # height of strokes, and how many of them are as high
_MAX_GLYPH = 0.85  # height of a character, usual in the row: letters that touch a line under them are higher
_MAX_OFF_MIDDLE = 0.3  # of a character from the middle of its cell, usual in the row


@dataclass(frozen=True, slots=True)
class CellRow:
    """One row of cells.

    Attributes:
        cells: The inside of each, in page pixels, from left to right.
        ink: Where the character in each stands, None for an empty cell.
        box: Around the row, with its rules.
    """

    cells: tuple[Box, ...]
    ink: tuple[Box | None, ...]
    box: Box


def find_cell_rows(pixels: ImageU8, letter_height: float) -> list[CellRow]:
    """Return the rows of cells of an upright page, from top to bottom.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        letter_height: The usual height of its glyph components in pixels; 0 where there are none.
    """
    if letter_height <= 0:
        return []
    small = shrink(grey(pixels))
    scale = max(pixels.shape[:2]) / max(small.shape)
    height = letter_height / scale
    ink, pale = page_ink(small), page_ink(small, _MIN_RULE_DEPTH)
    rules = _level_rules(pale, height)
    if not rules:
        return []
    found = []
    for rule in rules:
        strokes = _strokes(pale, rule, height)
        if len(strokes) > _MIN_CELLS:
            row = _row(ink, rule, strokes, rules, height)
            if row is not None:
                found.append(_scaled(row, scale))
    return sorted(found, key=lambda row: row.box[1])


def blanked_rows(pixels: ImageU8, rows: Sequence[CellRow]) -> ImageU8:
    """Return a page with paper where its rows of cells are."""
    if not rows:
        return pixels
    copy = pixels.copy()
    paper = np.percentile(pixels.reshape(-1, *pixels.shape[2:]), 75, axis=0)
    for row in rows:
        x0, y0, x1, y1 = (max(0, round(side)) for side in row.box)
        copy[y0:y1, x0:x1] = paper
    return copy


def _level_rules(ink: ImageU8, height: float) -> list[Box]:
    """Return the level rules, one that slopes a little among them, as boxes."""
    length = max(20, round(_MIN_RULE_HEIGHTS * height))
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    lines = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    outlines, _ = cv2.findContours(lines, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = [cv2.boundingRect(outline) for outline in outlines]
    most = max(6.0, _MAX_RULE_THICKNESS_HEIGHTS * height)
    return [(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h in boxes if h <= most]


def _strokes(ink: ImageU8, rule: Box, height: float) -> list[float]:
    """Return where strokes stand on a rule at equal distances, from left to right; none where they do not."""
    x0, y0, x1, _ = (int(side) for side in rule)
    band = max(3, round(_BAND * _MIN_PITCH_HEIGHTS * 2 * height))
    left = max(0, x0 - 3)
    strip = ink[max(0, y0 - band) : y0, left : x1 + 3]
    if strip.shape[0] < 3:
        return []
    inked = np.flatnonzero(np.diff(np.concatenate([[0], strip.mean(0) >= _MIN_STROKE_INK, [0]])))
    starts, ends = inked[::2], inked[1::2]
    thin = ends - starts <= max(4, _MAX_STROKE * _MIN_PITCH_HEIGHTS * 2 * height)
    middles = left + (starts + ends)[thin] / 2
    if len(middles) <= _MIN_CELLS:
        return []
    gaps = np.diff(middles)
    wide = gaps[(gaps >= _MIN_PITCH_HEIGHTS * height) & (gaps <= _MAX_PITCH_HEIGHTS * height)]
    chains = [_chain(middles, float(pitch)) for pitch in np.unique(np.round(wide))]
    best = max(chains, key=len, default=[])
    return best if len(best) > _MIN_CELLS and _stand_on(ink, rule, best) else []


def _stand_on(ink: ImageU8, rule: Box, strokes: Sequence[float]) -> bool:
    """Return whether strokes stand on a rule from its one end to the other, each a good part of a cell high."""
    pitch = (strokes[-1] - strokes[0]) / (len(strokes) - 1)
    x0, y0, x1, _ = rule
    if abs(strokes[0] - x0) > _MAX_END * pitch or abs(strokes[-1] - x1) > _MAX_END * pitch:
        return False
    band = ink[max(0, int(y0 - _MIN_STROKE * pitch)) : int(y0)]
    reach = max(1, round(0.05 * pitch))
    columns = [band[:, max(0, round(x) - reach) : round(x) + reach + 1] for x in strokes]
    high = [column.size and column.any(1).mean() >= _MIN_STROKE_INK for column in columns]
    return sum(map(bool, high)) >= _MIN_HIGH_STROKES * len(strokes)


def _chain(middles: np.ndarray, pitch: float) -> list[float]:
    """Return the longest run of places that are a pitch apart from each other."""
    best: list[float] = []
    for first in middles[: max(1, len(middles) - _MIN_CELLS)]:
        if best and first <= best[-1]:
            continue
        run = [float(first)]
        while True:
            expected = run[-1] + pitch
            nearest = float(middles[np.abs(middles - expected).argmin()])
            if abs(nearest - expected) > max(1.5, _MAX_OFF * pitch):
                break
            run.append(nearest)
        best = max(best, run, key=len)
    return best


def _row(ink: ImageU8, rule: Box, strokes: Sequence[float], rules: Sequence[Box], height: float) -> CellRow | None:
    """Return the row of cells over a rule; None where they hold more than a character each."""
    pitch = (strokes[-1] - strokes[0]) / (len(strokes) - 1)
    bottom = rule[1]
    above = [
        other[3] for other in rules
        if _MIN_HEIGHT * pitch <= bottom - other[3] <= _MAX_HEIGHT * pitch
        and other[0] <= strokes[0] + pitch / 2 and other[2] >= strokes[-1] - pitch / 2
    ]  # fmt: skip
    top = max(above, default=bottom - 1.5 * pitch)
    margin = max(1.0, 0.06 * pitch)
    cells = [(x0 + margin, top, x1 - margin, bottom) for x0, x1 in pairwise(strokes)]
    least = min(_MIN_GLYPH * pitch, _MIN_GLYPH_HEIGHTS * height)
    parts = [_parts(ink, cell, pitch, least, is_open=not above) for cell in cells]
    filled = sum(bool(found) for found in parts)
    crowded = sum(_is_crowded(found) for found in parts)
    around = [_around(found) for found in parts]
    if filled and (crowded > _MAX_CROWDED * filled or not _stand_in_cells(cells, around, pitch)):
        return None
    upper = min([top if above else bottom, *(box[1] for box in around if box)])
    box = (strokes[0] - margin, min(upper, bottom - pitch / 2) - 2, strokes[-1] + margin, rule[3] + 2)
    return CellRow(tuple(cells), tuple(around), box)


def _is_crowded(parts: Sequence[Box]) -> bool:
    """Return whether parts are more than one character: an i has two, one over the other."""
    ordered = sorted(parts)
    return any(right[0] > left[2] for left, right in pairwise(ordered)) or len(parts) > _MAX_PARTS


def _stand_in_cells(cells: Sequence[Box], around: Sequence[Box | None], pitch: float) -> bool:
    """Return whether characters have the size and the place of what is written into cells."""
    heights = [box[3] - box[1] for box in around if box]
    off = [abs(box[0] + box[2] - cell[0] - cell[2]) / 2 for cell, box in zip(cells, around, strict=True) if box]
    return median(heights) <= _MAX_GLYPH * pitch and median(off) <= _MAX_OFF_MIDDLE * pitch


def _parts(ink: ImageU8, cell: Box, pitch: float, least: float, *, is_open: bool) -> list[Box]:
    """Return the components that are a character, or parts of one, in a cell.

    Args:
        least: Height of such a part in pixels.
        is_open: Whether the cell has no rule above it: what stands higher than it is wide is not in it.
    """
    x0, y0, x1, y1 = (round(side) for side in cell)
    inside = ink[max(0, y0) : y1, max(0, x0) : x1]
    if inside.size == 0:
        return []
    found = []
    for x, y, width, height in components(inside).boxes.tolist():
        touches_side = (x == 0 or x + width >= inside.shape[1]) and width <= 0.15 * pitch
        is_level_edge = height <= 0.15 * pitch and width >= 0.6 * pitch
        is_above = is_open and y + height / 2 < inside.shape[0] - pitch
        if height >= least and not touches_side and not is_level_edge and not is_above:
            found.append((x0 + x, y0 + y, x0 + x + width, y0 + y + height))
    return found


def _around(parts: Sequence[Box]) -> Box | None:
    if not parts:
        return None
    x0, y0, x1, y1 = zip(*parts, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _scaled(row: CellRow, scale: float) -> CellRow:
    def on_page(box: Box) -> Box:
        x0, y0, x1, y1 = box
        return x0 * scale, y0 * scale, x1 * scale, y1 * scale

    ink = tuple(None if box is None else on_page(box) for box in row.ink)
    return CellRow(tuple(map(on_page, row.cells)), ink, on_page(row.box))
