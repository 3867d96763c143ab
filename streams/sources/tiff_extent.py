"""How far a TIFF reaches (TIFF 6.0, section 2; BigTIFF the same with wider numbers)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_STRIP_OFFSETS, _STRIP_LENGTHS, _TILE_OFFSETS, _TILE_LENGTHS = 273, 279, 324, 325
# bytes of one value, by field type (TIFF 6.0, section 2; 13 and from 16 on: BigTIFF)
_VALUE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
# struct formats of the types that offsets and lengths may have
_INTEGERS = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
# Entries and numbers looked at. More are garbage, which would take hours: 10,000 scanned pages have a million.
_MAX_VALUES = 5_000_000


@dataclass(frozen=True, slots=True)
class _Layout:
    """The number formats of one file, each with its byte order."""

    order: str
    first: int  # where the offset of the first directory stands
    count: str
    entry: str
    offset: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """One directory entry: `count` values of a type, in `inline` or, where they do not fit, at the offset in it."""

    tag: int
    kind: int
    count: int
    inline: bytes


class _TooMuch(Exception):
    """There is more to look at than any scan has."""


class _Work:
    """Counts the values looked at."""

    def __init__(self) -> None:
        self._left = _MAX_VALUES

    def add(self, values: int) -> None:
        """Count values before they are read. Raises _TooMuch."""
        self._left -= values
        if self._left < 0:
            raise _TooMuch


def tiff_is_whole(stream: BinaryIO, size: int) -> bool:
    """Return whether every directory, and all that the directories name, lies within the file's `size` bytes.

    A file with more to look at than any scan has is left to its reader: it is whole.
    """
    stream.seek(0)
    order, big = ("<" if stream.read(2) == b"II" else ">"), b"+" in stream.read(2)
    layout = _Layout(order, 8, "Q", "HHQ8s", "Q") if big else _Layout(order, 4, "H", "HHI4s", "I")
    work = _Work()
    try:
        return all(
            _entries_end(stream, layout, entries, work) <= size for entries in _directories(stream, layout, work)
        )
    except EOFError:
        return False
    except _TooMuch:
        return True


def _directories(stream: BinaryIO, layout: _Layout, work: _Work) -> Iterator[list[_Entry]]:
    """Yield the entries of each directory in the chain. Raises EOFError where it leaves the file."""
    (directory,) = _read(stream, layout.first, layout.order + layout.offset)
    if not directory:
        raise EOFError  # a writer fills it in last
    visited: set[int] = set()
    while directory and directory not in visited:
        visited.add(directory)
        (count,) = _read(stream, directory, layout.order + layout.count)
        work.add(1 + count)
        start = directory + struct.calcsize(layout.order + layout.count)
        width = struct.calcsize(layout.order + layout.entry)
        table = _bytes(stream, start, count * width)
        yield [_Entry(*fields) for fields in struct.iter_unpack(layout.order + layout.entry, table)]
        (directory,) = _read(stream, start + count * width, layout.order + layout.offset)


def _entries_end(stream: BinaryIO, layout: _Layout, entries: list[_Entry], work: _Work) -> int:
    """Return where the last of what these entries name ends. Raises EOFError as well where that is outside."""
    ends = [0]
    for entry in entries:
        length = _VALUE_BYTES.get(entry.kind, 1) * entry.count
        if length > len(entry.inline):
            ends.append(struct.unpack(layout.order + layout.offset, entry.inline)[0] + length)
    named = {entry.tag: entry for entry in entries}
    for offsets, lengths in ((_STRIP_OFFSETS, _STRIP_LENGTHS), (_TILE_OFFSETS, _TILE_LENGTHS)):
        if offsets in named and lengths in named:
            work.add(named[offsets].count + named[lengths].count)
            starts = _integers(stream, layout, named[offsets])
            ends += map(sum, zip(starts, _integers(stream, layout, named[lengths]), strict=False))
    return max(ends)


def _integers(stream: BinaryIO, layout: _Layout, entry: _Entry) -> tuple[int, ...]:
    form = _INTEGERS.get(entry.kind)
    if form is None:
        return ()
    length = _VALUE_BYTES[entry.kind] * entry.count
    inline = length <= len(entry.inline)
    at = 0 if inline else struct.unpack(layout.order + layout.offset, entry.inline)[0]
    data = entry.inline[:length] if inline else _bytes(stream, at, length)
    return struct.unpack(f"{layout.order}{entry.count}{form}", data)


def _read(stream: BinaryIO, at: int, form: str) -> tuple[int, ...]:
    return struct.unpack(form, _bytes(stream, at, struct.calcsize(form)))


def _bytes(stream: BinaryIO, at: int, length: int) -> bytes:
    """Return exactly so many bytes. Raises EOFError where the file ends before."""
    size = stream.seek(0, 2)
    if at + length > size:
        raise EOFError
    stream.seek(at)
    return stream.read(length)
