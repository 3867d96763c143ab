"""What changed between two readings of a page: line by line, and word by word in lines that changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from streams.messages.records import PageText

Part = tuple[Literal["same", "removed", "added"], str]


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of either reading.

    Attributes:
        before, after: Its text in each; None where the reading has no such line.
        parts: Runs of words: in both, in the earlier reading alone, in the later one alone.
    """

    kind: Literal["same", "changed", "removed", "added"]
    before: str | None
    after: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class PageDiff:
    """A page's two latest readings."""

    before: PageText
    after: PageText
    lines: tuple[LineChange, ...]

    @property
    def changes(self) -> int:
        """How many lines are not the same."""
        return sum(line.kind != "same" for line in self.lines)


def page_diff(before: PageText, after: PageText) -> PageDiff:
    """Return how a page's text changed."""
    return PageDiff(before, after, tuple(_lines(before.text.splitlines(), after.text.splitlines())))


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[LineChange]:
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, False).get_opcodes():
        for old, new in zip_longest(before[start:end], after[new_start:new_end]):
            if tag == "equal":
                yield LineChange("same", old, new, (("same", old),))
            elif old is None:
                yield LineChange("added", None, new, (("added", new),))
            elif new is None:
                yield LineChange("removed", old, None, (("removed", old),))
            else:
                yield LineChange("changed", old, new, tuple(_parts(old.split(), new.split())))


def _parts(before: Sequence[str], after: Sequence[str]) -> Iterator[Part]:
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, False).get_opcodes():
        old, new = " ".join(before[start:end]), " ".join(after[new_start:new_end])
        if tag == "equal":
            yield "same", old
            continue
        if old:
            yield "removed", old
        if new:
            yield "added", new
