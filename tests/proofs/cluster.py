"""Kafka and one consumer group of Faust's, in memory: what they do to the agents' loop, and in which order.

The broker keeps what it was sent, takes commits of the members it knows, and gives the partitions to others when it
likes. A worker that was stopped does not know that, and goes on where it was. The arithmetic of acks is Faust's.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaTimeoutError
from faust.transport.consumer import Consumer

from streams.agents.faust_types import Event
from streams.agents.offset_guard import Available, Deleted, Partition
from streams.kafka.topics import partition_for
from tests.unit.fake_faust import FakeEvent, FakeMessage

PAGES, PAGE_TEXT, DEAD_LETTERS = "pages", "page-text", "dead-letters"
PARTITIONS = 2


@dataclass(frozen=True, slots=True)
class Record:
    """One message on a partition of the model."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Send:
    """A message that a worker has sent and that the broker has not answered yet."""

    worker: Member
    topic: str
    record: Record
    answer: asyncio.Future[None]


@dataclass
class Cluster:
    """The broker: its topics and the group's offsets, members and generation."""

    logs: dict[str, list[list[Record]]] = field(
        default_factory=lambda: {
            topic: [[] for _ in range(PARTITIONS)] for topic in (PAGES, PAGE_TEXT, DEAD_LETTERS)
        }
    )
    committed: dict[int, int] = field(default_factory=dict)
    generation: int = 0
    members: list[Member] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    keys: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def append(self, topic: str, record: Record) -> None:
        partition = partition_for(record.key.decode(), PARTITIONS)
        self.logs[topic][partition].append(record)
        self.keys[topic].add(record.key)

    def take(self, send: Send, *, keep: bool, answer: bool) -> None:
        """Answer a send. Kept or not, the answer may be lost: then its worker sends it once more."""
        self.sends.remove(send)
        if keep:
            self.append(send.topic, send.record)
        if send.answer.done():
            return
        if keep and answer:
            send.answer.set_result(None)
        else:
            send.answer.set_exception(KafkaTimeoutError())

    def rebalance(self, members: list[Member], turn: int) -> None:
        """Give the partitions to these members, and to nobody else; those that are stopped do not hear of it."""
        for member in members:
            member.commit()  # as Faust does when its partitions are revoked
        self.generation += 1
        self.members = list(members)
        for number, member in enumerate(members):
            mine = [p for p in range(PARTITIONS) if (p + turn) % len(members) == number]
            member.assigned(self.generation, mine)

    def commit(self, member: Member, offsets: Mapping[int, int]) -> bool:
        """Take a member's offsets, unless it was given up meanwhile."""
        if member not in self.members or member.generation != self.generation:
            return False
        self.committed.update(offsets)
        return True


class AckState:
    """What Faust's consumer knows of acks; `_new_offset` is its own."""

    _new_offset = Consumer._new_offset

    def __init__(self, committed: Mapping[Partition, int]) -> None:
        self._acked: dict[Partition, list[int]] = defaultdict(list)
        self._acked_index: dict[Partition, set[int]] = defaultdict(set)
        self._gap: dict[Partition, list[int]] = defaultdict(list)  # of topics that others write to: none here
        self._committed_offset: dict[Partition, int | None] = defaultdict(lambda: None, committed)

    def ack(self, where: Partition, offset: int) -> None:
        committed = self._committed_offset[where]
        if (committed is None or offset >= committed) and offset not in self._acked_index[where]:
            self._acked_index[where].add(offset)
            self._acked[where].append(offset)

    def offsets(self) -> dict[Partition, int]:
        """Return what can be committed; it is not returned again."""
        found = {where: self._new_offset(where) for where in list(self._acked)}
        return {where: offset for where, offset in found.items() if offset is not None}

    def note_committed(self, offsets: Mapping[Partition, int]) -> None:
        self._committed_offset.update(offsets)


class Member:
    """A worker's Faust app and consumer, as far as the agents see them. Dead, it has no effect any more."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.alive = True
        self.stopped = False
        self.generation = 0
        self.resumed_from: dict[Partition, int] = {}
        self.positions: dict[int, int] = {}
        self.acks = AckState({})
        self.enable_acks = True
        self._waiting: deque[FakeEvent] = deque()
        self._arrived = asyncio.Event()

    @property
    def consumer_generation_id(self) -> int:
        return self.generation

    @property
    def consumer(self) -> Member:
        return self

    def assigned(self, generation: int, partitions: Collection[int]) -> None:
        self.generation = generation
        committed = {p: self.cluster.committed.setdefault(p, 0) for p in partitions}
        self.resumed_from = {(PAGES, p): offset for p, offset in committed.items()}
        self.positions = dict(committed)
        self.acks = AckState(self.resumed_from)

    def lose_seek(self, partition: int) -> None:
        """Stay behind what was fetched and dropped, as aiokafka does on partitions without a commit."""
        end = len(self.cluster.logs[PAGES][partition])
        self.positions[partition] = min(end, self.positions[partition] + 1)

    def fetch(self, partition: int) -> None:
        offset = self.positions[partition]
        record = self.cluster.logs[PAGES][partition][offset]
        message = FakeMessage(partition, offset, self.generation, PAGES, record.key, record.value, record.headers)
        self.positions[partition] += 1
        self._waiting.append(FakeEvent(message, record.value))
        self._arrived.set()

    def commit(self) -> None:
        offsets = self.acks.offsets()
        if offsets and self.alive and self.cluster.commit(self, {p: offset for (_, p), offset in offsets.items()}):
            self.acks.note_committed(offsets)

    async def commit_past(self, partition: Partition, offset: int) -> None:
        self.cluster.commit(self, {partition[1]: offset})

    async def events(self) -> AsyncIterator[FakeEvent]:
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                if event.message.generation_id == self.generation:  # Faust drops the others, unacked
                    yield event
            self._arrived.clear()
            await self._arrived.wait()

    async def ack(self, event: Event) -> bool:
        if self.alive:
            self.acks.ack(event.message.tp, event.message.offset)
        return True

    def topic(self, name: str, **_: Any) -> OutTopic:
        return OutTopic(self, name)


@dataclass(frozen=True, slots=True)
class OutTopic:
    """A topic that a worker sends to."""

    worker: Member
    name: str

    async def send(
        self, *, key: bytes, value: bytes | None, partition: int | None, headers: list[tuple[str, bytes]] | None
    ) -> Awaitable[None]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.worker.alive:
            record = Record(key, value, tuple(headers or ()))
            self.worker.cluster.sends.append(Send(self.worker, self.name, record, answer))
        return answer


@dataclass(frozen=True, slots=True)
class ModelLog:
    """Looks into the model's partitions, from outside of the group."""

    cluster: Cluster

    async def available(self, topic: str, partition: int, offset: int) -> Available:
        return Available(0, offset if offset < len(self.cluster.logs[topic][partition]) else None)

    async def deleted(self, partitions: Collection[Partition]) -> dict[Partition, Deleted]:
        return {}
