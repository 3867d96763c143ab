"""How far each stage is behind, from Kafka itself: end offsets against committed offsets."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.kafka.clients import broker_errors, open_admin, open_consumer, until_found
from streams.kafka.topics import TopicNames, consumer_group
from streams.settings import Settings


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
        self._connections = AsyncExitStack()
        self._admin: AIOKafkaAdminClient
        self._consumer: AIOKafkaConsumer

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opened:
            self._admin = await opened.enter_async_context(open_admin(self._settings))
            self._consumer = await opened.enter_async_context(open_consumer(self._settings))
            self._connections = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connections.aclose()

    async def stages(self) -> list[StageLag]:
        """Return every stage's lag. Raises BrokerError where Kafka does not answer."""
        with broker_errors(self._settings, "does not answer"):
            return [await self._stage(*stage) for stage in self._stages]

    async def pages_behind(self) -> int:
        """Return how many page tasks wait to be read. Raises BrokerError."""
        _, read_pages, _ = self._stages
        with broker_errors(self._settings, "does not answer"):
            return (await self._stage(*read_pages)).lag

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Return the end offset of each partition of a topic. Raises BrokerError."""
        with broker_errors(self._settings, "does not answer"):
            where = await self._topic_partitions(topic)
            return {w.partition: end for w, end in (await self._consumer.end_offsets(where)).items()}

    async def _stage(self, stage: str, topic: str, group: str) -> StageLag:
        where = await self._topic_partitions(topic)
        if not where:
            return StageLag(stage, topic, {})
        committed = await committed_offsets(self._admin, group)
        first = await self._consumer.beginning_offsets(where)
        end = await self._consumer.end_offsets(where)
        # a group that has not committed yet starts at the beginning; one behind the deleted records does as well
        return StageLag(
            stage, topic, {w.partition: (first[w], max(committed.get(w, 0), first[w]), end[w]) for w in where}
        )

    async def _topic_partitions(self, topic: str) -> list[TopicPartition]:
        described = (await self._admin.describe_topics([topic]))[0]  # each time: partitions may be added
        numbers = [part["partition"] for part in described["partitions"]]
        if numbers:
            self._partitions[topic] = [TopicPartition(topic, number) for number in sorted(numbers)]
        return self._partitions.get(topic, [])  # a broker that has just started may know none


async def committed_offsets(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    """Return the committed offset of each partition of which a group has one. Raises KafkaError."""

    async def look() -> dict[TopicPartition, int]:
        offsets = await admin.list_consumer_group_offsets(group)
        return {TopicPartition(*where): found.offset for where, found in offsets.items() if found.offset >= 0}

    return await until_found(look) or {}  # a broker that has just started does not know its groups yet
