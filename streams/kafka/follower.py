"""Following a topic from outside any consumer group: every partition, from the beginning or from now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiokafka.errors import KafkaError

from streams.errors import BrokerError, UndecodableMessage
from streams.kafka.header_patch import new_consumer
from streams.messages.codec import decode
from streams.messages.records import Record
from streams.settings import Settings

logger = logging.getLogger(__name__)
R = TypeVar("R", bound=Record)

_TRIES, _TRY_AGAIN_S = 50, 0.1


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
    consumer = new_consumer(
        settings,
        *topics,  # without a group, a subscription is an assignment of every partition
        # not a seek after the start: what was fetched by then would be delivered all the same
        auto_offset_reset="earliest" if from_beginning else "latest",
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        for _ in range(_TRIES):
            if {where.topic for where in consumer.assignment()} == set(topics):
                break
            await asyncio.sleep(_TRY_AGAIN_S)  # a topic that was just created becomes known a moment later
        else:
            raise BrokerError(f"No topic {topics[0]} at {settings.broker}; `inkstream topics create` makes it.")
        for where in consumer.assignment():
            await consumer.position(where)  # settled now, not with the first record
        yield consumer
    except KafkaError as error:
        raise BrokerError(f"Kafka at {settings.broker} cannot be reached: {error!r}") from error
    finally:
        await consumer.stop()
