"""FTS5's snippet() and highlight(), without their time, which nothing interrupts.

snippet() compares every hit of a row with every other. So a query's snippet(table, column, …) becomes
shortened(highlight(table, column, …), …): `shortened` cuts the words with the most hits out of what highlight()
marks.

highlight() copies the text before each mark, with all marks in it: marks of 2 KB take minutes. So it becomes
marked(highlight(table, column, …), …), which puts such marks in the place of short ones. What is left takes 2 s for
the longest text that the table holds (search_terms.bounded_text). Both stop a query whose time is over: a row may
have a hundred of them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from itertools import accumulate

from streams.table.sql_functions import within_time
from streams.table.sql_pieces import is_space, name_of, pieces_of

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # not characters: in no text
_MAX_WORDS = 64  # as FTS5's
_ARGUMENTS = {"snippet": 6, "highlight": 4}
_MAX_SQL_CHARACTERS = 100_000  # what is longer SQLite refuses
_WORD = re.compile(rf"{_OPEN}|{_CLOSE}|[^\W_]+")


def with_quick_snippets(sql: str, text_column: int) -> str:
    """Return a query with its calls of both replaced; those with a wrong number of arguments stay.

    Args:
        text_column: What a column of -1, any, is taken for.
    """
    if not any(name in sql.lower() for name in _ARGUMENTS) or len(sql) > _MAX_SQL_CHARACTERS:
        return sql
    return "".join(_replaced(pieces_of(sql), text_column))


def _replaced(pieces: Sequence[str], text_column: int) -> list[str]:
    """Return the pieces of a query; what is in parentheses becomes one piece when they close."""
    levels: list[list[list[str]]] = [[[]]]  # of each open parenthesis, its arguments
    for piece in pieces:
        if piece == "(":
            levels.append([[]])
        elif piece == ")" and len(levels) > 1:
            arguments = ["".join(argument) for argument in levels.pop()]
            before = levels[-1][-1]
            name = _taken_name(before, len(arguments))
            if name is not None:
                before.append(_call(name, arguments, text_column))
            else:
                before.append(f"({','.join(arguments)})")
        elif piece == "," and len(levels) > 1:
            levels[-1].append([])
        else:
            levels[-1][-1].append(piece)
    while len(levels) > 1:  # parentheses that are never closed: for SQLite to complain of
        arguments = ["".join(argument) for argument in levels.pop()]
        levels[-1][-1].append(f"({','.join(arguments)}")
    return levels[0][0]


def _taken_name(before: list[str], arguments: int) -> str | None:
    """Return which function of so many arguments stands before a parenthesis, and take its name away."""
    last = len(before) - 1
    while last >= 0 and is_space(before[last]):
        last -= 1
    name = name_of(before[last]) if last >= 0 else ""
    if _ARGUMENTS.get(name) != arguments:
        return None
    del before[last:]
    return name


def _call(name: str, arguments: Sequence[str], text_column: int) -> str:
    table, column, *rest = arguments
    if column.strip() == "-1" and name == "snippet":
        column = str(text_column)
    made_by = "shortened" if name == "snippet" else "marked"
    return f"{made_by}(highlight({table},{column},'{_OPEN}','{_CLOSE}'),{','.join(rest)})"


def add_quick_snippets(connection: sqlite3.Connection, longest_value: int) -> None:
    """Let a connection call shortened(marked, open, close, ellipsis, words) and marked(marked, open, close)."""

    def marked(text: object, opened: object, closed: object) -> str | None:
        if not isinstance(text, str):
            return None
        before, after = ("" if mark is None else str(mark) for mark in (opened, closed))
        if len(text) + text.count(_OPEN) * len(before) + text.count(_CLOSE) * len(after) > longest_value:
            raise ValueError("too big")
        return text.replace(_OPEN, before).replace(_CLOSE, after)

    connection.create_function("shortened", 5, within_time(_shortened), deterministic=True)
    connection.create_function("marked", 3, within_time(marked), deterministic=True)


def _shortened(marked: object, opened: object, closed: object, ellipsis: object, words: object) -> str | None:
    """Return the part of a marked text with the most hits, of so many words, with other marks."""
    if not isinstance(marked, str):
        return None
    wanted = min(max(words, 1), _MAX_WORDS) if isinstance(words, int) else _MAX_WORDS
    hits, spans = _words_of(marked)
    text = marked.replace(_OPEN, "").replace(_CLOSE, "")
    first = _best(hits, wanted)
    last = min(first + wanted, len(spans)) - 1
    if last < 0:
        return text
    before, after = ("" if mark is None else str(mark) for mark in (opened, closed))
    start = 0 if first == 0 else spans[first][0]
    out, hit = [str(ellipsis or "") if first else ""], 0
    for word in range(first, last + 1):
        begin, end = spans[word]
        if hits[word] != hit:
            out.append(text[start:begin] if not hit else after + text[start:begin])
            out.append(before if hits[word] else "")
            start, hit = begin, hits[word]
        out.append(text[start:end])
        start = end
    out.append(after if hit else "")
    out.append(text[start:] if last == len(spans) - 1 else str(ellipsis or ""))
    return "".join(out)


def _words_of(marked: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Return for each word the number of the hit that it is part of, 0 for none, and where it is without marks."""
    hits: list[int] = []
    spans: list[tuple[int, int]] = []
    number = marks = 0
    inside = False
    for found in _WORD.finditer(marked):
        if found[0] == _OPEN:
            number, marks, inside = number + 1, marks + 1, True
        elif found[0] == _CLOSE:
            marks, inside = marks + 1, False
        else:
            hits.append(number if inside else 0)
            spans.append((found.start() - marks, found.end() - marks))
    return hits, spans


def _best(hits: Sequence[int], words: int) -> int:
    """Return the first word of the part with the most hits, these in its middle."""
    before = [0, *accumulate(1 if hit else 0 for hit in hits)]
    starts = range(max(len(hits) - words, 0) + 1)
    best = max(starts, key=lambda start: before[min(start + words, len(hits))] - before[start])
    found = [word for word in range(best, min(best + words, len(hits))) if hits[word]]
    if not found:
        return 0
    room = words - (found[-1] - found[0] + 1)
    return max(0, min(found[0] - room // 2, len(hits) - words))
