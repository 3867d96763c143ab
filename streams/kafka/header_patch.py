"""Records as Kafka takes them, where aiokafka is stricter: names of headers that are not UTF-8.

Kafka asks nothing of a header's name but its length. aiokafka decodes it as UTF-8 in the middle of a fetch, and
one name that is not, from any producer, would end every consumer of its partition, again and again. Here a batch
that aiokafka cannot read is read a second time, with such names escaped: the message is as good as any other.

The format is that of KIP-98 (magic 2), the only one that brokers keep since version 4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from aiokafka import codec
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecord
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

_LENGTH = struct.Struct(">8xi")  # of a batch, after its base offset; counts what comes after it
_HEADER = struct.Struct(">q13xh4xqq14xi")  # base offset, attributes, first and last timestamp, number of records
_CODECS: dict[int, Callable[[bytes], bytes]] = {
    0: bytes, 1: codec.gzip_decode, 2: codec.snappy_decode, 3: codec.lz4_decode, 4: codec.zstd_decode,
}  # fmt: skip
_APPEND_TIME = 0x08

_Headers = list[tuple[str, bytes | None]]


def accept_any_header_name() -> None:
    """Let all consumers of this process read headers whose names are not UTF-8, Faust's included."""
    fetcher.MemoryRecords = FetchedRecords


class FetchedRecords:
    """The batches of one fetch: aiokafka's MemoryRecords, with batches that can be read a second time."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._batches = MemoryRecords(data)
        self._position = 0

    def size_in_bytes(self) -> int:
        return len(self._data)

    def has_next(self) -> bool:
        return bool(self._batches.has_next())

    def next_batch(self) -> FetchedBatch:
        start = self._position
        self._position = start + _LENGTH.size + _LENGTH.unpack_from(self._data, start)[0]
        return FetchedBatch(self._batches.next_batch(), self._data, start, self._position)


class FetchedBatch:
    """One batch: aiokafka's, but for records that it cannot read."""

    def __init__(self, batch: Any, data: bytes, start: int, end: int) -> None:
        self._batch = batch
        self._where = data, start, end
        self._records: Iterator[Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._records is None:
            self._records = self._read()
        return next(self._records)

    def _read(self) -> Iterator[Any]:
        done = 0
        try:
            for record in self._batch:
                yield record
                done += 1
        except (UnicodeDecodeError, CorruptRecordException):  # the latter without its compiled parser
            data, start, end = self._where
            for number, record in enumerate(_records(memoryview(data)[start:end])):
                if number >= done:
                    yield record


def _records(batch: memoryview) -> Iterator[DefaultRecord]:
    """Yield a batch's records. Raises CorruptRecordException where it holds something else."""
    base, attributes, first, last, count = _HEADER.unpack_from(batch)
    body = bytearray(_CODECS[attributes & 0x07](bytes(batch[_HEADER.size :])))
    position = 0
    for _ in range(count):
        length, start = decode_varint(body, position)
        position = start + length
        delta, at = decode_varint(body, start + 1)  # after the record's own attributes, which are unused
        offset, at = decode_varint(body, at)
        key, at = _nullable(body, at)
        value, at = _nullable(body, at)
        headers, at = _headers(body, at)
        if at != position:
            raise CorruptRecordException(f"a record of {length} bytes ends at {at - start}")
        appended = attributes & _APPEND_TIME
        yield DefaultRecord(
            base + offset, last if appended else first + delta, int(bool(appended)), key, value, headers
        )  # fmt: skip


def _headers(body: bytearray, at: int) -> tuple[_Headers, int]:
    count, at = decode_varint(body, at)
    headers: _Headers = []
    for _ in range(count):
        name, at = _nullable(body, at)
        value, at = _nullable(body, at)
        headers.append(((name or b"").decode(errors="backslashreplace"), value))
    return headers, at


def _nullable(body: bytearray, at: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(body, at)
    return (bytes(body[at : at + length]), at + length) if length >= 0 else (None, at)
