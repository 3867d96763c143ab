"""What pages are searched for, in bounded time: SQLite parses a pattern in the square of its words, uninterrupted.

Fifty thousand words take a second, two million 270. So the operand of each MATCH in somebody's SQL, and the
argument of result(…), goes through search_pattern(), which refuses long ones. The third way to hand one over,
`result = …`, is refused: the text may hide it, so the reads of that column are counted while SQLite compiles.

Nothing interrupts FTS5 either while it looks up a word, and bm25() and `rank` look up each word once more: with
50,000 pages, 0.02 s a word that stands on all of them, 0.1 s a beginning (`a*`). So the words are bounded too.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Sequence

from streams.errors import QueryError
from streams.table.sql_functions import MAX_SEARCH_CHARS, Value, refused, within_time
from streams.table.sql_pieces import is_space, name_of, pieces_of

SEARCHED_TABLE = "result"
_TAKE_THE_TABLE = {"highlight", "snippet", "bm25"}
_PREFIXES, _PARAMETERS = "+-~", "?:@$"
_ADVICE = "search as in: SELECT path FROM result WHERE result MATCH 'invoice'"
_MAX_WORDS, _MAX_BEGINNINGS = 64, 16  # of all of a query's patterns: FTS5 joins those of one table into one
_TOO_MANY_WORDS = (
    f"the patterns of a query have at most {_MAX_WORDS} words together, {_MAX_BEGINNINGS} of them with *; search "
    "for the rarest of them, each once, or run several queries"
)
_TOO_LONG = f"a search has at most {MAX_SEARCH_CHARS} characters; search for a few words that stand on the page"
_NUMBER = r"\s*[-+]?[\d.]+\s*"
_RANKING = re.compile(rf"\s*\w+\(({_NUMBER}(,{_NUMBER})*)?\)\s*")  # rank MATCH 'bm25(10.0, 5.0)'; no search
NO_SEARCH = f"this is no way to search; {_ADVICE}"


def add_search_patterns(connection: sqlite3.Connection) -> None:
    """Let a connection call search_pattern(pattern, number of patterns in the query)."""

    def search_pattern(pattern: Value, patterns: int) -> Value:
        if not isinstance(pattern, str | bytes):
            return pattern
        if len(pattern) > MAX_SEARCH_CHARS:
            raise refused(_TOO_LONG)
        text = pattern if isinstance(pattern, str) else pattern.decode(errors="replace")
        if not _RANKING.fullmatch(text) and (
            most_words(text) * patterns > _MAX_WORDS or text.count("*") * patterns > _MAX_BEGINNINGS
        ):
            raise refused(_TOO_MANY_WORDS)
        return pattern

    connection.create_function("search_pattern", 2, within_time(search_pattern), deterministic=True)


def most_words(pattern: str) -> int:
    """Return at least as many words as FTS5 sees in a pattern, its operators among them.

    FTS5 knows the letters of Unicode 6.1: one that is not in Unicode 3.2 may end a word for it or be one.
    """
    count, inside = 0, False
    for character in pattern:
        category = unicodedata.ucd_3_2_0.category(character)
        is_known = category[0] in "LN" or category == "Co"
        is_new = not is_known and unicodedata.category(character)[0] in "LN"
        count += is_new or (is_known and not inside)
        inside = is_known
    return count


def with_bounded_patterns(sql: str) -> str:
    """Return a query whose patterns go through search_pattern().

    Raises:
        QueryError: The end of a pattern cannot be seen.
    """
    if len(sql) > MAX_SEARCH_CHARS:
        return sql  # SQLite refuses it
    pieces = pieces_of(sql)
    patterns = sum(piece.upper() == "MATCH" for piece in pieces) or 1
    # from the end: the operand of one MATCH may have another in it
    for at in range(len(pieces) - 1, -1, -1):
        if pieces[at].upper() == "MATCH":
            start = _next(pieces, at + 1)
            _wrap(pieces, start, _operand_end(pieces, start), patterns)
        elif name_of(pieces[at]) == SEARCHED_TABLE:
            opening = _next(pieces, at + 1)
            if _at(pieces, opening) == "(":
                _wrap(pieces, opening + 1, _argument_end(pieces, opening), patterns)
    return "".join(pieces)


def column_reads(sql: str) -> int:
    """Return how often a query may read the column that stands for the table: before MATCH and in its functions."""
    pieces = [piece for piece in pieces_of(sql) if not is_space(piece)]
    count = 0
    for at, piece in enumerate(pieces):
        if name_of(piece) == SEARCHED_TABLE:
            before_match = _at(pieces, at + 1).upper() == "MATCH"
            start = at - 2 if _at(pieces, at - 1) == "." else at
            in_function = _at(pieces, start - 1) == "(" and name_of(_at(pieces, start - 2)) in _TAKE_THE_TABLE
            count += before_match or in_function
    return count


def _wrap(pieces: list[str], start: int, end: int, patterns: int) -> None:
    pieces.insert(end, f", {patterns})")
    pieces.insert(start, "search_pattern(")


def _operand_end(pieces: Sequence[str], start: int) -> int:
    """Return the end of an operand, in pieces: what || and -> join, which bind closer than MATCH."""
    end = _primary_end(pieces, start)
    while True:
        operator = _next(pieces, end)
        sign = _at(pieces, operator) + _at(pieces, operator + 1)
        if sign not in ("||", "->"):
            return end
        after = operator + 2 + (_at(pieces, operator + 2) == ">")
        end = _primary_end(pieces, _next(pieces, after))


def _primary_end(pieces: Sequence[str], start: int) -> int:
    """Return the end of a literal, parameter, name, call, CASE or parenthesis that begins at `start`."""
    piece = _at(pieces, start)
    if piece and piece in _PREFIXES:
        return _primary_end(pieces, _next(pieces, start + 1))
    if piece and piece in _PARAMETERS:
        following = _at(pieces, start + 1)
        return start + 1 + (following.isidentifier() or following.isdigit())
    if piece == "(":
        return _closing(pieces, start) + 1
    if piece.startswith("'"):
        return start + 1
    if piece.upper() == "CASE":
        return _end_of_case(pieces, start) + 1
    if not name_of(piece):
        raise QueryError(f"put what is searched for into parentheses, behind MATCH; {_ADVICE}")
    end = start + 1
    while _at(pieces, dot := _next(pieces, end)) == ".":
        end = _next(pieces, dot + 1) + 1
    opening = _next(pieces, end)
    if _at(pieces, opening) == "(":
        return _closing(pieces, opening) + 1
    # x'…', a blob
    return end + 1 if piece.lower() == "x" and _at(pieces, end).startswith("'") else end


def _argument_end(pieces: Sequence[str], opening: int) -> int:
    """Return where the first argument ends in the parenthesis that opens there."""
    depth = 0
    for at in range(opening, len(pieces)):
        depth += (pieces[at] == "(") - (pieces[at] == ")")
        if depth == 0 or (depth == 1 and pieces[at] == ","):
            return at
    return len(pieces)


def _closing(pieces: Sequence[str], opening: int) -> int:
    depth = 0
    for at in range(opening, len(pieces)):
        depth += (pieces[at] == "(") - (pieces[at] == ")")
        if depth == 0:
            return at
    return len(pieces) - 1  # never closed: for SQLite to complain of


def _end_of_case(pieces: Sequence[str], start: int) -> int:
    depth = 0
    for at in range(start, len(pieces)):
        word = pieces[at].upper()
        depth += (word == "CASE") - (word == "END")
        if depth == 0:
            return at
    return len(pieces) - 1


def _next(pieces: Sequence[str], at: int) -> int:
    """Return the place of the first piece from `at` on that is neither white nor a comment."""
    while at < len(pieces) and is_space(pieces[at]):
        at += 1
    return at


def _at(pieces: Sequence[str], at: int) -> str:
    return pieces[at] if 0 <= at < len(pieces) else ""
