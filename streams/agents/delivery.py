"""Sending to topics, where sent means: acknowledged by every in-sync replica."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from itertools import islice

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
)
from faust.exceptions import ProducerSendError

from streams.agents.faust_types import HasTopics
from streams.agents.outgoing import Outgoing
from streams.errors import DeliveryRefused, RecordTooLarge

logger = logging.getLogger(__name__)

_CHUNK_MESSAGES = 1000  # a 1,000-page document in one go; a larger one does not fill the producer's memory
# What aiokafka does not call retriable may still pass, as a broker that restarts answers many things.
_MAX_TRIES_NOT_RETRIABLE = 10
_REFUSALS = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError, InvalidTopicError)
_SHOWN_CHARACTERS = 300  # of a key, which may be anything
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)  # the last again and again


class Delivery:
    """Sends messages through one Faust app's producer and returns when Kafka has them all."""

    def __init__(self, app: HasTopics, topics: Iterable[str]) -> None:
        """Create a delivery to the named topics, and to no others."""
        self._topics = {
            name: app.topic(name, key_serializer="raw", value_serializer="raw", key_type=bytes, value_type=bytes)
            for name in topics
        }

    async def deliver(self, messages: Iterable[Outgoing]) -> None:
        """Send the messages and wait for their acknowledgement; an unreachable broker is waited for.

        Raises:
            RecordTooLarge: A message is larger than its topic takes; those before it may have been sent.
            DeliveryRefused: Kafka will not take it, however often it is sent.
        """
        remaining = iter(messages)
        while chunk := list(islice(remaining, _CHUNK_MESSAGES)):
            await self._deliver_chunk(chunk)

    async def _deliver_chunk(self, messages: list[Outgoing]) -> None:
        tries = 0
        while messages:
            results = await asyncio.gather(*map(self._send, messages), return_exceptions=True)
            failed = [(m, r) for m, r in zip(messages, results, strict=True) if isinstance(r, BaseException)]
            for message, error in failed:
                if isinstance(error, MessageSizeTooLargeError | RecordTooLargeError):
                    raise RecordTooLarge(
                        f"{len(message.value or b'')} bytes for {message.key[:_SHOWN_CHARACTERS]} on "
                        f"{message.topic}: {error}"
                    )
                if not isinstance(error, KafkaError):
                    raise error
                if isinstance(error, _REFUSALS) or (not error.retriable and tries >= _MAX_TRIES_NOT_RETRIABLE):
                    raise DeliveryRefused(
                        f"Kafka does not take messages for {message.topic}: {error!r}; "
                        "give this client the right to write there, or correct the topic"
                    ) from error
            messages = [message for message, _ in failed]
            if failed:
                logger.warning("%d messages not delivered, trying again: %r", len(failed), failed[0][1])
                await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1

    async def _send(self, message: Outgoing) -> None:
        try:
            acknowledged = await self._topics[message.topic].send(
                key=message.key.encode(),
                value=message.value,
                partition=message.partition,
                headers=list(message.headers) or None,
            )
        except ProducerSendError as error:  # Faust puts what its client raises into it
            raise error.__cause__ or error from error
        await acknowledged
