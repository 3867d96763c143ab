"""The lines of a PDF page's text as MuPDF gives them, in pixels of the page as shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pymupdf

from models.documents.glyph_words import glyph_words
from models.documents.text_layer import TextLine
from models.layout.geometry import Box, corners_of
from models.layout.words import evenly_split

# A glyph that stands for no known character must show as such: its number is the code of some other character.
_FLAGS = pymupdf.TEXTFLAGS_DICT & ~(pymupdf.TEXT_PRESERVE_IMAGES | pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE)
_FILLED, _STROKED, _CLIPPING = 16, 32, 64  # of a span's char_flags
_MIN_SHARED_AREA = 0.6  # of the smaller of two lines: more, and one is drawn over the other
_MAX_GLYPH_ASPECT = 1.5  # either way, of a glyph of Chinese, Japanese or Korean
_MIN_COLUMN_GLYPHS = 3
_MAX_COLUMN_SHIFT, _MAX_COLUMN_STEP = 0.3, 2.2  # of a glyph's height: sideways, and from one to the next below
# Code points of the dingbats that do not follow from their code in the font.
_DINGBATS = {
    0x25: 0x260E, 0x2A: 0x261B, 0x2B: 0x261E, 0x48: 0x2605, 0x6C: 0x25CF, 0x6E: 0x25A0, 0x73: 0x25B2, 0x74: 0x25BC,
    0x75: 0x25C6, 0x77: 0x25D7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a page in the order of its content stream.

    Attributes:
        painted: What is filled or stroked.
        invisible: What is not: render mode 3, as OCR programs lay text under a scan.
        colours: Of each painted line, its spans' colours as (r, g, b).
    """

    painted: list[TextLine]
    invisible: list[TextLine]
    colours: list[set[tuple[int, int, int]]]


def page_lines(page: Any, scale: float, *, words: bool = False) -> PageLines:
    """Return the lines of a page, those that are drawn several times once.

    Args:
        page: MuPDF's.
        scale: Pixels to a point.
        words: Whether lines have their words, from the boxes of their glyphs; this takes twice as long.
    """
    found = _lines(page, scale, _FLAGS, words)
    if _is_drawn_over([line.box for line in found.painted]):
        return _lines(page, scale, _FLAGS | pymupdf.TEXT_COLLECT_STYLES, words)  # this takes four times as long
    return found


def _lines(page: Any, scale: float, flags: int, words: bool) -> PageLines:
    painted: list[TextLine] = []
    invisible: list[TextLine] = []
    colours: list[set[tuple[int, int, int]]] = []
    for line in _raw_lines(page.get_text("rawdict" if words else "dict", flags=flags)):
        shown = [span for span in line["spans"] if _is_painted(span)]
        hidden = [span for span in line["spans"] if span not in shown]
        for spans, into in ((shown, painted), (hidden, invisible)):
            text = " ".join("".join(map(_text, spans)).split())
            if text:
                placed = glyph_words(line, spans, page.rotation_matrix, scale, _text) if words else ()
                turn = _quarter_turn(line, page.rotation_matrix)
                into.append(TextLine(_box(spans, page.rotation_matrix, scale), text, placed, turn))
                if into is painted:
                    colours.append({_rgb(span["color"]) for span in spans})
    return _with_columns(PageLines(painted, invisible, colours))


def _quarter_turn(line: dict[str, Any], rotation: Any) -> int:
    """Return by how many quarter turns clockwise a line is rotated on the page as shown."""
    if line["wmode"]:
        return 0  # glyphs of a line that is written from top to bottom stand upright
    x, y = line["dir"]
    ahead = pymupdf.Point(x, y) * rotation - pymupdf.Point(0, 0) * rotation
    return round(math.degrees(math.atan2(ahead.y, ahead.x)) / 90) % 4


def _is_painted(span: dict[str, Any]) -> bool:
    return bool(span["char_flags"] & (_FILLED | _STROKED | _CLIPPING)) and span["alpha"] > 0


def _raw_lines(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for block in content["blocks"]:
        yield from block.get("lines", ())


def _text(span: dict[str, Any]) -> str:
    text: str = span["text"] if "text" in span else "".join(glyph["c"] for glyph in span["chars"])
    return "".join(map(_dingbat, text)) if "dingbat" in span["font"].lower() else text


def _dingbat(character: str) -> str:
    code = ord(character)
    return chr(_DINGBATS.get(code, 0x2700 + code - 0x20)) if 0x20 < code < 0x7F else character


def _box(spans: Sequence[dict[str, Any]], rotation: Any, scale: float) -> Box:
    box = pymupdf.Rect()
    for span in spans:
        box |= pymupdf.Rect(span["bbox"])
    x0, y0, x1, y1 = (side * scale for side in box * rotation)
    return x0, y0, x1, y1


def _rgb(colour: int) -> tuple[int, int, int]:
    return colour >> 16 & 255, colour >> 8 & 255, colour & 255


def _is_drawn_over(boxes: Sequence[Box]) -> bool:
    """Return whether a line lies on another one, as where text is made bold by drawing it again."""
    by_top = sorted(boxes, key=lambda box: box[1])
    for number, one in enumerate(by_top):
        for other in by_top[number + 1 :]:
            if other[1] >= one[3]:
                break
            width = min(one[2], other[2]) - max(one[0], other[0])
            height = min(one[3], other[3]) - max(one[1], other[1])
            if width > 0 and height > 0 and width * height > _MIN_SHARED_AREA * min(_area(one), _area(other)):
                return True
    return False


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _with_columns(lines: PageLines) -> PageLines:
    """Return the lines with glyphs that stand one under the other, in the order of the stream, as one line each."""
    groups: list[list[tuple[TextLine, set[tuple[int, int, int]]]]] = []
    for entry in zip(lines.painted, lines.colours, strict=True):
        if groups and _is_ideograph(groups[-1][-1][0]) and _is_below(groups[-1][-1][0], entry[0]):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    joined = []
    for group in groups:
        is_column = len(group) >= _MIN_COLUMN_GLYPHS
        joined += [(_column([line for line, _ in group]), group[0][1])] if is_column else group
    return PageLines([line for line, _ in joined], lines.invisible, [colours for _, colours in joined])


def _is_ideograph(line: TextLine) -> bool:
    x0, y0, x1, y1 = line.box
    aspect = (x1 - x0) / max(y1 - y0, 1e-6)
    return len(line.text) == 1 and ord(line.text) > 0x2E80 and 1 / _MAX_GLYPH_ASPECT < aspect < _MAX_GLYPH_ASPECT


def _is_below(upper: TextLine, lower: TextLine) -> bool:
    if not _is_ideograph(lower):
        return False
    height = upper.box[3] - upper.box[1]
    step = lower.box[1] - upper.box[1]
    return abs(lower.box[0] - upper.box[0]) < _MAX_COLUMN_SHIFT * height and 0 < step < _MAX_COLUMN_STEP * height


def _column(glyphs: Sequence[TextLine]) -> TextLine:
    xs0, ys0, xs1, ys1 = zip(*(glyph.box for glyph in glyphs), strict=True)
    text, box = "".join(glyph.text for glyph in glyphs), (min(xs0), min(ys0), max(xs1), max(ys1))
    return TextLine(box, text, evenly_split(text, corners_of(box), None) if glyphs[0].words else ())
