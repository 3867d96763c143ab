"""What the lines of a page make up: its paragraphs with their roles, and its tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.document import Paragraph, Polygon, Region, Table, TableCell
from models.layout.aligned_tables import aligned_grids
from models.layout.geometry import Box, corners_of
from models.layout.grids import Grid
from models.layout.paragraph_text import paragraph_texts
from models.layout.paragraphs import paragraph_numbers
from models.layout.reading_order import quarter_turns, row_texts, rows_of, upright_boxes


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page's regions in reading order, each with the number of its paragraph; its paragraphs and its tables."""

    regions: tuple[Region, ...]
    paragraphs: tuple[Paragraph, ...]
    tables: tuple[Table, ...]


def lay_out(regions: Sequence[Region], rotation: float = 0.0) -> PageLayout:
    """Return what regions make up.

    Args:
        regions: In reading order.
        rotation: By how many degrees the page's text is rotated clockwise.
    """
    grids = _grids(regions, rotation)
    tables: list[int | None] = [None] * len(regions)
    for number, (grid, _) in enumerate(grids):
        for piece in grid.pieces:
            tables[piece] = number
    numbers = paragraph_numbers(regions, rotation, tables)
    numbered = tuple(replace(one, paragraph=number) for one, number in zip(regions, numbers, strict=True))
    found = tuple(_table(grid, regions, degrees) for grid, degrees in grids)
    return PageLayout(numbered, _paragraphs(numbered, tables, rotation), found)


def _grids(regions: Sequence[Region], rotation: float) -> list[tuple[Grid, float]]:
    """Return the tables, each with the degrees by which its own text is rotated clockwise."""
    boxes, turns = upright_boxes(regions, rotation), quarter_turns(regions, rotation)
    rows, texts = rows_of(boxes, turns), [region.text for region in regions]
    return [
        (grid, rotation + 90 * turn)
        for turn in sorted(set(turns))
        for grid in aligned_grids([row for row in rows if turns[row[0]] == turn], np.array(boxes), texts)
    ]


def _paragraphs(regions: Sequence[Region], tables: Sequence[int | None], rotation: float) -> tuple[Paragraph, ...]:
    table_of = {region.paragraph: table for region, table in zip(regions, tables, strict=True) if table is not None}
    of_tables = {number: [one for one in regions if one.paragraph == number] for number in table_of}
    return tuple(
        Paragraph(text)
        if number not in table_of
        else Paragraph("\n".join(row_texts(of_tables[number], rotation)), "table", table_of[number])
        for number, text in enumerate(paragraph_texts(regions, rotation))
    )


def _table(grid: Grid, regions: Sequence[Region], rotation: float) -> Table:
    rows: list[list[TableCell]] = [[] for _ in grid.ys[1:]]
    for cell in grid.cells:
        text = "\n".join(row_texts([regions[piece] for piece in cell.pieces], rotation))
        polygon = _on_page(grid.box_of(cell), rotation)
        rows[cell.row].append(TableCell(polygon, text, cell.row_span, cell.column_span))
    return Table(_on_page(grid.box, rotation), tuple(map(tuple, rows)))


def _on_page(box: Box, rotation: float) -> Polygon:
    """Return a box of the deskewed page as a polygon on the page: what deskewed_boxes undoes."""
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    return tuple((round(x * cos - y * sin, 1), round(x * sin + y * cos, 1)) for x, y in corners_of(box))
