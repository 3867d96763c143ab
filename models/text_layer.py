"""A PDF page's own text: whether it can be trusted, and its lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from models.geometry import Box

# A broken font map shows as replacement or private-use characters: one in ten, and the page is read as a picture.
_MAX_BROKEN_SHARE = 0.1
# A picture over more than half of the page is a scan; the text with it is then a stamp, a header or somebody's OCR.
_SCAN_COVER = 0.5
# Visible text of this many characters over a scan is a typeset page on a background picture, not a stamp.
_TYPESET_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of a text layer; box in pixels of the page image."""

    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The lines of a page in the order of its content stream; none for a page with nothing on it."""

    lines: tuple[TextLine, ...]
    width: int
    height: int


def is_trusted(text: str, invisible_share: float, picture_cover: float) -> bool:
    """Return whether a text layer says what the page shows.

    Args:
        text: All of the layer's text.
        invisible_share: Share of its characters that are not drawn, in [0, 1]: the mark of an OCR layer that
            another program laid over a scan. Its quality is unknown, so the picture is read instead.
        picture_cover: Share of the page that pictures cover, in [0, 1].
    """
    characters = [character for character in text if not character.isspace()]
    if not characters:
        return False
    broken = sum(map(_is_broken, characters)) + 6 * text.count("(cid:")
    if broken > _MAX_BROKEN_SHARE * len(characters):
        return False
    if invisible_share > 0.5:
        return False
    return picture_cover <= _SCAN_COVER or len(characters) >= _TYPESET_CHARACTERS


def join_rows(lines: Sequence[TextLine]) -> list[TextLine]:
    """Join neighbours that stand on one row: PDF writers split a justified line or a table row into pieces."""
    joined: list[TextLine] = []
    for line in lines:
        if joined and _continues(joined[-1].box, line.box):
            left = joined.pop()
            box = (left.box[0], min(left.box[1], line.box[1]), line.box[2], max(left.box[3], line.box[3]))
            line = TextLine(box, f"{left.text} {line.text}")
        joined.append(line)
    return joined


def _continues(left: Box, right: Box) -> bool:
    height = min(left[3] - left[1], right[3] - right[1])
    overlap = min(left[3], right[3]) - max(left[1], right[1])
    return overlap > 0.6 * height and -0.3 * height <= right[0] - left[2]


def _is_broken(character: str) -> bool:
    return character == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(character) in ("Co", "Cc", "Cn", "Cs")
