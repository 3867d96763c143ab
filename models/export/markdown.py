"""Markdown (CommonMark, and tables as GitHub has them): a paragraph of the page is one of the file.

Headings, items of lists and tables are such where the record has them; a cell that reaches over others stands in
the first of them. Pages are separated by comments, which no reader shows; they also have why a page failed or is
missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.errors import as_unicode
from models.export.markup import comment
from models.export.page_parts import Paragraph, paragraphs_of, why_unread
from models.export.types import ExportedDocument, ExportedPage, ExportedTable

_SPECIAL = re.compile(r"[\\`*_\[\]<>~|$]|&(?=#?\w+;)")
_BLOCK = re.compile(
    r"([-+=#](?=[-+=#\s]|$))|(\d{1,9})(?=[.)](\s|$))"
)  # where a line begins: lists, headings, rules

_BULLET = re.compile(r"[•·▪◦‣●○■–—*-]\s*")
_NUMBER = re.compile(r"(\d{1,9})[.)]\s+(.*)")


def write_markdown(document: ExportedDocument) -> Iterator[bytes]:
    """Yield each page's paragraphs, under the document's name where there are several."""
    blocks_before = document.place or 0
    if document.place is not None:
        yield _after(blocks_before, f"# {escaped(as_unicode(document.name))}\n")
        blocks_before = 1
    for index, (number, page) in enumerate(document.every_page()):
        blocks = _blocks(number, page, is_first=index == 0)
        yield _after(blocks_before, "\n".join(blocks))
        blocks_before += len(blocks)


def escaped(text: str) -> str:
    """Return one line of text that Markdown shows as it is."""
    text = _inline(text)
    begins = _BLOCK.match(text)
    if begins is None:
        return text
    return f"\\{text}" if begins[1] else f"{begins[2]}\\{text[begins.end() :]}"


def _inline(text: str) -> str:
    """Return text as it is written where no block can begin: in headings and cells."""
    return _SPECIAL.sub(r"\\\g<0>", as_unicode(" ".join(text.split())))


def _blocks(number: int, page: ExportedPage | None, *, is_first: bool) -> list[str]:
    """Return the blocks of a page, each with the end of its line."""
    if page is None or page.exception is not None:
        return [f"{comment(f'page {number + 1}: {why_unread(page)}')}\n"]
    head = [] if is_first else [f"{comment(f'page {number + 1}')}\n"]
    blocks, tables = [], set[int]()
    for paragraph in paragraphs_of(page):
        if paragraph.table is None or paragraph.table >= len(page.tables):
            blocks.append(f"{_paragraph(paragraph)}\n")
        elif paragraph.table not in tables:  # several paragraphs may be of one table
            tables.add(paragraph.table)
            blocks.append(_table(page.tables[paragraph.table]))
    return head + blocks


def _paragraph(paragraph: Paragraph) -> str:
    if paragraph.role == "heading":
        return f"## {_inline(paragraph.text)}"
    if paragraph.role == "list":
        number, text = _NUMBER.match(paragraph.text), _BULLET.sub("", paragraph.text)
        return f"{number[1]}. {escaped(number[2])}" if number else f"- {escaped(text)}"
    return escaped(paragraph.text)


def _table(table: ExportedTable) -> str:
    """Return a table, its first row as the head, for Markdown has no tables without one."""
    rows = _grid(table)
    columns = max(map(len, rows), default=0)
    lines = [f"| {' | '.join(row + [''] * (columns - len(row)))} |\n" for row in rows]
    return "".join([*lines[:1], f"|{' --- |' * columns}\n", *lines[1:]])


def _grid(table: ExportedTable) -> list[list[str]]:
    """Return the texts of a table's places; those that a cell reaches over are empty."""
    places: dict[tuple[int, int], str] = {}
    for row, cells in enumerate(table.rows):
        column = 0
        for cell in cells:
            while (row, column) in places:
                column += 1
            reached = [(row + n, column + m) for n in range(cell.row_span) for m in range(cell.column_span)]
            places |= dict.fromkeys(reached, "")
            places[row, column] = _inline(cell.text)
    columns = max((column for _, column in places), default=-1) + 1
    return [[places.get((row, column), "") for column in range(columns)] for row in range(len(table.rows))]


def _after(blocks_before: int, text: str) -> bytes:
    return (f"\n{text}" if blocks_before and text else text).encode()
