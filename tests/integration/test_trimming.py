"""Page tasks are deleted from Kafka once they are committed, and not before."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.clients import open_consumer, open_producer
from streams.kafka.security import client_options
from streams.kafka.topics import TopicNames, consumer_group
from streams.kafka.trimmer import trim_once
from streams.settings import Settings


async def produce(settings: Settings, topic: str, partition: int, count: int) -> None:
    async with open_producer(settings) as producer:
        for number in range(count):
            await producer.send_and_wait(topic, str(number).encode(), partition=partition)


async def commit(settings: Settings, group: str, offsets: dict[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(**client_options(settings), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(offsets))
        await consumer.commit(offsets)
    finally:
        await consumer.stop()


async def first_offsets(settings: Settings, topic: str, partitions: int) -> list[int]:
    where = [TopicPartition(topic, number) for number in range(partitions)]
    async with open_consumer(settings) as consumer:
        found = await consumer.beginning_offsets(where)
    return [found[partition] for partition in where]


async def test_nothing_is_trimmed_before_a_worker_has_committed(settings: Settings) -> None:
    pages = TopicNames.of(settings).pages
    await produce(settings, pages, 0, 3)
    assert await trim_once(settings) == {}
    assert await first_offsets(settings, pages, 4) == [0, 0, 0, 0]


async def test_page_tasks_go_up_to_the_committed_offset_and_no_other_record(settings: Settings) -> None:
    names, group = TopicNames.of(settings), consumer_group(settings, "read")
    for topic in (names.pages, names.raw_files):
        for partition in (0, 1):
            await produce(settings, topic, partition, 5)
    committed = {TopicPartition(names.pages, 0): 3, TopicPartition(names.pages, 1): 0}
    await commit(settings, group, {**committed, TopicPartition(names.raw_files, 0): 4})
    assert await trim_once(settings) == {0: 3}
    assert await first_offsets(settings, names.pages, 4) == [3, 0, 0, 0]
    assert await first_offsets(settings, names.raw_files, 2) == [0, 0]
