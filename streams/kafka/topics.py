"""The six topics: their names, and how they are created (by us, never by auto-creation)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from aiokafka.admin import NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from streams.errors import BrokerError, ConfigurationError
from streams.kafka.clients import open_admin, until_found
from streams.kafka.topic_retention import keep_until_read
from streams.kafka_settings import MIB
from streams.settings import Settings

logger = logging.getLogger(__name__)

_SEGMENT_BYTES = 128 * MIB
_RETRY_S = 0.1
_CREATED_WITHIN_S = 2.0


# What a worker can do; `streams.app` has the agent of each.
Role = Literal["split", "read", "track"]
ROLES: tuple[Role, ...] = ("split", "read", "track")


@dataclass(frozen=True, slots=True)
class TopicNames:
    """The topics' names under one prefix."""

    raw_files: str
    pages: str
    page_text: str
    documents: str
    dead_letters: str
    corrections: str

    @classmethod
    def of(cls, settings: Settings) -> TopicNames:
        prefix = settings.topic_prefix
        names = ("raw-files", "pages", "page-text", "documents", "dead-letters", "corrections")
        return cls(*(prefix + name for name in names))


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How one topic is created."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


def consumer_group(settings: Settings, role: Role) -> str:
    """Return the consumer group of one role."""
    return f"{settings.topic_prefix}inkstream-{role}"


def partition_for(document_id: str, partitions: int) -> int:
    """Return the partition of a document on page-text and documents: Kafka's default for that key."""
    return int((murmur2(document_id.encode()) & 0x7FFFFFFF) % partitions)


def topic_specs(settings: Settings) -> list[TopicSpec]:
    """Return how each topic is created, in the order of the flow."""
    names = TopicNames.of(settings)
    # The broker's clock counts, not a client's: a file from a scanner whose clock is at 1970 would expire at once,
    # and Kafka refuses records from more than an hour ahead.
    timed = {"message.timestamp.type": "LogAppendTime"}
    largest = {**timed, "max.message.bytes": str(settings.max_message_bytes)}
    compacted = {**largest, "cleanup.policy": "compact"}
    # a backlog is never lost: records go when they are done (file_trimmer, trimmer), not when they are old
    unlimited = {"retention.ms": "-1", "retention.bytes": "-1"}
    # Kafka frees whole segments, and never the one that it writes: with its default of 1 GiB, four partitions would
    # keep 4 GiB of files that are deleted
    segments = {"segment.bytes": str(min(max(_SEGMENT_BYTES, 2 * settings.max_message_bytes), 2**31 - 1))}
    return [
        TopicSpec(names.raw_files, settings.raw_files_partitions, {**largest, **unlimited, **segments}),
        TopicSpec(names.pages, settings.pages_partitions, {**timed, **unlimited}),
        TopicSpec(names.page_text, settings.page_text_partitions, compacted),
        TopicSpec(names.documents, settings.page_text_partitions, compacted),
        TopicSpec(names.dead_letters, 1, {**largest, "retention.ms": "-1"}),
        TopicSpec(names.corrections, settings.page_text_partitions, compacted),
    ]


async def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names.

    Existing ones are left as they are, but for raw-files: it deletes nothing by time.

    Raises:
        BrokerError: Kafka cannot be reached or refuses a topic.
    """
    created: list[str] = []
    new = [
        NewTopic(spec.name, spec.partitions, settings.replication, topic_configs=spec.config)
        for spec in topic_specs(settings)
    ]
    async with open_admin(settings) as admin:
        response = await admin.create_topics(new)
        for name, code, *rest in response.topic_errors:
            error = for_code(code)
            if code == 0:
                created.append(name)
            elif error is not TopicAlreadyExistsError:
                raise BrokerError(f"Kafka refuses topic {name}: {error.__name__} {rest[0] if rest else ''}".strip())
        raw_files = TopicNames.of(settings).raw_files
        if raw_files not in created:
            await keep_until_read(admin, raw_files)
    return created


async def result_partitions(settings: Settings) -> int:
    """Return how many partitions page-text really has: the topic may be older than the setting.

    Raises:
        ConfigurationError: `documents` has another number, so that a document's pages and its state would part.
        BrokerError: Kafka cannot be reached, or does not know the topics.
    """
    names = TopicNames.of(settings)
    async with open_admin(settings) as admin:

        async def partition_counts() -> dict[str, int] | None:
            described = await admin.describe_topics([names.page_text, names.documents])
            found = {topic["topic"]: len(topic["partitions"]) for topic in described}
            return found if found.get(names.page_text) and found.get(names.documents) else None

        counts = await until_found(partition_counts)
    if counts is None:
        raise BrokerError(f"Kafka at {settings.broker} does not know {names.page_text} and {names.documents} yet")
    if counts[names.page_text] != counts[names.documents]:
        raise ConfigurationError(
            f"{names.page_text} has {counts[names.page_text]} partitions and {names.documents} has "
            f"{counts[names.documents]}; they must have the same number: add partitions to the smaller one"
        )
    return counts[names.page_text]


async def topics_exist(settings: Settings, timeout_s: float = 10.0) -> bool:
    """Return whether raw-files is there, once Kafka answers; a service that is starting has a moment to create it.

    Raises:
        BrokerError: Kafka does not answer in time.
    """
    await _until_listening(settings, timeout_s)
    topic, deadline = TopicNames.of(settings).raw_files, monotonic() + _CREATED_WITHIN_S
    async with open_admin(settings) as admin:
        while topic not in await admin.list_topics():
            if monotonic() > deadline:
                return False
            await asyncio.sleep(_RETRY_S)
    return True


async def _until_listening(settings: Settings, timeout_s: float) -> None:
    """Wait for a broker that accepts connections; a Kafka client that tries afterwards names what is wrong."""
    deadline = monotonic() + timeout_s
    while True:
        if monotonic() > deadline or await _listens(settings):
            return
        await asyncio.sleep(_RETRY_S)


async def wait_for_topics(settings: Settings, timeout_s: float = 60.0) -> int:
    """Return how many partitions page-text has, once Kafka answers and the topics exist; it may be starting still.

    Raises:
        BrokerError: It does not answer in time.
    """
    deadline = monotonic() + timeout_s
    is_logged = False
    while True:
        late = monotonic() > deadline
        try:
            # once late, a Kafka client tries whatever listens, and its error names the reason
            if late or await _listens(settings):
                await create_topics(settings)
                return await result_partitions(settings)
        except BrokerError:
            if late:
                raise
        if not is_logged:
            logger.info("waiting for Kafka at %s, %g s at most", settings.broker, timeout_s)
            is_logged = True
        await asyncio.sleep(_RETRY_S)


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
