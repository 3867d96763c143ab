"""The five topics: their names, and how they are created (by us, never by auto-creation)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from streams.errors import BrokerError, ConfigurationError
from streams.settings import Settings

_HOUR_MS = 3_600_000
_LOOK_AGAIN_S = 0.1
_TRIES = 50


@dataclass(frozen=True, slots=True)
class TopicNames:
    """The topics' names under one prefix."""

    raw_files: str
    pages: str
    page_text: str
    documents: str
    dead_letters: str

    @classmethod
    def of(cls, settings: Settings) -> TopicNames:
        prefix = settings.topic_prefix
        return cls(*(prefix + name for name in ("raw-files", "pages", "page-text", "documents", "dead-letters")))


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How one topic is created."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


def consumer_group(settings: Settings, role: str) -> str:
    """Return the consumer group of one role (`split`, `read`, `track`)."""
    return f"{settings.topic_prefix}inkstream-{role}"


def partition_for(document_id: str, partitions: int) -> int:
    """Return the partition of a document on page-text and documents: Kafka's default for that key."""
    return int((murmur2(document_id.encode()) & 0x7FFFFFFF) % partitions)


def topic_specs(settings: Settings) -> list[TopicSpec]:
    """Return how each topic is created, in the order of the flow."""
    names = TopicNames.of(settings)
    largest = {"max.message.bytes": str(settings.max_message_bytes)}
    compacted = {**largest, "cleanup.policy": "compact"}
    retention_ms = str(settings.raw_files_retention_h * _HOUR_MS)
    return [
        TopicSpec(names.raw_files, settings.raw_files_partitions, {**largest, "retention.ms": retention_ms}),
        # a backlog is never lost: records go when their offset is committed, not when they are old
        TopicSpec(names.pages, settings.pages_partitions, {"retention.ms": "-1", "retention.bytes": "-1"}),
        TopicSpec(names.page_text, settings.page_text_partitions, compacted),
        TopicSpec(names.documents, settings.page_text_partitions, compacted),
        TopicSpec(names.dead_letters, 1, {**largest, "retention.ms": "-1"}),
    ]


async def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names; existing ones are left as they are.

    Raises:
        BrokerError: Kafka cannot be reached or refuses a topic.
    """
    created: list[str] = []
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    try:
        await admin.start()
        new = [
            NewTopic(spec.name, spec.partitions, settings.replication, topic_configs=spec.config)
            for spec in topic_specs(settings)
        ]
        response = await admin.create_topics(new)
        for name, code, *rest in response.topic_errors:
            error = for_code(code)
            if code == 0:
                created.append(name)
            elif error is not TopicAlreadyExistsError:
                raise BrokerError(f"Kafka refuses topic {name}: {error.__name__} {rest[0] if rest else ''}".strip())
    except KafkaError as error:
        raise BrokerError(f"Kafka at {settings.broker} cannot be reached: {error!r}") from error
    finally:
        await admin.close()
    return created


async def result_partitions(settings: Settings) -> int:
    """Return how many partitions page-text really has: the topic may be older than the setting.

    Raises:
        ConfigurationError: `documents` has another number, so that a document's pages and its state would part.
        BrokerError: Kafka cannot be reached.
    """
    names = TopicNames.of(settings)
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    try:
        await admin.start()
        for _ in range(_TRIES):
            described = await admin.describe_topics([names.page_text, names.documents])
            counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
            if all(counts.get(name) for name in (names.page_text, names.documents)):
                break
            await asyncio.sleep(_LOOK_AGAIN_S)  # a topic that was just created becomes known a moment later
    except KafkaError as error:
        raise BrokerError(f"Kafka at {settings.broker} cannot be reached: {error!r}") from error
    finally:
        await admin.close()
    if counts[names.page_text] != counts[names.documents]:
        raise ConfigurationError(
            f"{names.page_text} has {counts[names.page_text]} partitions and {names.documents} has "
            f"{counts[names.documents]}; they must have the same number: add partitions to the smaller one"
        )
    return counts[names.page_text]


async def wait_for_topics(settings: Settings, timeout_s: float = 60.0) -> int:
    """Return how many partitions page-text has, once Kafka answers and the topics exist; it may be starting still.

    Raises:
        BrokerError: It does not answer in time.
    """
    deadline = monotonic() + timeout_s
    while True:
        late = monotonic() > deadline
        try:
            if late or await _listens(settings):
                await create_topics(settings)
                return await result_partitions(settings)
        except BrokerError:
            if late:
                raise
        await asyncio.sleep(_LOOK_AGAIN_S)


async def _listens(settings: Settings) -> bool:
    """Return whether any of the brokers accepts connections: asked first, for Kafka clients log every refusal."""
    for address in (settings.broker or "").split(","):
        host, _, port = address.rpartition(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, ValueError):
            continue
        writer.close()
        return True
    return False
