"""Partitions that a running worker does not know yet are read within seconds, not within five minutes."""

from __future__ import annotations

import pytest
from aiokafka.admin import NewPartitions

from streams.kafka.clients import open_admin, open_producer
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from tests.integration.harness import Topics, WorkerProcess, eventually, text_pdf

pytestmark = pytest.mark.timeout(180)


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
        async with open_admin(settings) as admin:

            async def made() -> bool:
                return len((await admin.describe_topics([raw_files]))[0]["partitions"]) == added + 1

            await admin.create_partitions({raw_files: NewPartitions(added + 1)})
            await eventually(made)
        async with open_producer(settings) as producer:
            await producer.send_and_wait(raw_files, text_pdf(2), partition=added)
        await eventually(lambda: read(3), 60, worker.log)
