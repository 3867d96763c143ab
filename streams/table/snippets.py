"""FTS5's snippet(), without its time: it compares every hit of a row with every other, and nothing interrupts that.

A page of 204,000 hits takes four minutes. So a query's snippet(table, column, …) becomes
shortened(highlight(table, column, …), …), which takes 8 s there: `shortened` cuts the words with the most hits out
of what highlight() marks.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from itertools import accumulate

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # not characters: in no text
_MAX_WORDS = 64  # as FTS5's
_ARGUMENTS = 6
_MAX_SQL_CHARACTERS = 100_000  # what is longer SQLite refuses
_PIECE = re.compile(
    r"""'(?:[^']|'')*+' | "(?:[^"]|"")*+" | `(?:[^`]|``)*+` | \[[^]]*+] | --[^\n]*+ | /\*(?s:.*?)(?:\*/|\Z)
        | \w++ | [(),] | \s++ | .""",
    re.VERBOSE,
)
_WORD = re.compile(rf"{_OPEN}|{_CLOSE}|[^\W_]+")


def with_quick_snippets(sql: str, text_column: int) -> str:
    """Return a query with its calls of snippet() replaced; those with a wrong number of arguments stay.

    Args:
        text_column: What a column of -1, any, is taken for.
    """
    if "snippet" not in sql.lower() or len(sql) > _MAX_SQL_CHARACTERS:
        return sql
    return "".join(_replaced(_PIECE.findall(sql), text_column))


def _replaced(pieces: Sequence[str], text_column: int) -> list[str]:
    """Return the pieces of a query; what is in parentheses becomes one piece when they close."""
    levels: list[list[list[str]]] = [[[]]]  # of each open parenthesis, its arguments
    for piece in pieces:
        if piece == "(":
            levels.append([[]])
        elif piece == ")" and len(levels) > 1:
            arguments = ["".join(argument) for argument in levels.pop()]
            before = levels[-1][-1]
            if len(arguments) == _ARGUMENTS and _takes_name(before):
                before.append(_call(arguments, text_column))
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


def _takes_name(before: list[str]) -> bool:
    """Return whether snippet stands before a parenthesis, and take it and what is between away."""
    last = len(before) - 1
    while last >= 0 and (before[last].isspace() or before[last].startswith(("--", "/*"))):
        last -= 1
    if last < 0 or before[last].strip('"`[]').lower() != "snippet":
        return False
    del before[last:]
    return True


def _call(arguments: Sequence[str], text_column: int) -> str:
    table, column, opened, closed, ellipsis, words = arguments
    if column.strip() == "-1":
        column = str(text_column)
    return f"shortened(highlight({table},{column},'{_OPEN}','{_CLOSE}'),{opened},{closed},{ellipsis},{words})"


def add_shortened(connection: sqlite3.Connection) -> None:
    """Let a connection call shortened(marked, open, close, ellipsis, words)."""
    connection.create_function("shortened", 5, _shortened, deterministic=True)


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
