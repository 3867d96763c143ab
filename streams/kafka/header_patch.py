"""A patch of aiokafka: it reads records whose header names are not UTF-8.

What and why: Kafka asks nothing of a header's name but its length. aiokafka decodes it as UTF-8 in the middle of a
fetch, and one name that is not UTF-8, from any producer, ends every consumer of its partition, again and again.
Here a batch that aiokafka cannot read is read a second time, by our own parser, with such names escaped
(`\\xff\\xfe`). All other batches stay with aiokafka's compiled parser.

Where: aiokafka 0.14 makes a `MemoryRecords` of the bytes of each fetch, a name that its module
`aiokafka.consumer.fetcher` imports. `accept_any_header_name` replaces that name by FetchedRecords, which has the
four methods that the fetcher calls.

When aiokafka changes: pyproject.toml pins the minor version. If a later one no longer looks the name up there, the
patch does nothing, and tests/integration/test_foreign_producers.py fails: its tests write such names with
another client. Once aiokafka reads them itself, delete this module.

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

# A batch begins with its base offset (8 bytes) and the number of bytes that follow these two fields.
_BATCH_LENGTH = struct.Struct(">8xi")
# Of the whole head of a batch: base offset, attributes, first and last timestamp, number of records. Skipped are
# length, leader epoch, magic and CRC (13 bytes), the last offset's delta (4), producer id, epoch and sequence (14).
_BATCH_HEAD = struct.Struct(">q13xh4xqq14xi")

_CODEC_BITS = 0x07  # of the attributes
_DECOMPRESS: dict[int, Callable[[bytes], bytes]] = {
    0: bytes,
    1: codec.gzip_decode,
    2: codec.snappy_decode,
    3: codec.lz4_decode,
    4: codec.zstd_decode,
}
_APPEND_TIME_BIT = 0x08  # of the attributes: all records have the time at which the broker got the batch

_Headers = list[tuple[str, bytes | None]]


def accept_any_header_name() -> None:
    """Let all consumers of this process read headers whose names are not UTF-8, Faust's included."""
    fetcher.MemoryRecords = FetchedRecords


class FetchedRecords:
    """The batches of one fetch: aiokafka's MemoryRecords, which keeps the bytes of each batch beside it."""

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
        self._position += _BATCH_LENGTH.size + _BATCH_LENGTH.unpack_from(self._data, start)[0]
        return FetchedBatch(self._batches.next_batch(), memoryview(self._data)[start : self._position])


class FetchedBatch:
    """One batch: aiokafka's in all things, but that records which it cannot read are read by `_parse_batch`."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data
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
        yielded = 0
        try:
            for record in self._batch:
                yield record
                yielded += 1
        except (UnicodeDecodeError, CorruptRecordException):  # the latter from aiokafka without its compiled parser
            # aiokafka cannot go on behind a record that it failed at: the batch is parsed again from its start
            for number, record in enumerate(_parse_batch(self._data)):
                if number >= yielded:
                    yield record


def _parse_batch(batch: memoryview) -> Iterator[DefaultRecord]:
    """Yield a batch's records. Raises CorruptRecordException where a record's length is not that of its fields."""
    base_offset, attributes, first_time, last_time, count = _BATCH_HEAD.unpack_from(batch)
    body = bytearray(_DECOMPRESS[attributes & _CODEC_BITS](bytes(batch[_BATCH_HEAD.size :])))
    appended = bool(attributes & _APPEND_TIME_BIT)
    end = 0
    for _ in range(count):
        length, start = decode_varint(body, end)
        end = start + length
        time_delta, at = decode_varint(body, start + 1)  # after one byte of the record's own attributes, unused
        offset_delta, at = decode_varint(body, at)
        key, at = _parse_bytes(body, at)
        value, at = _parse_bytes(body, at)
        headers, at = _parse_headers(body, at)
        if at != end:
            raise CorruptRecordException(f"a record of {length} bytes ends at {at - start}")
        time = last_time if appended else first_time + time_delta
        yield DefaultRecord(base_offset + offset_delta, time, int(appended), key, value, headers)


def _parse_headers(body: bytearray, at: int) -> tuple[_Headers, int]:
    """Return the headers at a position, names escaped where they are not UTF-8, and the position behind them."""
    count, at = decode_varint(body, at)
    headers: _Headers = []
    for _ in range(count):
        name, at = _parse_bytes(body, at)
        value, at = _parse_bytes(body, at)
        headers.append(((name or b"").decode(errors="backslashreplace"), value))
    return headers, at


def _parse_bytes(body: bytearray, at: int) -> tuple[bytes | None, int]:
    """Return the bytes at a position, None for a null, and the position behind them."""
    length, at = decode_varint(body, at)
    return (bytes(body[at : at + length]), at + length) if length >= 0 else (None, at)
