"""What comes on page-text and documents, for whoever wants to know: published once the table has it.

Listeners have bounded buffers. One that does not take what it is given in time is dropped, and may read what it
missed from the topics: every event has the positions behind it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from aiokafka import ConsumerRecord, TopicPartition

from streams.errors import UndecodableMessage
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import DocumentRecord, PageText, page_key

logger = logging.getLogger(__name__)

ChangeKind = Literal["page", "document", "deleted"]

# What a listener may leave in its buffer. All buffers end in the latest events and share them, and what is written
# of them: together they take no more memory than one.
_MAX_WAITING, _MAX_WAITING_BYTES = 4000, 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Change:
    """What one message changes in the table; without a record, it deletes its key."""

    where: TopicPartition
    offset: int
    key: str
    record: PageText | DocumentRecord | None
    is_page: bool
    value: bytes = b""

    @property
    def position(self) -> str:
        """`topic/partition/offset`."""
        return f"{self.where.topic}/{self.where.partition}/{self.offset}"

    @property
    def kind(self) -> ChangeKind:
        """What became of the key."""
        if self.record is None:
            return "deleted"
        return "page" if self.is_page else "document"

    @property
    def document_id(self) -> str:
        """Whose page or record it is."""
        return self.key.rpartition("/")[0] if self.is_page else self.key


def change_of(message: ConsumerRecord[bytes, bytes], names: TopicNames) -> Change | None:
    """Return what a message changes; None, and a line in the log, where it is not what its topic carries."""
    where, is_page = TopicPartition(message.topic, message.partition), message.topic != names.documents
    try:
        key = _key(message)
        if not message.value:
            return Change(where, message.offset, key, None, is_page)
        if is_page:
            page = decode(PageText, message.value)
            key = _same(key, page_key(page.document_id, page.pagenum))
            return Change(where, message.offset, key, page, is_page, message.value)
        document = decode(DocumentRecord, message.value)
        key = _same(key, document.document_id)
        return Change(where, message.offset, key, document, is_page, message.value)
    except UndecodableMessage as error:
        logger.warning("%s/%d/%d: %s", message.topic, message.partition, message.offset, error.message)
        return None


@dataclass(frozen=True, slots=True)
class Event:
    """A change, and how far the topics are read behind it.

    Attributes:
        written: What listeners send of it, by how they write it: made by the first of them, for all.
    """

    change: Change
    positions: Mapping[TopicPartition, int]
    written: dict[object, bytes] = field(default_factory=dict, compare=False, repr=False)


class Listener:
    """One buffer of events. Lives on the event loop of its Changes.

    Attributes:
        dropped: Why it gets no more events; None while it does.
    """

    def __init__(self, wants: Callable[[Change], bool]) -> None:
        self.dropped: str | None = None
        self._wants = wants
        self._waiting: deque[Event] = deque()
        self._bytes = 0
        self._woken = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Put an event into the buffer, where it is wanted and there is room; else the listener is dropped."""
        if self.dropped is not None or not self._wants(event.change):
            return
        self._waiting.append(event)
        self._bytes += len(event.change.value)
        if len(self._waiting) > _MAX_WAITING or self._bytes > _MAX_WAITING_BYTES:
            self.drop("it did not take its events in time")
        self._woken.set()

    def drop(self, why: str) -> None:
        """End it; what waits in its buffer is not delivered."""
        self.dropped = why
        self._waiting.clear()
        self._woken.set()

    async def next(self, timeout_s: float) -> Event | None:
        """Return the next event; None where none came in time, or the listener is dropped."""
        if not self._waiting and self.dropped is None:
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), timeout_s)
            except TimeoutError:
                return None
        return self.next_now()

    def next_now(self) -> Event | None:
        """Return the next event; None where none waits."""
        if not self._waiting:
            return None
        event = self._waiting.popleft()
        self._bytes -= len(event.change.value)
        return event


class Changes:
    """Publishes what the table takes over. Lives on one event loop.

    Attributes:
        positions: The offset of each partition that is published next.
    """

    def __init__(self) -> None:
        self.positions: dict[TopicPartition, int] = {}
        self._listeners: set[Listener] = set()

    def begin(self, positions: Mapping[TopicPartition, int]) -> None:
        """Note where the table begins to read, of partitions that are not known yet."""
        self.positions = {**positions, **self.positions}

    def publish(self, changes: Iterable[Change], positions: Mapping[TopicPartition, int]) -> None:
        """Give a batch to all listeners.

        Args:
            positions: The offset behind the batch of each partition that it has something of.
        """
        if self._listeners:
            for change in changes:
                self.positions[change.where] = change.offset + 1
                event = Event(change, dict(self.positions))
                for listener in self._listeners:
                    listener.offer(event)
        self.positions.update(positions)

    @contextmanager
    def listening(self, wants: Callable[[Change], bool]) -> Iterator[Listener]:
        """Yield a listener that gets every wanted change from `positions` on, as they are when the block begins."""
        listener = Listener(wants)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Drop all listeners: the service stops."""
        for listener in self._listeners:
            listener.drop("the service stops")


def _key(message: ConsumerRecord[bytes, bytes]) -> str:
    if message.key is None:
        raise UndecodableMessage("a record without a key is on no compacted topic of ours")
    return str(message.key.decode(errors="replace"))


def _same(key: str, expected: str) -> str:
    """Return the key. Under another one a record would be in the table beside, or instead of, somebody else's."""
    if key != expected:
        raise UndecodableMessage(f"its key is {key[:100]!r}, not {expected[:100]!r}")
    return key
