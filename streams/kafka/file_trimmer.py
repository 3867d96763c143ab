"""Deletes files from raw-files once nobody needs them. Nothing there expires by time: a backlog may take weeks.

A file is needed, and with it every later one of its partition, until

1. it is split, and the split workers' group has committed that;
2. no page task waits that names it, from the read workers' committed offsets to the end of `pages`;
3. it has been there for `raw_files_retention_h`: for who wants to read it again;
4. every dead letter that names it is as old as that: until then it can be replayed.

The order of the looks makes this safe. What a message becomes is on its topic before the message is acked: a file's
tasks, a long document's next portion, a dead letter. So with the committed offsets taken first, of raw-files and
then of `pages`, and the ends of `pages` after them, every task that is left to do lies between the last two. A
worker that dies meanwhile changes nothing: its messages are not committed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from time import time

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import RecordsToDelete

from streams.kafka.clients import open_admin, open_consumer
from streams.kafka.lag import LagReader, StageLag
from streams.kafka.record_reader import address_in
from streams.kafka.topics import TopicNames
from streams.kafka.waiting_files import WaitingFiles
from streams.settings import Settings

_HOUR_S = 3600
_POLL_MS = 500

Named = Callable[[object], tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A partition of raw-files after a look at it.

    Attributes:
        log_start: Offset of the first file that is kept.
        end: Offset that the next file gets.
        deleted: Offsets that this look deleted.
    """

    partition: int
    log_start: int
    end: int
    deleted: int


class FileTrimmer:
    """Trims partitions of raw-files. Remembers what it has seen of `pages`, and looks at each task once."""

    def __init__(self, settings: Settings, lags: LagReader, clock: Callable[[], float] = time) -> None:
        """Look at nothing yet.

        Args:
            lags: Open for as long as this trims.
            clock: Seconds since 1970. One that is wrong costs no file that is unread.
        """
        self._settings = settings
        self._lags = lags
        self._clock = clock
        self._names = TopicNames.of(settings)
        self._tasks = WaitingFiles()
        self._letters = WaitingFiles()

    async def trim(self, partitions: Collection[int]) -> list[Trimmed]:
        """Delete what nobody needs from these partitions, and return how they stand. Raises BrokerError."""
        split, read, _ = await self._lags.stages()  # one after the other; of each the committed offsets first
        if not read.partitions:  # a broker that has just started: it does not know yet what waits
            return []
        standing = {n: split.partitions[n] for n in partitions if n in split.partitions}
        limits = {n: committed for n, (first, committed, _) in standing.items() if committed > first}  # 1
        if limits:
            limits = await self._lowered(limits, {n: first for n, (first, _, _) in standing.items()}, read)
        if limits:
            async with open_admin(self._settings) as admin:
                await admin.delete_records(
                    {
                        TopicPartition(split.topic, number): RecordsToDelete(before_offset=limit)
                        for number, limit in limits.items()
                    }
                )
        return [
            Trimmed(n, limits.get(n, first), end, limits.get(n, first) - first)
            for n, (first, _, end) in standing.items()
        ]

    async def _lowered(
        self, limits: dict[int, int], log_starts: Mapping[int, int], read: StageLag
    ) -> dict[int, int]:
        """Return the limits lowered to the first file that is needed, without those that would delete nothing.

        Args:
            limits: Committed offset of each partition of raw-files that holds files before it.
            log_starts: First offset of each.
            read: How far the tasks on `pages` are read.
        """
        since_ms = int((self._clock() - self._settings.raw_files_retention_h * _HOUR_S) * 1000)
        letter_ends = await self._lags.end_offsets(self._names.dead_letters)
        async with open_consumer(self._settings, auto_offset_reset="earliest") as consumer:
            limits = await self._old(consumer, log_starts, limits, since_ms)  # 3
            if limits:
                starts = {number: committed for number, (_, committed, _) in read.partitions.items()}
                ends = {number: end for number, (_, _, end) in read.partitions.items()}
                await _look(consumer, read.topic, self._tasks, starts, ends, self._file_of_task)  # 2
                topic = self._names.dead_letters
                starts = await _since(consumer, topic, letter_ends, since_ms)
                await _look(consumer, topic, self._letters, starts, letter_ends, self._file_of_letter)  # 4
        for number, limit in limits.items():
            named = [waiting.oldest(number, log_starts[number]) for waiting in (self._tasks, self._letters)]
            limits[number] = min([limit, *(offset for offset in named if offset is not None)])
        return {number: limit for number, limit in limits.items() if limit > log_starts[number]}

    async def _old(
        self, consumer: AIOKafkaConsumer, log_starts: Mapping[int, int], limits: Mapping[int, int], since_ms: int
    ) -> dict[int, int]:
        """Return the limits lowered to the first file since then, without those that would delete nothing."""
        young = await _since(consumer, self._names.raw_files, limits, since_ms)
        lowered = {number: min(limit, young[number]) for number, limit in limits.items()}
        return {number: limit for number, limit in lowered.items() if limit > log_starts[number]}

    def _file_of_task(self, task: object) -> tuple[int, int] | None:
        """Return the file that a page task names, if it is on raw-files. Whatever else is there names none."""
        reference = task.get("reference") if isinstance(task, dict) else None
        address = address_in(reference) if isinstance(reference, str) else None
        if address is None or address.topic != self._names.raw_files:
            return None
        return address.partition, address.offset

    def _file_of_letter(self, letter: object) -> tuple[int, int] | None:
        """Return the file that a dead letter, or the page task in it, names."""
        if not isinstance(letter, dict):
            return None
        payload, partition, offset = (letter.get(name) for name in ("payload_base64", "partition", "offset"))
        if isinstance(payload, str):
            try:
                return self._file_of_task(_json(base64.b64decode(payload, validate=True)))
            except ValueError:  # no base64
                return None
        if letter.get("topic") == self._names.raw_files and isinstance(partition, int) and isinstance(offset, int):
            return partition, offset
        return None


async def _look(
    consumer: AIOKafkaConsumer,
    topic: str,
    waiting: WaitingFiles,
    starts: Mapping[int, int],
    ends: Mapping[int, int],
    named: Named,
) -> None:
    """Have `waiting` hold the files that a topic's records name, from each partition's start to its end."""
    left = {}
    for number, start in starts.items():
        first = waiting.begin(number, start)
        if first < ends[number]:
            left[TopicPartition(topic, number)] = first
    if not left:
        return
    consumer.assign(list(left))
    for where, first in left.items():
        consumer.seek(where, first)
    while left:
        for where, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
            for record in records:
                waiting.add(where.partition, record.offset, named(_value(record)))
        left = {w: first for w, first in left.items() if await consumer.position(w) < ends[w.partition]}


def _value(record: ConsumerRecord[bytes, bytes]) -> object:
    return _json(record.value or b"")


def _json(text: bytes) -> object:
    """Return the value of a JSON text; None for what is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


async def _since(consumer: AIOKafkaConsumer, topic: str, ends: Mapping[int, int], since_ms: int) -> dict[int, int]:
    """Return the offset of each partition's first record since then; its end where there is none."""
    found = await consumer.offsets_for_times({TopicPartition(topic, number): since_ms for number in ends})
    firsts = {where.partition: first.offset for where, first in found.items() if first is not None}
    return {number: firsts.get(number, end) for number, end in ends.items()}
