"""One Kafka record by its address, kafka://topic/partition/offset."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import BrokerError, SourceGone, SourceUnavailable
from streams.kafka.clients import open_consumer
from streams.settings import Settings

_TIMEOUT_S = 30.0
# no more digits than Kafka's numbers have: Python refuses to make a number of 5,000
_REFERENCE = re.compile(r"kafka://(?P<topic>[^/]+)/(?P<partition>[0-9]{1,10})/(?P<offset>[0-9]{1,19})")


class RecordAddress(NamedTuple):
    """Where a record is."""

    topic: str
    partition: int
    offset: int


def kafka_reference(topic: str, partition: int, offset: int) -> str:
    """Return the reference of a Kafka record's value."""
    return f"kafka://{topic}/{partition}/{offset}"


def address_in(reference: str) -> RecordAddress | None:
    """Return the record that a reference names; None where it names something outside of Kafka."""
    found = _REFERENCE.fullmatch(reference)
    return RecordAddress(found["topic"], int(found["partition"]), int(found["offset"])) if found else None


class RecordReader:
    """Reads single records through one consumer, which it opens when first needed. One per event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._connection = AsyncExitStack()
        self._known_topics: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    async def read(self, topic: str, partition: int, offset: int) -> ConsumerRecord[bytes, bytes]:
        """Return the record at an offset.

        Raises:
            SourceGone: The topic does not hold it, or no longer.
            SourceUnavailable: Kafka does not answer now; trying later may help.
        """
        reference = kafka_reference(topic, partition, offset)
        async with self._one_at_a_time:
            try:
                record = await asyncio.wait_for(self._at(topic, partition, offset), _TIMEOUT_S)
            except (KafkaError, BrokerError, TimeoutError) as error:
                await self.close()  # the next read starts with a fresh connection
                raise SourceUnavailable(f"{reference} cannot be fetched now: {error!r}") from error
        if record is None or record.offset != offset:
            raise SourceGone(f"{reference} is no longer there: its retention has passed; send the file again")
        return record

    async def close(self) -> None:
        """Close the connection; a later read opens it again."""
        self._consumer = None
        await self._connection.aclose()

    async def _at(self, topic: str, partition: int, offset: int) -> ConsumerRecord[bytes, bytes] | None:
        """Return the first record at or after an offset, or None where the log does not hold the offset."""
        consumer = await self._connected()
        where = TopicPartition(topic, partition)
        if topic not in self._known_topics:
            self._known_topics = await consumer.topics()
            if topic not in self._known_topics:
                return None
        if partition not in await _partitions(consumer, topic):
            await self.close()  # it may have been added since
            consumer = await self._connected()
            if partition not in await _partitions(consumer, topic):
                return None
        consumer.assign([where])
        first = (await consumer.beginning_offsets([where]))[where]
        end = (await consumer.end_offsets([where]))[where]
        if not first <= offset < end:
            return None
        consumer.seek(where, offset)
        return await consumer.getone(where)

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            # a partition fetch limit of one byte returns one record batch at a time, however large: Kafka never
            # holds back the first, and documents that nobody asked for are not sent along
            opening = open_consumer(self._settings, max_partition_fetch_bytes=1, auto_offset_reset="none")
            self._consumer = await self._connection.enter_async_context(opening)
        return self._consumer


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """Return the partitions of a topic that is there; one that is not would be waited for."""
    if not consumer.partitions_for_topic(topic):
        first = TopicPartition(topic, 0)
        consumer.assign([first])
        await consumer.beginning_offsets([first])  # has the consumer ask for the topic
    return set(consumer.partitions_for_topic(topic) or ())
