"""The pieces of somebody's SQL: words, quoted texts, comments, signs. Joined, they are the SQL again."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"""'(?:[^']|'')*+' | "(?:[^"]|"")*+" | `(?:[^`]|``)*+` | \[[^]]*+] | --[^\n]*+ | /\*(?s:.*?)(?:\*/|\Z)
        | \w++ | [(),] | \s++ | .""",
    re.VERBOSE,
)
_QUOTES = '"`['


def pieces_of(sql: str) -> list[str]:
    """Return the pieces of a query; a sign of two characters is two."""
    return _PIECE.findall(sql)


def is_space(piece: str) -> bool:
    """Return whether a piece is white or a comment."""
    return piece.isspace() or piece.startswith(("--", "/*"))


def name_of(piece: str) -> str:
    """Return the name that a piece is, in small letters; empty for what is none."""
    if piece[:1] and piece[0] in _QUOTES:
        return piece.strip('"`[]').lower()
    return piece.lower() if piece[:1].isalnum() or piece[:1] == "_" else ""
