"""Changes that were published before, read from the topics again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.kafka.clients import open_consumer
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from streams.table.changes import Change, change_of

_BATCH_RECORDS = 100
_POLL_MS = 200


async def history(
    settings: Settings,
    first: Mapping[TopicPartition, int],
    end: Mapping[TopicPartition, int],
    document_ids: frozenset[str] | None = None,
) -> AsyncGenerator[list[Change]]:
    """Yield what stands on the topics from one position to another, in batches, each partition's in order.

    An earlier record of a key may be gone (compaction), and nothing stands before the beginning of a partition.

    Args:
        first, end: Offsets of each partition; `end` is not included.
        document_ids: Only changes of these documents; None: of all.

    Raises:
        BrokerError: Kafka cannot be reached.
    """
    left = {where: offset for where, offset in end.items() if first.get(where, 0) < offset}
    if not left:
        return
    names = TopicNames.of(settings)
    async with open_consumer(settings, auto_offset_reset="earliest") as consumer:
        consumer.assign(list(left))
        for where in left:
            consumer.seek(where, first.get(where, 0))
        while left:
            found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
            messages = [
                message
                for where, records in found.items()
                for message in records
                if message.offset < end[where] and _is_of(message, names, document_ids)
            ]
            yield await asyncio.to_thread(_changes, messages, names)
            left = {where: offset for where, offset in left.items() if await _position(consumer, where) < offset}


def _is_of(message: ConsumerRecord[bytes, bytes], names: TopicNames, document_ids: frozenset[str] | None) -> bool:
    if document_ids is None:
        return True
    key = (message.key or b"").decode(errors="replace")
    return (key if message.topic == names.documents else key.rpartition("/")[0]) in document_ids


def _changes(messages: list[ConsumerRecord[bytes, bytes]], names: TopicNames) -> list[Change]:
    return [change for message in messages if (change := change_of(message, names)) is not None]


async def _position(consumer: AIOKafkaConsumer, where: TopicPartition) -> int:
    return int(await consumer.position(where))
