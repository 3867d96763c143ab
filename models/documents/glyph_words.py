"""The words of a text layer's line, by the boxes of its glyphs as MuPDF gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pymupdf

from models.document import Polygon, Word
from models.layout.geometry import Box, corners_of
from models.layout.words import word_spans

Span = dict[str, Any]

# Which corner of an upright box is the upper one where text begins that runs in a direction.
_FIRST_CORNER = {(1, 0): 0, (0, 1): 1, (-1, 0): 2, (0, -1): 3}
_LEVEL = 1e-3  # of a direction's sine: less is no slope


def glyph_words(
    line: dict[str, Any], spans: Sequence[Span], rotation: Any, scale: float, text_of: Callable[[Span], str]
) -> tuple[Word, ...]:
    """Return the words of a line in pixels of the page as shown; glyphs have no confidence.

    Args:
        line: MuPDF's, with the boxes of its glyphs (`rawdict`).
        spans: Those of its spans that are wanted.
        rotation: From the page before its rotation to the page as shown.
        scale: Pixels to a point.
        text_of: Gives a span's text, one character for each of its glyphs.
    """
    glyphs = [(span, glyph) for span in spans for glyph in span["chars"]]
    text = "".join(map(text_of, spans))
    return tuple(
        Word(text[start:end], _on_page(_polygon(line, glyphs[start:end]), rotation, scale), None)
        for start, end in word_spans(text)
    )


def _polygon(line: dict[str, Any], glyphs: Sequence[tuple[Span, dict[str, Any]]]) -> Polygon:
    """Return the corners around a word's glyphs in points, clockwise from the upper one where it begins."""
    # glyphs of a line that is written from top to bottom stand upright
    x, y = (1.0, 0.0) if line["wmode"] else line["dir"]
    if min(abs(x), abs(y)) < _LEVEL:
        corners = corners_of(_union([glyph["bbox"] for _, glyph in glyphs]))
        first = _FIRST_CORNER[round(x), round(y)]
        return corners[first:] + corners[:first]
    begin, end = (pymupdf.recover_char_quad(line["dir"], *glyphs[place]) for place in (0, -1))
    return (tuple(begin.ul), tuple(end.ur), tuple(end.lr), tuple(begin.ll))


def _union(boxes: Sequence[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _on_page(polygon: Polygon, rotation: Any, scale: float) -> Polygon:
    return tuple((x * scale, y * scale) for x, y in (pymupdf.Point(point) * rotation for point in polygon))
