"""Nothing is processed after a message that was never delivered: every partition's offsets are checked for gaps.

Faust delivers what its fetcher returns. Around a rebalance these can be messages from before a seek, and Faust
drops what lies between as already delivered. An ack past such a gap commits it, and the messages are lost. So the
first offset of a partition must be the one that the group resumes from, and each one after it the next. Where it is
not, Kafka is asked what lies between:

1. Nothing: transaction markers, or records that compaction removed. Go on.
2. Messages that have expired or were deleted before anybody read them. A dead letter reports them; go on.
3. Messages that are there. Faust has skipped them: the process ends before it acks anything, and they come again.

Where no message follows the deleted ones, nothing is delivered that would show the gap. So the log's start is
compared with the group's committed offset as well: after each assignment, and every half minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from aiokafka import TopicPartition

from streams.agents.faust_types import Event, HasConsumer, assigned_partitions
from streams.errors import BrokerError
from streams.kafka.clients import open_admin, open_consumer
from streams.kafka.lag import committed_offsets
from streams.settings import Settings

logger = logging.getLogger(__name__)

_FIRST_RECORD_MS = 10_000
_ASK_AGAIN_S = 1.0
_LOOK_S = 1.0
_LOOK_AGAIN_S = 30.0

Partition = tuple[str, int]


class SkippedMessages(Exception):
    """Messages that Kafka has were not delivered; the process must end without acking what came after them."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Offsets `first` to `last`, both included, of a partition that have expired unread."""

    topic: str
    partition: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Available:
    """What a partition holds: the log's start, and the first record at or after some offset."""

    log_start: int
    first_record: int | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A partition whose log starts, at `log_start`, behind the offset that the group has committed."""

    committed: int
    log_start: int


class Log(Protocol):
    """Looks into partitions, from outside of the group."""

    async def available(self, topic: str, partition: int, offset: int) -> Available:
        """Return what there is from `offset` on. Raises BrokerError."""

    async def deleted(self, partitions: Collection[Partition]) -> dict[Partition, Deleted]:
        """Return those of the partitions that have lost what the group had not committed. Raises BrokerError."""


class KafkaLog:
    """Looks into the partitions of a cluster. A client is opened for each look: gaps are rare."""

    def __init__(self, settings: Settings, group: str) -> None:
        self._settings = settings
        self._group = group

    async def available(self, topic: str, partition: int, offset: int) -> Available:
        where = TopicPartition(topic, partition)
        async with open_consumer(
            self._settings,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=self._settings.max_message_bytes,
        ) as consumer:
            consumer.assign([where])
            log_start = (await consumer.beginning_offsets([where]))[where]
            consumer.seek(where, max(offset, log_start))
            records = await consumer.getmany(where, timeout_ms=_FIRST_RECORD_MS, max_records=1)
        first = [record.offset for batch in records.values() for record in batch]
        return Available(log_start, first[0] if first else None)

    async def deleted(self, partitions: Collection[Partition]) -> dict[Partition, Deleted]:
        async with open_admin(self._settings) as admin:
            committed = await committed_offsets(admin, self._group)
        where = [TopicPartition(*partition) for partition in partitions if TopicPartition(*partition) in committed]
        async with open_consumer(self._settings) as consumer:
            starts = await consumer.beginning_offsets(where) if where else {}
        return {
            (w.topic, w.partition): Deleted(committed[w], start)
            for w, start in starts.items()
            if start > committed[w]
        }


class OffsetGuard:
    """Checks the offsets of one stream. Lives on the event loop of its agent."""

    def __init__(self, app: HasConsumer, log: Log, on_expired: Callable[[Gap], Awaitable[None]]) -> None:
        """Create a guard.

        Args:
            log: Asked where offsets are not consecutive.
            on_expired: Reports that messages expired before anybody read them. Returns once that is delivered.
        """
        self._app = app
        self._log = log
        self._on_expired = on_expired
        self._next: dict[Partition, tuple[int, int]] = {}  # partition → generation, offset that comes next
        self._gaps: dict[
            Partition, int
        ] = {}  # partition → first offset of a gap that is reported, not committed past
        self._one_at_a_time = asyncio.Lock()

    async def check(self, event: Event) -> None:
        """Return where nothing is missing before an event.

        Waits for Kafka where it has to be asked and cannot be reached.

        Raises:
            SkippedMessages: Kafka has messages before it that were not delivered.
        """
        message = event.message
        if message.generation_id != self._app.consumer_generation_id:
            return  # never acked: whoever has the partition now starts from what is committed
        async with self._one_at_a_time:
            expected = self._expected(message.tp, message.generation_id)
            if expected is not None and message.offset > expected:
                await self._explain(message.topic, message.partition, expected, message.offset)
            self._next[message.tp] = (message.generation_id, message.offset + 1)

    async def watch(self) -> None:
        """Report what is deleted where no message follows, until cancelled."""
        looked: object = None
        looked_at = float("-inf")
        while True:
            await asyncio.sleep(_LOOK_S)
            assigned = assigned_partitions(self._app)
            if not assigned or (assigned is looked and monotonic() - looked_at < _LOOK_AGAIN_S):
                continue
            looked, looked_at = assigned, monotonic()
            try:
                await self.look()
            except BrokerError as error:  # the next look finds the same
                logger.info("gaps are not looked for: %s", error.summary)

    async def look(self) -> None:
        """Report what is deleted from the assigned partitions before anybody read it. Raises BrokerError."""
        generation = self._app.consumer_generation_id
        for partition, found in (await self._log.deleted(list(assigned_partitions(self._app)))).items():
            async with self._one_at_a_time:
                if generation == self._app.consumer_generation_id:
                    await self._pass(partition, found, generation)

    async def _pass(self, partition: Partition, found: Deleted, generation: int) -> None:
        """Report a gap at the log's start, unless an event has shown it; commit its end once all before is acked.

        Committed, it is not reported again by whoever has the partition next.
        """
        first = max(found.committed, self._expected(partition, generation) or 0)  # what is in work is not lost yet
        if first < found.log_start:
            await self._report(Gap(*partition, first, found.log_start - 1))
            self._next[partition] = (generation, found.log_start)
            self._gaps[partition] = first
        if found.committed == self._gaps.get(partition):
            await self._app.consumer.commit_past(partition, found.log_start)

    def _expected(self, partition: Partition, generation: int) -> int | None:
        """Return the offset that comes next in a partition; None where nothing is known of it."""
        known, expected = self._next.get(partition, (None, None))
        return expected if known == generation else self._app.consumer.resumed_from.get(partition)

    async def _explain(self, topic: str, partition: int, expected: int, offset: int) -> None:
        found = await self._ask(topic, partition, expected)
        if found.first_record is not None and found.first_record < offset:  # 3
            raise SkippedMessages(
                f"{topic}/{partition}: {offset} was delivered after {expected - 1}, "
                f"and Kafka has {found.first_record} between them"
            )
        if found.log_start > expected:  # 2
            await self._report(Gap(topic, partition, expected, min(found.log_start, offset) - 1))

    async def _report(self, gap: Gap) -> None:
        logger.error("%s/%d: offsets %d to %d expired unread", gap.topic, gap.partition, gap.first, gap.last)
        await self._on_expired(gap)

    async def _ask(self, topic: str, partition: int, offset: int) -> Available:
        while True:
            try:
                return await self._log.available(topic, partition, offset)
            except BrokerError as error:
                logger.warning("a gap in %s/%d cannot be explained yet: %s", topic, partition, error.summary)
            await asyncio.sleep(_ASK_AGAIN_S)
