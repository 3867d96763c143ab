"""A person's corrections: records of the topic `corrections`, and the lines of a page that they are for.

page-text is what the machine read. A correction stands beside it, and is matched to the lines of a page by place
alone, so that reading the page again does not lose it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from models.document import Kind
from models.layout.geometry import bounds
from models.layout.words import evenly_split
from streams.messages.page_parts import RegionRecord, TableRecord, WordRecord
from streams.messages.record import Record
from streams.messages.records import Pages, PageText, Pixels

_MAX_TEXT_CHARACTERS = 10_000
_MAX_CORNERS = 1000
_MIN_OVERLAP = 0.5  # of two boxes, over what they cover together: no line of a page has more with two others

Shares = tuple[float, float, float, float]


def one_line(text: str) -> str:
    """Return a line's text without spaces at its ends. Raises ValueError where it is more than one line."""
    if not text.isprintable():
        raise ValueError("may have printable characters only: a correction is of one line")
    return text.strip()


class Correction(Record):
    """What a person wrote instead of what was read in one line of a page."""

    document_id: str = Field(description="of the page")
    pagenum: Pages = Field(description="0-based")
    place: str = Field(
        pattern=r"^\d{1,4}(-\d{1,4}){3}$",
        description="its name on its page: left, top, right, bottom of the line in thousandths of the page",
    )
    polygon: list[tuple[float, float]] = Field(
        min_length=1, max_length=_MAX_CORNERS, description="of the line, in pixels of a page of `width` by `height`"
    )
    width: Pixels = Field(ge=1, description="of the page, in pixels")
    height: Pixels = Field(ge=1, description="of the page, in pixels")
    old_text: str = Field(max_length=_MAX_TEXT_CHARACTERS, description="what was read")
    text: Annotated[str, AfterValidator(one_line)] = Field(
        max_length=_MAX_TEXT_CHARACTERS, description="what is right"
    )
    kind: Kind | None = Field(None, description="what the line is; null: as it was read")
    who: str | None = Field(None, max_length=200, description="who corrected it")
    when: str = Field(max_length=40, description="when, ISO 8601 UTC with milliseconds")

    @property
    def key(self) -> str:
        """Its key on the topic: document id, page number and place, with slashes between them."""
        return f"{self.document_id}/{self.pagenum}/{self.place}"


def place_of(page: PageText, line: int) -> str:
    """Return what a correction of a line is known by."""
    box = _shares(page.regions[line].polygon, page.width, page.height)
    return "-".join(str(min(max(round(1000 * side), 0), 1000)) for side in box)


def matched(page: PageText, corrections: Iterable[Correction]) -> dict[int, Correction]:
    """Return the correction of each line that has one: the pairs that overlap most; of equal ones, the later."""
    boxes = [
        _shares(region.polygon, page.width, page.height) if region.polygon else None for region in page.regions
    ]
    pairs: list[tuple[float, str, int, Correction]] = []
    for correction in corrections:
        own = _shares(correction.polygon, correction.width, correction.height)
        for line, box in enumerate(boxes):
            if box is not None and (share := _overlap(own, box)) >= _MIN_OVERLAP:
                pairs.append((share, correction.when, line, correction))
    found: dict[int, Correction] = {}
    used: set[str] = set()
    for _, _, line, correction in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
        if line not in found and correction.key not in used:
            found[line] = correction
            used.add(correction.key)
    return found


def corrected_page(page: PageText, corrections: Mapping[int, Correction]) -> PageText:
    """Return a page as people corrected it: lines, page text, paragraphs, cells of tables, words."""
    if not corrections:
        return page
    regions = [
        _corrected_line(region, corrections[line]) if line in corrections else region
        for line, region in enumerate(page.regions)
    ]
    paragraphs, tables = list(page.paragraphs), page.tables
    for line, correction in sorted(corrections.items()):
        old = page.regions[line]
        if old.text and old.paragraph < len(paragraphs):
            one = paragraphs[old.paragraph]
            new = one.text.replace(old.text, correction.text, 1)
            paragraphs[old.paragraph] = one.model_copy(update={"text": new})
        if old.text:
            tables = [_corrected_table(table, old, correction.text) for table in tables]
    update = {
        "text": _page_text(page, regions), "regions": regions, "paragraphs": paragraphs, "tables": tables,
        "corrected": True,
    }  # fmt: skip
    return page.model_copy(update=update)


def _corrected_line(region: RegionRecord, correction: Correction) -> RegionRecord:
    words: list[WordRecord] | None = None
    if region.words is not None:
        polygon = tuple(region.polygon)
        words = [
            WordRecord(text=word.text, polygon=list(word.polygon), confidence=None)
            for word in evenly_split(correction.text, polygon, None)
        ]
    kind = correction.kind or region.kind
    return region.model_copy(update={"text": correction.text, "kind": kind, "words": words, "corrected": True})


def _page_text(page: PageText, regions: Sequence[RegionRecord]) -> str:
    """Return the page's text with each line's text in the place of what was read there, in reading order."""
    pieces: list[str] = []
    done = 0
    for before, after in zip(page.regions, regions, strict=True):
        if not before.text:
            pieces += [f"\n{after.text}"] if after.text else []
            continue
        at = page.text.find(before.text, done)
        if at >= 0:
            pieces += [page.text[done:at], after.text]
            done = at + len(before.text)
    return "".join([*pieces, page.text[done:]])


def _corrected_table(table: TableRecord, old: RegionRecord, text: str) -> TableRecord:
    left, top, right, bottom = bounds(tuple(old.polygon))
    x, y = (left + right) / 2, (top + bottom) / 2
    rows = []
    for row in table.rows:
        cells = []
        for cell in row:
            x0, y0, x1, y1 = bounds(tuple(cell.polygon)) if cell.polygon else (0, 0, 0, 0)
            is_there = x0 <= x <= x1 and y0 <= y <= y1
            new = cell.text.replace(old.text, text, 1) if is_there else cell.text
            cells.append(cell.model_copy(update={"text": new}))
        rows.append(cells)
    return table.model_copy(update={"rows": rows})


def _shares(polygon: Sequence[tuple[float, float]], width: int, height: int) -> Shares:
    x0, y0, x1, y1 = bounds(tuple(polygon))
    wide, high = max(width, 1), max(height, 1)
    return x0 / wide, y0 / high, x1 / wide, y1 / high


def _overlap(one: Shares, other: Shares) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (_area(one) + _area(other) - both)


def _area(box: Shares) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
