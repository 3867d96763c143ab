"""The little of Faust (0.15) that the agents rely on, as Protocols; Faust's own classes are not typed for mypy.

1. Nothing is acked but by us: with `enable_acks` off, a stream leaves every event unacked until `Stream.ack`.
   An ack only marks the offset; Faust commits the highest offset below which there is no gap.
2. A topic's values come raw. Where Faust decodes and fails, it acks and the message is lost.
3. `Topic.send` puts a message into the producer's buffer and returns a future; only the future's end means that
   Kafka has it.
4. `consumer_generation_id` changes with every rebalance. An event carries the one it was fetched under.
5. An app that crashes does not end the process: `crashed` and `should_stop` have to be watched.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from streams.messages.incoming import Incoming

AgentBody = Callable[["Stream"], Awaitable[None]]


class Message(Protocol):
    """A record as the consumer fetched it (faust.types.tuples.Message)."""

    value: bytes | None

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def headers(self) -> Mapping[str, bytes | None] | Iterable[tuple[str, bytes | None]] | None: ...
    @property
    def timestamp(self) -> float | None:
        """Seconds since 1970; whose clock it is depends on the topic's message.timestamp.type."""

    @property
    def tp(self) -> tuple[str, int]:
        """Topic and partition in one."""

    @property
    def generation_id(self) -> int:
        """Generation of the consumer group in which it was fetched."""


class Event(Protocol):
    """A message on a stream (faust.events.Event)."""

    value: object

    @property
    def message(self) -> Message: ...


class Stream(Protocol):
    """What an agent reads (faust.streams.Stream). Lives on one event loop."""

    enable_acks: bool

    def events(self) -> AsyncIterator[Event]:
        """Yield events one by one; each is acked once the next is asked for, unless `enable_acks` is off."""

    def take_events(self, max_: int, within: float) -> AsyncIterator[list[Event]]:
        """Yield events in batches; a batch, and all that is prefetched, is acked when the loop's body ends."""

    async def ack(self, event: Event) -> bool:
        """Mark the event's offset as processed."""


class Topic(Protocol):
    """A topic to send to (faust.topics.Topic)."""

    async def send(
        self, *, key: bytes, value: bytes | None, partition: int | None, headers: list[tuple[str, bytes]] | None
    ) -> Awaitable[object]:
        """Buffer a message; the returned future ends when every in-sync replica has it."""


class Signal(Protocol):
    """Something that an app announces (mode.Signal)."""

    def connect(self, fun: Callable[..., Awaitable[None]], *, weak: bool) -> object: ...


class Conf(Protocol):
    """An app's settings, of which the name alone is read."""

    @property
    def id(self) -> str: ...


class HasGeneration(Protocol):
    """An app as the window needs it."""

    @property
    def consumer_generation_id(self) -> int: ...


class Consumer(Protocol):
    """The consumer of an app (streams.kafka.group_consumer.GroupConsumer)."""

    @property
    def resumed_from(self) -> Mapping[tuple[str, int], int]:
        """Offset of the first message that the group has to process, for each assigned topic and partition."""

    async def commit_past(self, partition: tuple[str, int], offset: int) -> None:
        """Commit an offset before which nothing is left to process. Where that fails, a later one stands for it."""


class HasConsumer(HasGeneration, Protocol):
    """An app as the offset guard needs it."""

    @property
    def consumer(self) -> Consumer: ...


class HasTopics(Protocol):
    """An app as a delivery needs it."""

    def topic(
        self,
        name: str,
        *,
        key_serializer: str,
        value_serializer: str,
        key_type: type[bytes] | None = None,
        value_type: type[bytes] | None = None,
    ) -> Topic: ...


class App(HasConsumer, HasTopics, Protocol):
    """One consumer group in this process (faust.App)."""

    @property
    def conf(self) -> Conf: ...
    @property
    def crashed(self) -> bool: ...
    @property
    def crash_reason(self) -> BaseException | None: ...
    @property
    def should_stop(self) -> bool: ...
    @property
    def on_partitions_assigned(self) -> Signal: ...

    def agent(self, channel: Topic, *, name: str) -> Callable[[AgentBody], object]: ...


def assigned_partitions(app: HasConsumer) -> Mapping[tuple[str, int], int]:
    """Return an app's partitions, each with the offset that it was resumed from; none before they are assigned."""
    return app.consumer.resumed_from if app.consumer_generation_id else {}


def incoming(event: Event) -> Incoming:
    """Return the message behind an event."""
    message = event.message
    headers = message.headers or ()
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return Incoming(
        message.topic, message.partition, message.offset, message.key, message.value,
        tuple((str(name), value) for name, value in pairs), message.timestamp,
    )  # fmt: skip


def drop_value(event: Event) -> None:
    """Free the value of a message that is done: it may be a whole file, and wait long for its ack."""
    event.value = event.message.value = None
