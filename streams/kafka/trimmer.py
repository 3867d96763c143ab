"""Deletes page tasks once their offset is committed, as Kafka Streams does with its repartition topics."""

from __future__ import annotations

import asyncio
import logging

from aiokafka.admin import RecordsToDelete

from streams.errors import BrokerError
from streams.kafka.clients import open_admin
from streams.kafka.lag import committed_offsets
from streams.kafka.topics import TopicNames, consumer_group
from streams.settings import Settings

logger = logging.getLogger(__name__)

_INTERVAL_S = 30.0


async def trim_pages(settings: Settings) -> None:
    """Trim `pages` every half minute until cancelled. Every read worker does; a second trim changes nothing."""
    while True:
        await asyncio.sleep(_INTERVAL_S)
        try:
            await trim_once(settings)
        except (BrokerError, OSError) as error:  # only disk space waits; the next round tries again
            logger.warning("pages not trimmed: %r", error)


async def trim_once(settings: Settings) -> dict[int, int]:
    """Delete what the read workers have committed; return the committed offset of each trimmed partition."""
    topic = TopicNames.of(settings).pages
    async with open_admin(settings) as admin:
        committed = await committed_offsets(admin, consumer_group(settings, "read"))
        finished = {where: offset for where, offset in committed.items() if where.topic == topic and offset > 0}
        if finished:
            await admin.delete_records(
                {where: RecordsToDelete(before_offset=offset) for where, offset in finished.items()}
            )
    return {where.partition: offset for where, offset in finished.items()}
