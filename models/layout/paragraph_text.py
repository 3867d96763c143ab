"""The text of paragraphs: their lines joined, with words that were split at line ends whole again.

Whether a hyphen at a line's end is the word's own is asked of the page: where it has the word joined, or with its
hyphen, inside a line, that decides. Else a hyphen between small letters was put there by the line's end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.document import Region
from models.layout.reading_order import row_texts

_HYPHENS = "-\N{HYPHEN}\N{NOT SIGN}"  # the last is what OCR of Fraktur and typewriters makes of it
_END = re.compile(rf"([^\W_]+(?:[-'’][^\W_]+)*)[{_HYPHENS}]$")
_BEGINNING = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def paragraph_texts(regions: Sequence[Region], rotation: float = 0.0) -> tuple[str, ...]:
    """Return the text of each paragraph of a page, in the order of their numbers.

    Args:
        regions: In reading order, with the numbers of their paragraphs.
        rotation: By how many degrees the page's text is rotated clockwise.
    """
    paragraphs: dict[int, list[Region]] = {}
    for region in regions:
        paragraphs.setdefault(region.paragraph, []).append(region)
    rows = [row_texts(found, rotation) for _, found in sorted(paragraphs.items())]
    words = {word.casefold() for lines in rows for line in lines for word in _WORD.findall(line)}
    return tuple(_joined(lines, words) for lines in rows)


def _joined(lines: Sequence[str], words: set[str]) -> str:
    """Return lines joined by spaces; `words` are all of the page, in small letters."""
    joined: list[str] = []
    for line in lines:
        end, beginning = _END.search(joined[-1]) if joined else None, _BEGINNING.match(line)
        if end is None or beginning is None:
            joined += [" ", line] if joined else [line]
        elif _is_split(end[1], beginning[0], words):
            joined[-1:] = [joined[-1][:-1], line]
        else:
            joined[-1:] = [joined[-1][:-1] + "-", line]
    return "".join(joined)


def _is_split(end: str, beginning: str, words: set[str]) -> bool:
    """Return whether a line's last word goes on with the next line's first, without the hyphen between them."""
    joined, hyphenated = (end + beginning).casefold(), f"{end}-{beginning}".casefold()
    if (joined in words) != (hyphenated in words):
        return joined in words
    return end[-1].isalpha() and beginning[0].islower() and "-" not in end
