"""Ruled tables: grids of lines that meet, with text in their cells.

Where a line is missing between two places of a grid, they are one cell. Frames around a page or a picture, the axes
of a chart and the boxes of a form are grids as well: a table has at least two rows and two columns, text in many of
its cells, hardly a cell that holds a whole text, and few cells that reach over others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from models.arrays import F64, Mask
from models.layout.grids import Grid, GridCell

_MAX_RULES = 400  # of a page, across and down: more is a drawing
_GAP_HEIGHTS = 0.35  # of the page's lines: rules that come as close as that meet, or are one
_MIN_WALL = 0.7  # of a cell's side, that a rule runs along
_MIN_CELLS = 0.5  # of the places of the grid: fewer cells, and too many reach over others
_MIN_FILLED = 0.4  # of the cells
_MAX_LINES_ACROSS = 0.1  # of the lines of a table, that may reach over the sides of their cells
_MAX_LINES, _MAX_TEXT_CELLS = 12, 0.2  # lines of a cell, and how many of the filled cells may have more


def ruled_grids(rules: F64, boxes: F64) -> list[Grid]:
    """Return the tables that rules make, from top to bottom.

    Args:
        rules: Level and upright ones, (m, 4) as x0, y0, x1, y1 in pixels of the deskewed page.
        boxes: Of the pieces of text, (n, 4) likewise.
    """
    if not len(rules) or not len(boxes):
        return []
    gap = _GAP_HEIGHTS * float(np.median(boxes[:, 3] - boxes[:, 1]))
    is_level = rules[:, 2] - rules[:, 0] >= rules[:, 3] - rules[:, 1]
    level, upright = rules[is_level], rules[~is_level]
    if min(len(level), len(upright)) < 2 or max(len(level), len(upright)) > _MAX_RULES:
        return []
    grids = []
    for of_level, of_upright in _groups(_meet(level, upright, gap)):
        grid = _grid(level[of_level], upright[of_upright], boxes, gap)
        if grid is not None and _is_table(grid) and not _has_lines_across(grid, boxes, gap):
            grids.append(grid)
    return sorted(grids, key=lambda grid: (grid.ys[0], grid.xs[0]))


def _meet(level: F64, upright: F64, gap: float) -> Mask:
    """Return which level rules meet which upright ones, (m, k)."""
    x, y = (upright[:, 0] + upright[:, 2]) / 2, (level[:, 1] + level[:, 3]) / 2
    across = (x[None] >= level[:, 0, None] - gap) & (x[None] <= level[:, 2, None] + gap)
    down = (y[:, None] >= upright[None, :, 1] - gap) & (y[:, None] <= upright[None, :, 3] + gap)
    return np.asarray(across & down, np.bool_)


def _groups(meet: Mask) -> list[tuple[list[int], list[int]]]:
    """Return the level and the upright rules that hang together, two of each at least."""
    left = set(range(len(meet)))
    groups = []
    while left:
        of_level, of_upright = {left.pop()}, set[int]()
        while True:
            more = set(np.flatnonzero(meet[sorted(of_level)].any(axis=0)).tolist()) - of_upright
            of_upright |= more
            found = set(np.flatnonzero(meet[:, sorted(of_upright)].any(axis=1)).tolist()) - of_level
            of_level |= found
            if not found:
                break
        left -= of_level
        if len(of_level) > 1 and len(of_upright) > 1:
            groups.append((sorted(of_level), sorted(of_upright)))
    return groups


def _grid(level: F64, upright: F64, boxes: F64, gap: float) -> Grid | None:
    """Return the grid of rules that hang together, with the text in it; None where it is no grid."""
    xs = _places([*((upright[:, 0] + upright[:, 2]) / 2), level[:, 0].min(), level[:, 2].max()], gap)
    ys = _places([*((level[:, 1] + level[:, 3]) / 2), upright[:, 1].min(), upright[:, 3].max()], gap)
    if len(xs) < 3 or len(ys) < 3 or (len(xs) - 1) * (len(ys) - 1) > _MAX_RULES * 10:
        return None
    beside = _walls(xs, ys, upright[:, [0, 2]].mean(axis=1), upright[:, [1, 3]], gap)  # (columns + 1, rows)
    above = _walls(ys, xs, level[:, [1, 3]].mean(axis=1), level[:, [0, 2]], gap)  # (rows + 1, columns)
    pieces = _pieces(xs, ys, boxes)
    taken = np.zeros((len(ys) - 1, len(xs) - 1), np.bool_)
    cells = []
    for row, column in np.ndindex(taken.shape):
        if taken[row, column]:
            continue
        below, right = row + 1, column + 1
        while right < len(xs) - 1 and not beside[right, row] and not taken[row, right]:
            right += 1
        while below < len(ys) - 1 and not (above[below, column:right].any() or taken[below, column:right].any()):
            if beside[column + 1 : right, below].any():
                break
            below += 1
        taken[row:below, column:right] = True
        inside = [one for r in range(row, below) for c in range(column, right) for one in pieces.get((r, c), ())]
        cells.append(GridCell(row, column, below - row, right - column, tuple(sorted(inside))))
    return Grid(tuple(xs), tuple(ys), tuple(cells))


def _places(values: Sequence[float], gap: float) -> list[float]:
    """Return the means of values that are closer than a gap, ascending."""
    groups: list[list[float]] = []
    for value in sorted(map(float, values)):
        if groups and value - groups[-1][-1] <= gap:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def _walls(places: Sequence[float], ends: Sequence[float], at: F64, spans: F64, gap: float) -> Mask:
    """Return whether a rule runs along a place from one end to the next, (places, ends - 1); the outer ones do."""
    walls = np.zeros((len(places), len(ends) - 1), np.bool_)
    walls[[0, -1]] = True
    sides = np.array([*pairwise(ends)])
    for number in range(1, len(places) - 1):
        near = spans[np.abs(at - places[number]) <= 2 * gap]
        shared = np.minimum(near[:, None, 1], sides[None, :, 1]) - np.maximum(near[:, None, 0], sides[None, :, 0])
        walls[number] = np.maximum(shared, 0).sum(axis=0) >= _MIN_WALL * (sides[:, 1] - sides[:, 0])
    return walls


def _pieces(xs: Sequence[float], ys: Sequence[float], boxes: F64) -> dict[tuple[int, int], list[int]]:
    """Return the pieces of text by the row and the column that their middle is in."""
    columns = np.searchsorted(xs, (boxes[:, 0] + boxes[:, 2]) / 2) - 1
    rows = np.searchsorted(ys, (boxes[:, 1] + boxes[:, 3]) / 2) - 1
    inside = (columns >= 0) & (columns < len(xs) - 1) & (rows >= 0) & (rows < len(ys) - 1)
    found: dict[tuple[int, int], list[int]] = {}
    for number in np.flatnonzero(inside).tolist():
        found.setdefault((int(rows[number]), int(columns[number])), []).append(number)
    return found


def _has_lines_across(grid: Grid, boxes: F64, gap: float) -> bool:
    """Return whether many lines of text reach over the sides of their cells: then its cells are not known."""
    across = total = 0
    for cell in grid.cells:
        x0, _, x1, _ = grid.box_of(cell)
        across += sum(boxes[one, 0] < x0 - 2 * gap or boxes[one, 2] > x1 + 2 * gap for one in cell.pieces)
        total += len(cell.pieces)
    return across > _MAX_LINES_ACROSS * total


def _is_table(grid: Grid) -> bool:
    filled = [cell for cell in grid.cells if cell.pieces]
    places = (len(grid.xs) - 1) * (len(grid.ys) - 1)
    if len(grid.cells) < max(4, _MIN_CELLS * places) or len(filled) < _MIN_FILLED * len(grid.cells):
        return False
    long = sum(len(cell.pieces) > _MAX_LINES for cell in filled)
    rows, columns = {cell.row for cell in filled}, {cell.column for cell in filled}
    return long <= _MAX_TEXT_CELLS * len(filled) and len(rows) > 1 and len(columns) > 1
