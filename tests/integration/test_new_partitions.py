"""Partitions that a consumer group does not know yet are read within seconds, not within five minutes."""

from __future__ import annotations

import pytest
from aiokafka.admin import NewPartitions

from streams.kafka.clients import open_admin, open_consumer, open_producer
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from tests.integration.harness import Topics, WorkerProcess, eventually, text_pdf

pytestmark = pytest.mark.timeout(180)


async def add_partition(settings: Settings, topic: str, before: int) -> None:
    """Add a partition to a topic that has so many; return once the broker lists it."""
    async with open_admin(settings) as admin:

        async def listed() -> bool:
            return len((await admin.describe_topics([topic]))[0]["partitions"]) == before + 1

        await admin.create_partitions({topic: NewPartitions(before + 1)})
        await eventually(listed)


async def test_files_on_partitions_that_are_added_under_a_running_worker_are_read(
    settings: Settings, topics: Topics
) -> None:
    raw_files, added = TopicNames.of(settings).raw_files, settings.raw_files_partitions
    with WorkerProcess(settings) as worker:

        async def read(pages: int) -> bool:
            return await topics.page_count() == pages

        async with open_producer(settings) as producer:
            await producer.send_and_wait(raw_files, text_pdf(1), partition=0)
        await eventually(lambda: read(1), 60, worker.log)  # partitions are assigned by now
        await add_partition(settings, raw_files, added)
        async with open_producer(settings) as producer:
            await producer.send_and_wait(raw_files, text_pdf(2), partition=added)
        await eventually(lambda: read(3), 60, worker.log)


async def test_a_consumer_of_our_own_group_is_assigned_partitions_that_are_added(settings: Settings) -> None:
    documents, before = TopicNames.of(settings).documents, settings.page_text_partitions
    async with open_consumer(settings, documents, group=f"{documents}-readers") as consumer:

        async def assigned(partitions: int) -> bool:
            return len(consumer.assignment()) == partitions

        await eventually(lambda: assigned(before))
        await add_partition(settings, documents, before)
        await eventually(lambda: assigned(before + 1))
