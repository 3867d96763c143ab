"""The last record of a key before an offset, found by reading backwards from there."""

from __future__ import annotations

from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.clients import open_consumer
from streams.settings import Settings

_FIRST_STEP, _STEP_FACTOR = 1000, 4  # records; what is looked for is most often near


async def last_record(
    settings: Settings, where: TopicPartition, before: int, key: bytes, wanted: Callable[[bytes], bool]
) -> bytes | None:
    """Return the value of the last record of a key before an offset that is wanted; None where there is none.

    Args:
        before: The offset of a record that is there.
        wanted: Whether a value is one of those looked for.

    Raises:
        BrokerError: Kafka does not answer.
    """
    async with open_consumer(settings) as consumer:
        consumer.assign([where])
        first, step = (await consumer.beginning_offsets([where]))[where], _FIRST_STEP
        while before > first:
            start = max(first, before - step)
            found = await _last_between(consumer, where, start, before, key, wanted)
            if found is not None:
                return found
            before, step = start, step * _STEP_FACTOR
    return None


async def _last_between(
    consumer: AIOKafkaConsumer,
    where: TopicPartition,
    start: int,
    end: int,
    key: bytes,
    wanted: Callable[[bytes], bool],
) -> bytes | None:
    consumer.seek(where, start)
    found: bytes | None = None
    while await consumer.position(where) < end:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            for record in records:
                if record.offset < end and record.key == key and record.value and wanted(record.value):
                    found = record.value
    return found
