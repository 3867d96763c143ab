"""Sets of page numbers as text: `0-41,43`."""

from __future__ import annotations

from collections.abc import Iterable


def format_ranges(pages: Iterable[int]) -> str:
    """Return page numbers as ascending ranges, `` for none."""
    ranges: list[list[int]] = []
    for page in sorted(pages):
        if ranges and page == ranges[-1][1] + 1:
            ranges[-1][1] = page
        else:
            ranges.append([page, page])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def parse_ranges(text: str) -> set[int]:
    """Return the page numbers in `text`. Raises ValueError where it is no list of ranges."""
    pages: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        pages.update(range(int(first), int(last or first) + 1))
    return pages
