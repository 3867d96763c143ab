"""Tables without rules: rows whose cells align over several lines.

What stands on one row is decided before (reading_order.py): the lines of prose columns are no rows here. A table
has at least three rows of two cells or more that follow each other and whose cells keep to the same columns. That
is not enough: addresses side by side, labels with their values, lists with their marks and tables of contents do
so as well. So a table has a column of numbers, and one of two columns has its numbers on the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from models.arrays import F64
from models.layout.grids import Grid, GridCell
from models.layout.table_texts import reads_like_table
from models.layout.text_flow import is_number

# Distances are in line heights: the median height of the pieces of the rows.
_MAX_WORD_GAP_HEIGHTS = 1.0  # between two pieces of one cell
_MAX_WHITE_HEIGHTS = 2.5  # between two rows of one table
_MAX_LONE_ROWS = 2  # of one cell, in succession: what wraps, and headings between rows
_MAX_TRIALS = 8  # of a run: one takes up to 20 ms with 500 rows
_MIN_ROWS = 3  # of two cells or more
_MAX_OFF_HEIGHTS = 0.7  # from where the cells of a column begin, end or have their middle
_MIN_ALIGNED_CELLS = 0.6  # of a column
_MIN_ALIGNED_COLUMNS = 0.7
_MIN_FILLED = 0.55  # of the places in rows of two cells or more
_MAX_ACROSS = 0.15  # of the rows, that may have a cell across a gutter


@dataclass(frozen=True, slots=True)
class _Cell:
    """Pieces of text that stand no further apart than words, by their numbers, and the box around them."""

    pieces: list[int]
    x0: float
    y0: float
    x1: float
    y1: float


_Row = list[_Cell]
_Span = tuple[float, float]


def aligned_grids(rows: Sequence[Sequence[int]], boxes: F64, texts: Sequence[str]) -> list[Grid]:
    """Return the tables among rows of text.

    Args:
        rows: Numbers of the pieces that are read as one row, from left to right, in reading order.
        boxes: Of the pieces, (n, 4) pixels of the deskewed page.
        texts: Of the pieces.
    """
    found = [_cells(row, boxes) for row in rows if row]
    if sum(len(row) > 1 for row in found) < _MIN_ROWS:
        return []
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    grids = []
    for run in _runs(found, height):
        numbers = sum(is_number(_text(cell, texts)) for row in run for cell in row[1:])
        if numbers >= _MIN_ROWS - 1:
            grids += _grids_of(run, texts)
    return grids


def _cells(row: Sequence[int], boxes: F64) -> _Row:
    cells: _Row = []
    for number in row:
        x0, y0, x1, y1 = boxes[number].tolist()
        before = cells[-1] if cells else None
        if before and x0 - before.x1 <= _MAX_WORD_GAP_HEIGHTS * min(y1 - y0, before.y1 - before.y0):
            top, bottom = min(before.y0, y0), max(before.y1, y1)
            cells[-1] = _Cell([*before.pieces, number], min(before.x0, x0), top, max(before.x1, x1), bottom)
        else:
            cells.append(_Cell([number], x0, y0, x1, y1))
    return cells


def _runs(rows: Sequence[_Row], height: float) -> list[list[_Row]]:
    """Return the rows that may be one table: close below each other, with few of one cell among them."""
    runs: list[list[_Row]] = [[]]
    lone = 0
    for row in rows:
        run = runs[-1]
        lone = lone + 1 if len(row) == 1 else 0
        if run and (lone > _MAX_LONE_ROWS or not _follows(run, row, height)):
            runs.append([])
        if len(row) > 1 or runs[-1]:
            runs[-1].append(row)
    return [found for run in runs if (found := _trimmed(run))]


def _trimmed(run: Sequence[_Row]) -> list[_Row]:
    """Return a run without the rows of one cell at its ends; empty where too little is left."""
    wide = [number for number, row in enumerate(run) if len(row) > 1]
    return list(run[wide[0] : wide[-1] + 1]) if len(wide) >= _MIN_ROWS else []


def _follows(run: Sequence[_Row], row: _Row, height: float) -> bool:
    white = _top(row) - _bottom(run[-1])
    left, right = min(one[0].x0 for one in run), max(one[-1].x1 for one in run)
    return -height < white <= _MAX_WHITE_HEIGHTS * height and row[0].x0 < right and row[-1].x1 > left


def _top(row: _Row) -> float:
    return median(cell.y0 for cell in row)


def _bottom(row: _Row) -> float:
    return median(cell.y1 for cell in row)


def _grids_of(run: Sequence[_Row], texts: Sequence[str]) -> list[Grid]:
    """Return the tables of a run: it may be cut where its rows stand furthest apart."""
    open_runs, grids = [list(run)], []
    for _ in range(_MAX_TRIALS):
        if not open_runs:
            break
        rows = open_runs.pop()
        height = median(cell.y1 - cell.y0 for row in rows for cell in row)
        columns = _columns(rows, height)
        if _is_table(rows, columns, texts, height):
            grids.append(_grid(rows, columns))
            continue
        white = [_top(below) - _bottom(above) for above, below in pairwise(rows)]
        widest = int(np.argmax(white))
        if white[widest] > height / 2 and white[widest] > 1.5 * median(white):
            parts = (_trimmed(rows[widest + 1 :]), _trimmed(rows[: widest + 1]))
        else:  # what stands over a table is more often a row of something else than what stands under it
            parts = (_trimmed(rows[1:]), [])
        open_runs += [part for part in parts if part]
    return grids


def _columns(rows: Sequence[_Row], height: float) -> list[_Span]:
    """Return left and right of the columns: what hardly any row of several cells has white between."""
    wide = [row for row in rows if len(row) > 1]
    spans = np.array([[cell.x0, cell.x1] for row in wide for cell in row])
    edges = np.unique(spans)
    first, last = np.searchsorted(edges, spans[:, 0]), np.searchsorted(edges, spans[:, 1])
    steps = np.zeros(len(edges), np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, last, -1)
    covering = np.cumsum(steps)[:-1]
    allowed = max(int(len(wide) >= 2 * _MIN_ROWS), int(_MAX_ACROSS * len(wide)))
    columns: list[_Span] = []
    for left, right, count in zip(edges[:-1].tolist(), edges[1:].tolist(), covering.tolist(), strict=True):
        if count <= allowed:
            continue
        if columns and left - columns[-1][1] < height / 4:
            columns[-1] = (columns[-1][0], right)
        else:
            columns.append((left, right))
    return columns


def _places(row: _Row, columns: Sequence[_Span]) -> list[tuple[int, int]]:
    """Return for each cell of a row its first and its last column; they are apart."""
    places: list[tuple[int, int]] = []
    for cell in row:
        shared = [min(cell.x1, right) - max(cell.x0, left) for left, right in columns]
        inside = [
            number
            for number, (left, right) in enumerate(columns)
            if shared[number] > 0.5 * min(right - left, cell.x1 - cell.x0)
        ] or [shared.index(max(shared))]
        free = places[-1][1] + 1 if places else 0
        places.append((max(inside[0], free), max(inside[-1], free)))
    return places


def _is_table(rows: Sequence[_Row], columns: Sequence[_Span], texts: Sequence[str], height: float) -> bool:
    if len(columns) < 2:
        return False
    wide = [row for row in rows if len(row) > 1]
    by_column: list[list[_Cell]] = [[] for _ in columns]
    for row in wide:
        for cell, (start, end) in zip(row, _places(row, columns), strict=True):
            if end >= len(columns):
                return False  # two cells of a row in one column
            if start == end:
                by_column[start].append(cell)
    filled = sum(map(len, by_column)) / (len(wide) * len(columns))
    aligned = [_is_aligned(cells, height) for cells in by_column]
    if filled < _MIN_FILLED or sum(aligned) < _MIN_ALIGNED_COLUMNS * len(columns):
        return False
    words = [[_text(cell, texts) for cell in cells] for cells in by_column]
    return reads_like_table(words)


def _is_aligned(cells: Sequence[_Cell], height: float) -> bool:
    if len(cells) < 2:
        return False
    edges = np.array([[cell.x0, cell.x1, (cell.x0 + cell.x1) / 2] for cell in cells])
    off = np.abs(edges - np.median(edges, axis=0)) <= _MAX_OFF_HEIGHTS * height
    return bool(off.mean(axis=0).max() >= _MIN_ALIGNED_CELLS)


def _text(cell: _Cell, texts: Sequence[str]) -> str:
    return " ".join(texts[piece] for piece in cell.pieces if texts[piece])


def _grid(rows: Sequence[_Row], columns: Sequence[_Span]) -> Grid:
    """Return a table whose rows and columns meet in the middle of the white between them."""
    xs = _borders([*columns], min(row[0].x0 for row in rows), max(row[-1].x1 for row in rows))
    tops = [(_top(row), _bottom(row)) for row in rows]
    ys = _borders(tops, min(cell.y0 for cell in rows[0]), max(cell.y1 for cell in rows[-1]))
    cells = []
    for number, row in enumerate(rows):
        taken = 0
        for cell, (start, end) in zip(row, _places(row, columns), strict=True):
            first, last = min(start, len(columns) - 1), min(end, len(columns) - 1)
            cells += [GridCell(number, column) for column in range(taken, first)]
            if first < taken:  # where columns are crowded, it stands with the cell before it
                before = cells[-1]
                cells[-1] = GridCell(number, before.column, 1, before.column_span, (*before.pieces, *cell.pieces))
                continue
            cells.append(GridCell(number, first, 1, last - first + 1, tuple(cell.pieces)))
            taken = last + 1
        cells += [GridCell(number, column) for column in range(taken, len(columns))]
    return Grid(tuple(xs), tuple(ys), tuple(cells))


def _borders(spans: Sequence[_Span], first: float, last: float) -> list[float]:
    between = [(before[1] + after[0]) / 2 for before, after in pairwise(spans)]
    return [min(first, spans[0][0]), *between, max(last, spans[-1][1])]
