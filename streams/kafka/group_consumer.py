"""The consumer that Faust runs, mended where it loses messages: partitions that have no committed offset yet.

While a group rebalances, Faust drops what was fetched and seeks back to the committed offsets (`Consumer.getmany`,
`perform_seek`). aiokafka 0.14 seeks only where a committed offset is above 0: a partition without one stays behind
the messages that were dropped, and they are never delivered. Measured with workers that were stopped for longer
than their session on fresh topics: up to a quarter of the pages was lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, OffsetAndMetadata, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types.tuples import TP

logger = logging.getLogger(__name__)

_CLOSE_S = 2.0


class GroupConsumer(Consumer):
    """Faust's consumer of one group, whose partitions start at their committed offset or at the log's start.

    `resumed_from` has, for each assigned partition, the offset of the first message that the group has to process.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.resumed_from: dict[TP, int] = {}
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> GroupConsumerThread:
        return GroupConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every assigned partition to where the group goes on, and return these offsets."""
        offsets: Mapping[TP, int] = await super().seek_to_committed()
        self.resumed_from = {
            TP(partition.topic, partition.partition): start for partition, start in offsets.items()
        }
        return offsets

    async def commit_past(self, partition: tuple[str, int], offset: int) -> None:
        """Commit an offset before which nothing is left to process. Where that fails, a later one stands for it."""
        await self._thread.commit_past(TP(*partition), offset)


class GroupConsumerThread(AIOKafkaConsumerThread):
    """The thread that Faust gives its consumer."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        offsets: Mapping[TP, int] = await self.call_thread(_seek_to_committed_or_start, self._ensure_consumer())
        return offsets

    async def commit_past(self, partition: TP, offset: int) -> None:
        await self.call_thread(_commit_past, self._ensure_consumer(), partition, offset)

    async def on_thread_stop(self) -> None:
        """Close the consumer, for a moment at most, whatever it raises: a thread that dies here is never done.

        Where the broker is away, aiokafka's fetcher passes on the cancellation of its own tasks.
        """
        try:
            await asyncio.wait_for(super().on_thread_stop(), _CLOSE_S)
        except (asyncio.CancelledError, TimeoutError, KafkaError) as error:
            logger.info("the consumer did not close in order: %r", error)


async def _seek_to_committed_or_start(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Seek as aiokafka does, and to the log's start where nothing, or 0, is committed.

    The start is committed at once, so that messages that expire before anybody has read them show as a gap later.
    """
    committed = await consumer.seek_to_committed()
    fresh = [partition for partition, offset in committed.items() if not offset]
    starts = await consumer.beginning_offsets(fresh) if fresh else {}
    try:
        for partition in fresh:
            consumer.seek(partition, starts[partition])
    except IllegalStateError:  # taken away meanwhile: the next assignment seeks again
        logger.info("a partition was reassigned while it was being positioned")
        raise
    new = {
        partition: OffsetAndMetadata(starts[partition], "") for partition in fresh if committed[partition] is None
    }
    if new:
        try:
            await consumer.commit(new)
        except KafkaError as error:  # the group is rebalancing: whoever gets the partition next commits its start
            logger.info("the start of new partitions is not committed yet: %s", error)
    return {p: starts[p] if offset is None else offset for p, offset in committed.items()}


async def _commit_past(consumer: AIOKafkaConsumer, partition: TP, offset: int) -> None:
    try:
        await consumer.commit({TopicPartition(*partition): OffsetAndMetadata(offset, "")})
    except (KafkaError, IllegalStateError) as error:  # the partition is another worker's by now
        logger.info("%s/%d: offset %d is not committed: %r", *partition, offset, error)
