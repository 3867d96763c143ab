"""The invisible text of one PDF page: each line over its place on the picture, whichever way it runs.

A line is one text object: PDFium (Chrome) sorts objects of about the same height by where they begin, which mixes
the words of neighbouring lines on a page that slopes. Within it every character stands where its word has it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import pymupdf

from models.export.invisible_font import DESCENT, GLYPH_WIDTH, InvisibleFont
from models.export.page_parts import corners, words_of
from models.export.types import ExportedLine

FONT_NAME = "InkstreamText"
# Readers find a space between characters that are further apart than this, in widths of a character: PDFium from
# 1.2 on. So characters are as wide as the widest word has them.
_MAX_PITCH_WIDTHS = 1.15
_MIN_SIDE_POINTS = 0.01  # what is smaller has no direction


@dataclass(frozen=True, slots=True)
class _Placed:
    """A word along its line and across it, in points; `text` as it is drawn, from the line's left to its right."""

    text: str
    start: float
    end: float
    bottom: float
    top: float

    @property
    def pitch(self) -> float:
        return (self.end - self.start) / len(self.text)


def layer_content(lines: Sequence[ExportedLine], to_page: pymupdf.Matrix, font: InvisibleFont) -> bytes:
    """Return a content stream with the words of lines, in their order.

    Args:
        to_page: From pixels of the records to the page's own space.
    """
    shown = [operators for line in lines if (operators := _line(line, to_page, font))]
    return "\n".join(["q", "BT", "3 Tr", *shown, "ET", "Q", ""]).encode() if shown else b""


def _line(line: ExportedLine, to_page: pymupdf.Matrix, font: InvisibleFont) -> str:
    """Return what shows a line; nothing where it has no words, or no extent."""
    quads = [
        (word.text, [pymupdf.Point(x, y) * to_page for x, y in corners(word.polygon)])
        for word in words_of(line)
        if word.text
    ]
    if not quads:
        return ""
    cos, sin = _direction([quad for _, quad in quads])
    words = sorted((_placed(text, quad, cos, sin) for text, quad in quads), key=lambda word: word.start)
    bottom, top = median(word.bottom for word in words), median(word.top for word in words)
    size, width = top - bottom, _width(words)
    if size < _MIN_SIDE_POINTS or width < _MIN_SIDE_POINTS:
        return ""
    along, across = words[0].start, bottom + size * DESCENT / 1000
    scale = width / (GLYPH_WIDTH * size)
    x, y = along * cos - across * sin, along * sin + across * cos
    matrix = f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.2f} {y:.2f}"
    shown = _with_distances(_characters(words, width), width, size * scale / 1000, font)
    return f"/{FONT_NAME} {size:.2f} Tf {100 * scale:.2f} Tz {matrix} Tm [{shown}] TJ"


def _width(words: Sequence[_Placed]) -> float:
    """Return how wide a line's characters are to be, in points."""
    lettered = [word for word in words if any(map(str.isalnum, word.text))]  # dashes and dots are narrow
    usual = median(word.pitch for word in lettered or words for _ in word.text)
    widest = max((word.pitch for word in words if len(word.text) > 1), default=usual) / _MAX_PITCH_WIDTHS
    return max(usual, widest)


def _direction(quads: Sequence[Sequence[pymupdf.Point]]) -> tuple[float, float]:
    """Return cosine and sine of the angle of a line: along its words, or of a single one along its edge."""
    first, last = quads[0], quads[-1]
    edge = first[1] - first[0]
    # of several words from middle to middle, for boxes are as high as their letters
    along = edge if len(quads) == 1 else (last[1] + last[2] - first[0] - first[3]) / 2
    if along * edge < 0:  # words of right-to-left scripts
        along = -along
    up = first[0] - first[3]
    angle = math.atan2(along.y, along.x) if abs(along) >= _MIN_SIDE_POINTS else math.atan2(-up.x, up.y)
    return math.cos(angle), math.sin(angle)


def _placed(text: str, quad: Sequence[pymupdf.Point], cos: float, sin: float) -> _Placed:
    along = [point.x * cos + point.y * sin for point in quad]
    across = [point.y * cos - point.x * sin for point in quad]
    return _Placed(
        _as_drawn(text), min(along), max(along), (across[2] + across[3]) / 2, (across[0] + across[1]) / 2
    )


def _as_drawn(text: str) -> str:
    """Return a word's characters from left to right: readers of PDFs take what is written so for right-to-left."""
    return text[::-1] if any(unicodedata.bidirectional(one) in ("R", "AL") for one in text) else text


def _characters(words: Sequence[_Placed], width: float) -> list[tuple[str, float]]:
    """Return the characters of words, with spaces between them, each with where it begins along the line."""
    found: list[tuple[str, float]] = []
    for word in words:
        if found:
            found.append((" ", found[-1][1] + width))
        found += [(one, word.start + number * word.pitch) for number, one in enumerate(word.text)]
    return found


def _with_distances(characters: Sequence[tuple[str, float]], width: float, unit: float, font: InvisibleFont) -> str:
    """Return the elements of a TJ operator: codes, and between them by how much less or more they are apart.

    Args:
        width: Of a character, in points, as the font has it.
        unit: Points that one unit of distance is.
    """
    elements, run, at = [], "", characters[0][1]
    for text, start in characters:
        distance = round((start - at) / unit)
        if distance:
            elements += [f"<{run}>", str(-distance)] if run else [str(-distance)]
            run, at = "", at + distance * unit
        run += font.codes(text)
        at += width
    return " ".join([*elements, f"<{run}>"])
