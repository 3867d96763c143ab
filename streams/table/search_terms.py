"""What a page is found by beside its text: words that lines split, and parts of words in scripts without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

_WORD = re.compile(r"[^\W_]+")
# Chinese characters, kana and hangul: a run of them is one token for FTS5, whatever words it holds.
_RUN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]{2,}")
_MAX_PART_CHARACTERS = 4  # longer words are searched by their parts: "東京大学" AND "大学病院"
_MAX_TERMS = 100_000  # of a page: a sheet of a newspaper has some 40,000
# FTS5's highlight() takes the product of a page's hits and its length, in one step that nothing interrupts. Where
# every word is a hit: 200,000 letters 13 s, 50,000 words of nine letters 2 s.
_MAX_WORDS = 50_000
_MAX_CHARACTERS = 500_000
_CUT = f"\n… (cut after {_MAX_WORDS} words or {_MAX_CHARACTERS} characters; the whole page is on page-text)"


def bounded_text(text: str) -> str:
    """Return a page's text, cut after more words than any page has, and saying so."""
    if len(text) < 2 * _MAX_WORDS:
        return text
    word = next(islice(_WORD.finditer(text), _MAX_WORDS, None), None)
    end = min(len(text) if word is None else word.start(), _MAX_CHARACTERS)
    return text if end == len(text) else text[:end].rstrip() + _CUT


def search_terms(text: str, paragraphs: Sequence[str]) -> str:
    """Return the terms that a page's text lacks, with spaces between them.

    Args:
        text: Of the page, line by line.
        paragraphs: Their texts, in which words that were split at line ends are whole.
    """
    known = set(_WORD.findall(text))
    whole = (word for paragraph in paragraphs for word in _WORD.findall(paragraph) if word not in known)
    terms: dict[str, None] = {}
    for term in (*dict.fromkeys(whole), *_parts(text)):
        terms[term] = None
        if len(terms) == _MAX_TERMS:
            break
    return " ".join(terms)


def _parts(text: str) -> Iterator[str]:
    """Yield what stands in runs of such scripts, one to four characters long; what lines split is joined."""
    for run in _RUN.findall(text.replace("\n", "")):
        for length in range(1, _MAX_PART_CHARACTERS + 1):
            for start in range(len(run) - length + 1):
                yield run[start : start + length]
