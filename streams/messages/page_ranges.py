"""Sets of page numbers as text: `0-41,43`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Self


class PageRanges:
    """A set of page numbers, as ascending ranges with gaps between them.

    It takes the memory of its ranges, not of its pages: `0-9999998` is one.
    """

    def __init__(self, pages: Iterable[int] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self._count = 0
        for page in pages:
            self.add(page)

    def add(self, page: int) -> None:
        """Put a page in."""
        self.add_range(page, page)

    def add_range(self, first: int, last: int) -> None:
        """Put in all pages from the first to the last, both included."""
        # the ranges that touch it become one with it
        begin = bisect_right(self._lasts, first - 2)
        end = bisect_right(self._firsts, last + 1)
        if begin < end:
            first, last = min(first, self._firsts[begin]), max(last, self._lasts[end - 1])
        pairs = zip(self._firsts[begin:end], self._lasts[begin:end], strict=True)
        self._count += last - first + 1 - sum(b - a + 1 for a, b in pairs)
        self._firsts[begin:end], self._lasts[begin:end] = [first], [last]

    def discard(self, page: int) -> None:
        """Take a page out, where it is in."""
        at = bisect_right(self._firsts, page) - 1
        if at < 0 or page > self._lasts[at]:
            return
        first, last = self._firsts[at], self._lasts[at]
        kept = [(a, b) for a, b in ((first, page - 1), (page + 1, last)) if a <= b]
        self._firsts[at : at + 1] = [a for a, _ in kept]
        self._lasts[at : at + 1] = [b for _, b in kept]
        self._count -= 1

    def update(self, others: PageRanges) -> None:
        """Put in all pages of another set."""
        for first, last in others.ranges():
            self.add_range(first, last)

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last page of each range, in ascending order."""
        return zip(self._firsts, self._lasts, strict=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pages in a text. Raises ValueError where it is no list of ranges."""
        pages = cls()
        for part in filter(None, text.split(",")):
            first, _, last = part.partition("-")
            if int(last or first) >= int(first):
                pages.add_range(int(first), int(last or first))
        return pages

    def __str__(self) -> str:
        shown = (str(first) if first == last else f"{first}-{last}" for first, last in self.ranges())
        return ",".join(shown)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.ranges():
            yield from range(first, last + 1)

    def __contains__(self, page: int) -> bool:
        at = bisect_right(self._firsts, page) - 1
        return at >= 0 and page <= self._lasts[at]

    def __len__(self) -> int:
        return self._count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PageRanges) and list(self.ranges()) == list(other.ranges())

    def __hash__(self) -> int:
        raise TypeError("a set that changes has no hash")


def format_ranges(pages: Iterable[int]) -> str:
    """Return pages in any order, each once or more often, as ranges."""
    return str(PageRanges(pages))


def parse_ranges(text: str) -> set[int]:
    """Return the pages in a text. Raises ValueError where it is no list of ranges."""
    return set(PageRanges.parse(text))
