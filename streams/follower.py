"""Following a topic from outside any consumer group: every partition, from the beginning or from now."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.codec import decode
from streams.errors import BrokerError, UndecodableMessage
from streams.records import Record
from streams.settings import Settings

logger = logging.getLogger(__name__)
R = TypeVar("R", bound=Record)


async def follow(settings: Settings, topic: str, kind: type[R], *, from_beginning: bool) -> AsyncIterator[R]:
    """Yield a topic's records as they come; what does not decode is logged and passed over. Raises BrokerError."""
    async with following(settings, [topic], from_beginning=from_beginning) as consumer:
        async for message in consumer:
            try:
                yield decode(kind, message.value)
            except UndecodableMessage as error:
                logger.warning("%s/%d/%d: %s", message.topic, message.partition, message.offset, error.message)


@asynccontextmanager
async def following(settings: Settings, topics: list[str], *, from_beginning: bool) -> AsyncIterator[Any]:
    """Yield an aiokafka consumer of all partitions of the topics, positioned. Raises BrokerError."""
    consumer = AIOKafkaConsumer(
        **settings.kafka_client(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        await consumer.topics()
        where = [TopicPartition(t, number) for t in topics for number in consumer.partitions_for_topic(t) or ()]
        if not where:
            raise BrokerError(
                f"There is no topic {topics[0]} at {settings.broker}; `inkstream topics create` makes it."
            )
        consumer.assign(where)
        await (consumer.seek_to_beginning if from_beginning else consumer.seek_to_end)(*where)
        yield consumer
    except KafkaError as error:
        raise BrokerError(f"Kafka at {settings.broker} cannot be reached: {error!r}") from error
    finally:
        await consumer.stop()
