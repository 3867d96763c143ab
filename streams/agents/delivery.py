"""Sending to topics, where sent means: acknowledged by every in-sync replica."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordTooLargeError

from streams.errors import RecordTooLarge

logger = logging.getLogger(__name__)

_CHUNK = 1000  # a 1,000-page document in one go; a larger one does not fill the producer's memory
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. `partition` None leaves the choice to the key's hash."""

    topic: str
    key: str
    value: bytes
    partition: int | None = None


class Delivery:
    """Sends outputs through one Faust app's producer and returns when Kafka has them all."""

    def __init__(self, app: Any, topics: Iterable[str]) -> None:
        self._topics = {
            name: app.topic(name, key_serializer="raw", value_serializer="raw", key_type=bytes, value_type=bytes)
            for name in topics
        }

    async def deliver(self, outputs: Iterable[Outgoing]) -> None:
        """Send the outputs and wait for their acknowledgement; an unreachable broker is waited for.

        Raises:
            RecordTooLarge: An output is larger than the topic takes; those before it may have been sent.
        """
        remaining = iter(outputs)
        while chunk := list(islice(remaining, _CHUNK)):
            await self._deliver_chunk(chunk)

    async def _deliver_chunk(self, outputs: list[Outgoing]) -> None:
        tries = 0
        while outputs:
            results = await asyncio.gather(*map(self._send, outputs), return_exceptions=True)
            failed = [(o, r) for o, r in zip(outputs, results, strict=True) if isinstance(r, BaseException)]
            for output, error in failed:
                if isinstance(error, MessageSizeTooLargeError | RecordTooLargeError):
                    raise RecordTooLarge(f"{len(output.value)} bytes for {output.key} on {output.topic}: {error}")
                if not isinstance(error, KafkaError):
                    raise error
            outputs = [output for output, _ in failed]
            if failed:
                logger.warning("%d messages not delivered, trying again: %r", len(failed), failed[0][1])
                await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1

    async def _send(self, output: Outgoing) -> None:
        sent = await self._topics[output.topic].send(
            key=output.key.encode(), value=output.value, partition=output.partition
        )
        await sent
