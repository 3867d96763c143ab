"""The one place that opens Kafka clients and turns aiokafka's errors into ours.

Each `open_*` is an async context manager. It starts a client, stops it at the end, also where it never started, and
raises BrokerError for any KafkaError of the block.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from streams.errors import BrokerError
from streams.kafka.header_patch import accept_any_header_name
from streams.kafka.refusals import why
from streams.kafka.security import client_options
from streams.settings import Settings

T = TypeVar("T")
logger = logging.getLogger(__name__)

# A broker that has just started, or has just created a topic, knows its groups and topics up to some seconds later.
_TRIES = 50
_RETRY_S = 0.1
# A broker that has just started may also leave out topics. The leader of a group then assigns nothing of them until
# its metadata are fetched again: 5 minutes later by default.
GROUP_METADATA_MAX_AGE_MS = 10_000
_START_S = 15.0
_CLOSE_S = 2.0
_FOLLOW_AGAIN_S = 1.0


async def follow_for_ever(follow: Callable[[], Awaitable[None]]) -> None:
    """Follow a topic until cancelled: where that ends, as when the broker is away, begin again a second later."""
    while True:
        try:
            await follow()
        except BrokerError as error:
            logger.warning("%s; trying again", error.message)
        await asyncio.sleep(_FOLLOW_AGAIN_S)


@asynccontextmanager
async def open_consumer(
    settings: Settings, *topics: str, group: str | None = None, **options: Any
) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a consumer, for which every record that a producer can write is readable.

    Args:
        topics: Subscribed, which without a group assigns every partition; none for a consumer that assigns itself.
        group: Its consumer group; None: it is outside of any. It commits nothing by itself.
        options: Further arguments of AIOKafkaConsumer.
    """
    accept_any_header_name()
    if group is not None:
        options = {"metadata_max_age_ms": GROUP_METADATA_MAX_AGE_MS, **options}
    consumer = AIOKafkaConsumer(
        *topics, **client_options(settings), group_id=group, enable_auto_commit=False, **options
    )
    try:
        with broker_errors(settings):
            await _started(consumer.start())
            yield consumer
    finally:
        await _closed(consumer.stop())


@asynccontextmanager
async def open_producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a producer whose records count as sent once every in-sync replica has them.

    It is not idempotent. One record that Kafka refuses leaves a gap in an idempotent producer's sequence, which
    aiokafka 0.14 never closes: Kafka then answers OutOfOrderSequenceNumber to all that follow on the partition. A
    record that arrives twice, after a lost answer, is the same document or letter again.
    """
    producer = AIOKafkaProducer(**client_options(settings), acks="all", max_request_size=settings.max_message_bytes)
    try:
        with broker_errors(settings):
            await _started(producer.start())
            yield producer
    finally:
        await _closed(producer.stop())
        if (sender := producer._sender.sender_task) is not None:  # goes on where the broker is away
            sender.cancel()


@asynccontextmanager
async def open_admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Yield an admin client."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        with broker_errors(settings):
            await _started(admin.start())
            yield admin
    finally:
        await _closed(admin.close())


async def _started(starting: Awaitable[None]) -> None:
    """Wait until a client is connected; aiokafka itself waits 40 s for each broker. Raises KafkaConnectionError."""
    try:
        await asyncio.wait_for(starting, _START_S)
    except TimeoutError as error:
        raise KafkaConnectionError from error


async def _closed(closing: Awaitable[None]) -> None:
    """Wait until a client is closed, a moment at most: a producer waits for its broker for ever.

    What it still had was not acknowledged, and whoever sent it knows.
    """
    with suppress(TimeoutError, KafkaError):
        await asyncio.wait_for(closing, _CLOSE_S)


@contextmanager
def broker_errors(settings: Settings, fault: str = "cannot be reached") -> Iterator[None]:
    """Raise BrokerError for a KafkaError of the block: `Kafka at host:port FAULT: …`."""
    try:
        yield
    except KafkaError as error:
        reason = why(error, settings.security_protocol)
        raise BrokerError(f"Kafka at {settings.broker} {fault}: {reason}") from error


async def until_found(look: Callable[[], Awaitable[T | None]]) -> T | None:
    """Call `look` until it returns something, for some seconds at most; None where it never did.

    A retriable KafkaError counts as nothing found; the one of the last try is raised.
    """
    for _ in range(_TRIES):
        try:
            if (found := await look()) is not None:
                return found
        except KafkaError as error:
            if not error.retriable:
                raise
        await asyncio.sleep(_RETRY_S)
    return await look()
