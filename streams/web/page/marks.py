"""Where on a page the words of a search stand, and how a search is written for the table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from streams.messages.records import PageText

_TERM = re.compile(r'"([^"]+)"|(\S+)')
_WORD = re.compile(r"\w+")
_MAX_TERMS = 20


def words_of(search: str) -> frozenset[str]:
    """Return the words of a search, without case and accents, as the table compares them."""
    return frozenset(_WORD.findall(_plain(search)))


def match_expression(search: str) -> str:
    """Return a search as FTS5 takes it: all its words, "phrases" whole, and no operator that a person must know."""
    terms = [phrase or word for phrase, word in _TERM.findall(search)][:_MAX_TERMS]
    return " ".join(_quoted(term) for term in terms if _WORD.search(term))


def lines_with(words: Collection[str], page: PageText) -> frozenset[int]:
    """Return the numbers of a page's lines that have any of the words."""
    if not words:
        return frozenset()
    wanted = set(words)
    return frozenset(n for n, region in enumerate(page.regions) if wanted & set(_WORD.findall(_plain(region.text))))


def snippet_parts(text: str, begin: str, end: str) -> Sequence[tuple[str, bool]]:
    """Return the pieces of a snippet, each with whether it was found, from the marks around what was found."""
    pieces: list[tuple[str, bool]] = []
    for part in text.split(begin):
        found, mark, rest = part.partition(end)
        pieces += [(found, True), (rest, False)] if mark else [(found, False)]
    return [(piece.replace(end, ""), found) for piece, found in pieces if piece]


def _quoted(term: str) -> str:
    star = "*" if term.endswith("*") else ""
    return '"' + term.rstrip("*").replace('"', '""') + '"' + star


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))
