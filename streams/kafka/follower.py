"""Topics read from outside any consumer group: every partition, from the beginning or from now on."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.errors import BrokerError, UndecodableMessage
from streams.kafka.clients import open_consumer, until_found
from streams.messages.codec import decode
from streams.messages.record import Record
from streams.settings import Settings

logger = logging.getLogger(__name__)
R = TypeVar("R", bound=Record)

_POLL_MS = 500
_FETCH_WAIT_MS = 100  # Kafka's default of 500 would show on a terminal


async def follow(settings: Settings, topic: str, kind: type[R], *, from_beginning: bool) -> AsyncGenerator[R, None]:
    """Yield a topic's records as they come; one that does not decode is logged and skipped. Raises BrokerError."""
    async with topic_consumer(settings, [topic], from_beginning=from_beginning) as consumer:
        async for message in consumer:
            try:
                yield decode(kind, message.value)
            except UndecodableMessage as error:
                logger.warning("%s/%d/%d: %s", message.topic, message.partition, message.offset, error.message)


async def stored_records(settings: Settings, topic: str) -> AsyncGenerator[ConsumerRecord[bytes, bytes], None]:
    """Yield what a topic has now, tombstones included, each partition from its beginning. Raises BrokerError."""
    async with topic_consumer(settings, [topic], from_beginning=True) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(where) < end for where, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    yield record


@asynccontextmanager
async def topic_consumer(
    settings: Settings, topics: list[str], *, from_beginning: bool
) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a positioned consumer of all partitions of the topics. Raises BrokerError."""
    opening = open_consumer(
        settings,
        *topics,
        # not a seek after the start: what was fetched by then would be delivered all the same
        auto_offset_reset="earliest" if from_beginning else "latest",
        fetch_max_wait_ms=_FETCH_WAIT_MS,
    )
    async with opening as consumer:

        async def assignment() -> set[TopicPartition] | None:
            found = consumer.assignment()
            return found if {where.topic for where in found} == set(topics) else None

        partitions = await until_found(assignment)
        if partitions is None:
            raise BrokerError(f"No topic {topics[0]} at {settings.broker}; `inkstream topics create` makes it.")
        for where in partitions:
            await consumer.position(where)  # settled now, not with the first record
        yield consumer
