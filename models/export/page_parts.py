"""What the formats with places have in common: a page's paragraphs, the words of a line, boxes of whole pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.document import Polygon, Role
from models.export.types import ExportedLine, ExportedPage, ExportedParagraph, ExportedWord, Points
from models.layout.geometry import bounds, clockwise
from models.layout.words import evenly_split

# Of a line's height, from its lower edge to the baseline: a font's descent, as a share of ascent plus descent
# (Times .21, Helvetica .22, Courier .25, DejaVu Serif .20, Lato .20, Droid Sans Fallback .20).
DESCENT = 0.2
_VERTICAL_DEGREES = 45.0  # a line that slopes by more runs up or down the page


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph: its text with words whole that lines split, its lines that have text, its role and table."""

    text: str
    lines: tuple[ExportedLine, ...]
    role: Role | None = None
    table: int | None = None


def why_unread(page: ExportedPage | None) -> str | None:
    """Return why there is no text of a page that is asked for; None where it was read."""
    return "it is not read" if page is None else page.exception


def paragraphs_of(page: ExportedPage) -> list[Paragraph]:
    """Return a page's paragraphs in reading order, without those that hold no text."""
    lines: dict[int, list[ExportedLine]] = {}
    for region in page.regions:
        if region.text:
            lines.setdefault(region.paragraph, []).append(region)
    return [_paragraph(found, dict(enumerate(page.paragraphs)).get(number)) for number, found in lines.items()]


def _paragraph(lines: Sequence[ExportedLine], read: ExportedParagraph | None) -> Paragraph:
    if read is None or not read.text:  # records of older versions have no paragraphs
        return Paragraph(" ".join(line.text for line in lines), tuple(lines))
    return Paragraph(read.text, tuple(lines), read.role, read.table)


def signatures_of(page: ExportedPage) -> list[ExportedLine]:
    """Return the regions of a page that have a place and no text."""
    return [region for region in page.regions if not region.text]


def words_of(line: ExportedLine) -> Sequence[ExportedWord]:
    """Return the words of a line; of a record without them, its text split over its polygon evenly."""
    return line.words or evenly_split(line.text, corners(line.polygon), line.confidence)


def corners(polygon: Points) -> Polygon:
    """Return four corners, clockwise from where the text begins; of other polygons those of the box around them."""
    if len(polygon) == 4:
        return tuple(polygon)
    box = cv2.boxPoints(cv2.minAreaRect(np.asarray(polygon, np.float32)))
    return tuple((float(x), float(y)) for x, y in clockwise(np.asarray(box, np.float32)))


def whole_box(*polygons: Points) -> tuple[int, int, int, int]:
    """Return the smallest box of whole pixels around polygons, (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = bounds(tuple(point for polygon in polygons for point in polygon))
    return math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)


def baseline(polygon: Points) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where a line's baseline begins and ends: inside its lower edge by a font's descent."""
    upper_left, upper_right, lower_right, lower_left = corners(polygon)
    return _between(lower_left, upper_left, DESCENT), _between(lower_right, upper_right, DESCENT)


def slope_degrees(polygon: Points) -> float:
    """Return by how many degrees a line is rotated clockwise, in (-180, 180]."""
    (x0, y0), (x1, y1), *_ = corners(polygon)
    return math.degrees(math.atan2(y1 - y0, x1 - x0))


def is_level(polygon: Points) -> bool:
    """Return whether a line runs from left to right rather than up or down the page, or upside down."""
    return abs(slope_degrees(polygon)) <= _VERTICAL_DEGREES


def _between(one: tuple[float, float], other: tuple[float, float], share: float) -> tuple[float, float]:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
