"""Deletion on a real Kafka: records are gone for good, wherever they stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import NewPartitions

from streams.kafka.clients import open_admin, open_producer
from streams.kafka.topics import TopicNames, partition_for
from streams.messages.codec import encode
from streams.settings import Settings
from streams.sources.producer import FileProducer
from streams.table.table_follower import TableFollower
from tests.integration.harness import eventually
from tests.unit.test_api import DOCUMENT, PAGE

# led to partition 1 of two, and leads to partition 3 of four
OF = next(f"d{n}" for n in range(100) if (partition_for(f"d{n}", 2), partition_for(f"d{n}", 4)) == (1, 3))


async def put(settings: Settings, partition: int) -> None:
    """Write the records of a document of one page, as agents do."""
    names = TopicNames.of(settings)
    page, document = (one.model_copy(update={"document_id": OF}) for one in (PAGE, DOCUMENT))
    async with open_producer(settings) as producer:
        await producer.send_and_wait(names.page_text, encode(page), key=f"{OF}/0".encode(), partition=partition)
        await producer.send_and_wait(names.documents, encode(document), key=OF.encode(), partition=partition)


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[TableFollower]:
    """Yield a table that has caught up with its topics."""
    table = TableFollower(settings)
    task = asyncio.create_task(table.run())
    await eventually(lambda: asyncio.sleep(0, table.ready))
    try:
        yield table
    finally:
        task.cancel()
        await asyncio.wait([task])


async def known(table: TableFollower) -> tuple[bool, list[int], list[int]]:
    """Return whether the document has a record, and the numbers of its pages and partitions."""
    return await table.ask(lambda t: (t.document(OF) is not None, t.page_numbers(OF), t.partitions(OF)))


async def test_a_document_of_before_partitions_were_added_is_deleted_for_good(settings: Settings) -> None:
    names = TopicNames.of(settings)
    await put(settings, 1)
    async with open_admin(settings) as admin:
        await admin.create_partitions({name: NewPartitions(4) for name in (names.page_text, names.documents)})
    await put(settings, 3)  # the same file came again
    async with following(settings) as table, FileProducer(settings) as producer:
        assert await known(table) == (True, [0], [1, 3])
        await producer.delete(OF, [0], (await known(table))[2])

        async def forgotten() -> bool:
            return await known(table) == (False, [], [])

        await eventually(forgotten)
    async with following(settings) as again:  # in whatever order the partitions come
        assert await known(again) == (False, [], [])
