"""The grid of a table: where its rows and columns end, and which pieces of text are in which cell."""

from __future__ import annotations

from dataclasses import dataclass

from models.layout.geometry import Box


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell: its first row and column, from 0, over how many it reaches, and its pieces of text by number."""

    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    pieces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """One table.

    Attributes:
        xs: Where columns begin and end, from left to right, one more than columns; pixels of the deskewed page.
        ys: Likewise of rows, from top to bottom.
        cells: Row by row, each from left to right; they cover the grid, and none covers another.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[GridCell, ...]

    @property
    def box(self) -> Box:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    @property
    def pieces(self) -> set[int]:
        return {piece for cell in self.cells for piece in cell.pieces}

    def box_of(self, cell: GridCell) -> Box:
        """Return a cell's box."""
        return (
            self.xs[cell.column], self.ys[cell.row],
            self.xs[cell.column + cell.column_span], self.ys[cell.row + cell.row_span],
        )  # fmt: skip
