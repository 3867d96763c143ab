"""How values look in templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from streams.messages.page_parts import RegionRecord

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def file_name(path: str) -> str:
    """Return the last part of a path or URL."""
    return path.rstrip("/").rpartition("/")[2] or path


def id_in_url(document_id: str) -> str:
    """Return an id as it stands in an address."""
    return quote(document_id, safe="")


def percent(share: float | None) -> str:
    """Return a share of one as a percentage, a dash where there is none."""
    return "–" if share is None else f"{share * 100:.0f} %"


def opacity(confidence: float | None) -> str:
    """Return how strongly a region is filled: the surer, the stronger. Between 0.08 and 0.33."""
    return f"{0.08 + 0.25 * (1 if confidence is None else confidence):.2f}"


def points(polygon: Sequence[tuple[float, float]]) -> str:
    """Return a polygon as SVG has it."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in polygon)


def duration(milliseconds: float) -> str:
    """Return a time that something took, for people."""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def moment(timestamp: str | None) -> str:
    """Return a record's time to the second, UTC; as it is, where it is none."""
    try:
        return f"{datetime.fromisoformat(timestamp or ''):%d %b %Y %H:%M:%S}"
    except ValueError:
        return timestamp or "–"


def slug_and_sentence(warning: str) -> tuple[str, str]:
    """Return a record's warning in its two parts; the sentence alone where it has one only."""
    slug, colon, sentence = warning.partition(": ")
    return (slug, sentence) if colon else ("", warning)


def paragraphs_of(regions: Sequence[RegionRecord]) -> list[list[tuple[int, RegionRecord]]]:
    """Return a page's lines with their numbers, a list a paragraph."""
    found: list[list[tuple[int, RegionRecord]]] = []
    last = None
    for number, region in enumerate(regions):
        if region.paragraph != last:
            found.append([])
        last = region.paragraph
        found[-1].append((number, region))
    return found


FILTERS: Mapping[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (
        file_name, id_in_url, percent, opacity, points, duration, moment, slug_and_sentence, paragraphs_of,
    )
}  # fmt: skip
