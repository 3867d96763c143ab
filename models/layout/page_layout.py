"""What the lines of a page make up: its paragraphs with their roles, and its tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.arrays import F64
from models.document import Paragraph, Polygon, Region, Role, Table, TableCell
from models.layout.aligned_tables import aligned_grids
from models.layout.geometry import Box, corners_of
from models.layout.grids import Grid
from models.layout.paragraph_text import paragraph_texts
from models.layout.paragraphs import paragraph_numbers
from models.layout.reading_order import quarter_turns, row_texts, rows_of, upright_boxes
from models.layout.roles import PlacedParagraph, paragraph_roles
from models.layout.ruled_tables import ruled_grids


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page's regions in reading order, each with the number of its paragraph; its paragraphs and its tables."""

    regions: tuple[Region, ...]
    paragraphs: tuple[Paragraph, ...]
    tables: tuple[Table, ...]


def lay_out(regions: Sequence[Region], rotation: float = 0.0, rules: Sequence[Polygon] = ()) -> PageLayout:
    """Return what regions make up.

    Args:
        regions: In reading order.
        rotation: By how many degrees the page's text is rotated clockwise.
        rules: The page's straight lines, both ends of each, in its pixels.
    """
    grids = _grids(regions, rotation, rules)
    tables: list[int | None] = [None] * len(regions)
    for number, (grid, _) in enumerate(grids):
        for piece in grid.pieces:
            tables[piece] = number
    numbers = paragraph_numbers(regions, rotation, tables)
    numbered = tuple(replace(one, paragraph=number) for one, number in zip(regions, numbers, strict=True))
    found = tuple(_table(grid, regions, degrees) for grid, degrees in grids)
    return PageLayout(numbered, _paragraphs(numbered, tables, rotation), found)


def _grids(regions: Sequence[Region], rotation: float, rules: Sequence[Polygon] = ()) -> list[tuple[Grid, float]]:
    """Return the tables, each with the degrees by which its own text is rotated clockwise."""
    boxes, turns = upright_boxes(regions, rotation), np.array(quarter_turns(regions, rotation))
    rows, texts = rows_of(boxes, turns.tolist()), [region.text for region in regions]
    found = []
    for turn in sorted(set(turns.tolist())):
        degrees = rotation + 90 * turn
        grids = [
            _numbered(grid, np.flatnonzero(turns == turn).tolist())
            for grid in ruled_grids(_upright_rules(rules, degrees), np.array(boxes)[turns == turn])
        ]
        ruled = {piece for grid in grids for piece in grid.pieces}
        of_turn = [row for row in rows if turns[row[0]] == turn and ruled.isdisjoint(row)]
        grids += aligned_grids(of_turn, np.array(boxes), texts)
        found += [(grid, degrees) for grid in grids]
    return sorted(found, key=lambda one: min(one[0].pieces))


def _numbered(grid: Grid, numbers: Sequence[int]) -> Grid:
    """Return a grid whose pieces are counted among others, by their numbers there."""
    cells = (replace(cell, pieces=tuple(numbers[piece] for piece in cell.pieces)) for cell in grid.cells)
    return replace(grid, cells=tuple(cells))


def _upright_rules(rules: Sequence[Polygon], degrees: float) -> F64:
    """Return rules as boxes of the page upright, (n, 4)."""
    if not rules:
        return np.empty((0, 4))
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    ends = np.array(rules) @ np.array([[cos, -sin], [sin, cos]])
    return np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1)


def _paragraphs(regions: Sequence[Region], tables: Sequence[int | None], rotation: float) -> tuple[Paragraph, ...]:
    table_of = {region.paragraph: table for region, table in zip(regions, tables, strict=True) if table is not None}
    texts = list(paragraph_texts(regions, rotation))
    for number in table_of:
        texts[number] = "\n".join(row_texts([one for one in regions if one.paragraph == number], rotation))
    roles = _roles(regions, texts, set(table_of), rotation)
    return tuple(Paragraph(text, roles[number], table_of.get(number)) for number, text in enumerate(texts))


def _roles(
    regions: Sequence[Region], texts: Sequence[str], in_tables: set[int], rotation: float
) -> list[Role | None]:
    """Return the role of each paragraph; of those that run up or down the page only tables are known."""
    roles: list[Role | None] = ["table" if number in in_tables else None for number in range(len(texts))]
    boxes: dict[int, list[Box]] = {}
    placed = zip(regions, upright_boxes(regions, rotation), quarter_turns(regions, rotation), strict=True)
    for region, box, turn in placed:
        if turn == 0:
            boxes.setdefault(region.paragraph, []).append(box)
    upright = [PlacedParagraph(texts[number], tuple(found), number in in_tables) for number, found in boxes.items()]
    for number, role in zip(boxes, paragraph_roles(upright), strict=True):
        roles[number] = role
    return roles


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
