"""Whether texts that stand in rows and columns are a table: much else stands so as well."""

from __future__ import annotations

from collections.abc import Sequence

from models.layout.text_flow import is_label, is_number

_MIN_COLUMN_NUMBERS = 2  # of a column of numbers
_MIN_NUMBERS = 0.5  # of the cells of a column of numbers
_MAX_LABELS = 0.3  # of the cells of a column: more, and it is a form
_SIGNS = {"=", ":", "≤", "≥", "<", ">", "≈"}  # between the sides of equations, between labels and values
_MAX_WORDS = 5  # of a cell, for it not to be prose
_MAX_PROSE = 0.25  # of the cells outside the one column that explains


def reads_like_table(columns: Sequence[Sequence[str]]) -> bool:
    """Return whether the texts of the cells, column by column, are those of a table.

    A column of numbers that is not the first is asked for, and that no other sign speaks against it.
    """
    return _has_numbers(columns) and not _is_prose(columns) and not _is_form(columns)


def _has_numbers(columns: Sequence[Sequence[str]]) -> bool:
    """Return whether a column right of the first one has numbers for the most part."""
    return any(
        len(cells) >= _MIN_COLUMN_NUMBERS and sum(map(is_number, cells)) >= _MIN_NUMBERS * len(cells)
        for cells in columns[1:]
    )


def _is_prose(columns: Sequence[Sequence[str]]) -> bool:
    prose = sorted((sum(len(text.split()) > _MAX_WORDS for text in cells), len(cells)) for cells in columns)
    others = prose[:-1]  # one column may explain
    return sum(count for count, _ in others) > _MAX_PROSE * max(1, sum(total for _, total in others))


def _is_form(columns: Sequence[Sequence[str]]) -> bool:
    """Return whether columns are labels with values, equations, a list with its marks, or a table of contents."""
    first = columns[0]
    if any(sum(map(is_label, cells)) > _MAX_LABELS * len(cells) for cells in columns[:-1]):
        return True
    if any(sum(text.strip() in _SIGNS for text in cells) > _MIN_NUMBERS * len(cells) for cells in columns):
        return True
    if len(columns) > 2:
        return False
    return sum(map(is_number, first)) > _MIN_NUMBERS * len(first) or _is_contents(columns[1])


def _is_contents(cells: Sequence[str]) -> bool:
    """Return whether cells are page numbers: whole, and none below the one before."""
    numbers = [int(text) for text in cells if text.isdecimal()]
    return len(numbers) >= 0.8 * len(cells) and numbers == sorted(numbers) and len(set(numbers)) > 1
