"""What a paragraph is on its page, where its marks, its letters' height and its place show it; else nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.document import Role
from models.layout.geometry import Box

# Letters' heights are those of lines, as fractions of the page's body: detected lines of one size differ by .15.
_MIN_HEADING, _MAX_FOOTNOTE, _MAX_OFF_BODY = 1.3, 0.88, 0.2
_MIN_BODY_WORDS = 12  # of a paragraph that is body; a page without one has no headings and no footnotes
_MAX_HEADING_WORDS = 20
_BULLET = re.compile(r"[•‣▪▫◦●○■□–—*\-]\s+\S")
_NUMBERED = re.compile(r"\(?(\d{1,3})[.)]\s+\S")
_CAPTION = re.compile(
    r"(fig(ure|\.)?|table|tab\.|abb(ildung|\.)|tabelle|tableau|figura|tabla)\s*[\dIVX]{1,4}(\.\d+)?\s*[.:|–—]", re.I
)
_FOOTNOTE = re.compile(r"([*†‡§¹²³⁴-⁹]|\d{1,2}[.)]?\s)\s*\S")
_PAGE_NUMBER = re.compile(r"(page|seite|p\.)?\s*[-–—]?\s*\d{1,4}\s*[-–—]?\s*((of|von|/)\s*\d{1,4})?", re.I)


@dataclass(frozen=True, slots=True)
class PlacedParagraph:
    """A paragraph's text, the boxes of its lines, in pixels of the deskewed page, and whether it is a table."""

    text: str
    boxes: tuple[Box, ...]
    is_table: bool = False

    @property
    def height(self) -> float:
        return float(np.median([y1 - y0 for _, y0, _, y1 in self.boxes]))

    @property
    def top(self) -> float:
        return min(box[1] for box in self.boxes)

    @property
    def bottom(self) -> float:
        return max(box[3] for box in self.boxes)


def paragraph_roles(paragraphs: Sequence[PlacedParagraph]) -> list[Role | None]:
    """Return each paragraph's role, None where it is not known; they are in reading order."""
    body = _body_height(paragraphs)
    numbers = [int(mark[1]) if (mark := _NUMBERED.match(one.text)) else None for one in paragraphs]
    outermost: set[int] = set()
    if paragraphs:
        places = range(len(paragraphs))
        outermost = {
            min(places, key=lambda place: paragraphs[place].top),
            max(places, key=lambda place: paragraphs[place].bottom),
        }
    return [
        (_edge(one, paragraphs) if place in outermost else None) or _role(one, place, paragraphs, numbers, body)
        for place, one in enumerate(paragraphs)
    ]


def _body_height(paragraphs: Sequence[PlacedParagraph]) -> float | None:
    """Return the height of most lines of running text, None where there is none."""
    heights = [
        box[3] - box[1]
        for one in paragraphs
        if not one.is_table and len(one.boxes) > 1 and len(one.text.split()) >= _MIN_BODY_WORDS
        for box in one.boxes
    ]
    return float(np.median(heights)) if heights else None


def _role(
    one: PlacedParagraph, place: int, paragraphs: Sequence[PlacedParagraph], numbers: Sequence[int | None],
    body: float | None,
) -> Role | None:  # fmt: skip
    if one.is_table:
        return "table"
    if not one.text.strip():
        return None
    if _CAPTION.match(one.text):
        return "caption"
    if _BULLET.match(one.text) or _is_counted(place, numbers):
        return "list"
    if body is None:
        return None
    return _role_by_height(one, paragraphs, body)


def _role_by_height(one: PlacedParagraph, paragraphs: Sequence[PlacedParagraph], body: float) -> Role | None:
    words = len(one.text.split())
    if one.height >= _MIN_HEADING * body:
        return "heading" if words <= _MAX_HEADING_WORDS and any(map(str.isalpha, one.text)) else None
    if one.height <= _MAX_FOOTNOTE * body and _FOOTNOTE.match(one.text) and _is_below_body(one, paragraphs, body):
        return "footnote"
    is_body = abs(one.height - body) <= _MAX_OFF_BODY * body and len(one.boxes) > 1 and words >= _MIN_BODY_WORDS
    return "body" if is_body else None


def _edge(one: PlacedParagraph, paragraphs: Sequence[PlacedParagraph]) -> Role | None:
    """Return whether a paragraph is a page number over or under everything else."""
    if len(paragraphs) < 2 or one.is_table or not _PAGE_NUMBER.fullmatch(one.text.strip()):
        return None
    others = [other for other in paragraphs if other is not one]
    if all(other.top >= one.bottom for other in others):
        return "header"
    return "footer" if all(other.bottom <= one.top for other in others) else None


def _is_counted(place: int, numbers: Sequence[int | None]) -> bool:
    """Return whether a paragraph has a number and one beside it has the number before or after."""
    number = numbers[place]
    if number is None:
        return False
    before = numbers[place - 1] if place else None
    after = numbers[place + 1] if place + 1 < len(numbers) else None
    return before == number - 1 or after == number + 1


def _is_below_body(one: PlacedParagraph, paragraphs: Sequence[PlacedParagraph], body: float) -> bool:
    """Return whether nothing of the body's height stands below a paragraph in its column."""
    left, right = min(box[0] for box in one.boxes), max(box[2] for box in one.boxes)
    return not any(
        other.height > _MAX_FOOTNOTE * body and other.top >= one.bottom and box[0] < right and box[2] > left
        for other in paragraphs
        if not _PAGE_NUMBER.fullmatch(other.text.strip())
        for box in other.boxes
    )
