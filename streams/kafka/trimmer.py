"""Deletes page tasks once their offset is committed, as Kafka Streams does with its repartition topics."""

from __future__ import annotations

import asyncio
import logging

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from streams.kafka.topics import TopicNames, consumer_group
from streams.settings import Settings

logger = logging.getLogger(__name__)

_EVERY_S = 30.0


async def trim_pages(settings: Settings) -> None:
    """Trim `pages` every half minute until cancelled. Every read worker does; a second trim changes nothing."""
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            await trim_once(settings)
        except (KafkaError, OSError) as error:  # only disk space waits; the next round tries again
            logger.warning("pages not trimmed: %r", error)


async def trim_once(settings: Settings) -> dict[int, int]:
    """Delete what every read worker has committed; return the committed offset per trimmed partition."""
    topic = TopicNames.of(settings).pages
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(consumer_group(settings, "read"))
        finished = {where: found.offset for where, found in committed.items() if found.offset > 0}
        finished = {where: offset for where, offset in finished.items() if where.topic == topic}
        if finished:
            await admin.delete_records(
                {
                    TopicPartition(*where): RecordsToDelete(before_offset=offset)
                    for where, offset in finished.items()
                }
            )
        return {where.partition: offset for where, offset in finished.items()}
    finally:
        await admin.close()
