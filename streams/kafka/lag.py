"""How far each stage is behind, from Kafka itself: end offsets against committed offsets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.errors import BrokerError
from streams.kafka.header_patch import new_consumer
from streams.kafka.topics import TopicNames, consumer_group
from streams.settings import Settings

_TRIES, _TRY_AGAIN_S = 50, 0.1


@dataclass(frozen=True, slots=True)
class StageLag:
    """One stage: the topic it reads, and per partition (first offset kept, committed, end)."""

    stage: str
    topic: str
    partitions: dict[int, tuple[int, int, int]]

    @property
    def lag(self) -> int:
        """Messages that are not processed yet."""
        return sum(end - committed for _, committed, end in self.partitions.values())

    @property
    def processed(self) -> int:
        """Messages processed since the topic was created."""
        return sum(committed for _, committed, _ in self.partitions.values())

    @property
    def arrived(self) -> int:
        """Messages that ever arrived."""
        return sum(end for _, _, end in self.partitions.values())


class LagReader:
    """Reads lags over connections that stay open. An async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        names = TopicNames.of(settings)
        self._stages = (
            ("split_files", names.raw_files, consumer_group(settings, "split")),
            ("read_pages", names.pages, consumer_group(settings, "read")),
            ("track_documents", names.page_text, consumer_group(settings, "track")),
        )
        self._partitions: dict[str, list[TopicPartition]] = {}
        self._admin = AIOKafkaAdminClient(**settings.kafka_client())
        self._consumer = new_consumer(settings)

    async def __aenter__(self) -> LagReader:
        try:
            await self._admin.start()
            await self._consumer.start()
        except KafkaError as error:
            await self.__aexit__()
            raise BrokerError(f"Kafka at {self._settings.broker} cannot be reached: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def stages(self) -> list[StageLag]:
        """Return every stage's lag. Raises BrokerError where Kafka does not answer."""
        try:
            return [await self._stage(*stage) for stage in self._stages]
        except KafkaError as error:
            raise BrokerError(f"Kafka at {self._settings.broker} does not answer: {error!r}") from error

    async def pages_behind(self) -> int:
        """Return how many page tasks wait to be read. Raises BrokerError."""
        try:
            return (await self._stage(*self._stages[1])).lag
        except KafkaError as error:
            raise BrokerError(f"Kafka at {self._settings.broker} does not answer: {error!r}") from error

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Return the end offset of each partition of a topic."""
        where = await self._topic_partitions(topic)
        return {w.partition: end for w, end in (await self._consumer.end_offsets(where)).items()}

    async def _stage(self, stage: str, topic: str, group: str) -> StageLag:
        where = await self._topic_partitions(topic)
        if not where:
            return StageLag(stage, topic, {})
        committed = await self._committed(group)
        first = await self._consumer.beginning_offsets(where)
        end = await self._consumer.end_offsets(where)
        # a group that has not committed yet starts at the beginning; one behind the deleted records does as well
        return StageLag(
            stage, topic, {w.partition: (first[w], max(committed.get(w, 0), first[w]), end[w]) for w in where}
        )

    async def _topic_partitions(self, topic: str) -> list[TopicPartition]:
        if topic not in self._partitions:
            described = (await self._admin.describe_topics([topic]))[0]
            numbers = [part["partition"] for part in described["partitions"]]
            if not numbers:
                return []
            self._partitions[topic] = [TopicPartition(topic, number) for number in sorted(numbers)]
        return self._partitions[topic]

    async def _committed(self, group: str) -> dict[TopicPartition, int]:
        for tries_left in range(_TRIES, -1, -1):
            try:
                offsets = await self._admin.list_consumer_group_offsets(group)
                return {
                    TopicPartition(*where): found.offset for where, found in offsets.items() if found.offset >= 0
                }
            except KafkaError as error:  # a broker that has just started does not know its groups yet
                if not (error.retriable and tries_left):
                    raise
            await asyncio.sleep(_TRY_AGAIN_S)
        raise AssertionError("the last try returns or raises")
