"""What of Faust the agents rely on, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aiokafka.errors import MessageSizeTooLargeError, TopicAuthorizationFailedError
from faust.exceptions import ProducerSendError

from streams.agents.faust_types import Event

LARGEST_VALUE_BYTES = 10


@dataclass
class FakeMessage:
    """One message of the topic `pages`."""

    partition: int
    offset: int
    generation_id: int = 1
    topic: str = "pages"
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp: float | None = None

    @property
    def tp(self) -> tuple[str, int]:
        return self.topic, self.partition


@dataclass
class FakeEvent:
    message: FakeMessage
    value: object = None


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("never came true")


@dataclass
class FakeStream:
    """A stream of events that notes the acks it is given, as partition and offset."""

    given: list[FakeEvent]
    acked: list[tuple[int, int]] = field(default_factory=list)
    enable_acks: bool = True

    async def events(self) -> AsyncIterator[FakeEvent]:
        for event in self.given:
            yield event
        await until(lambda: len(self.acked) == len(self.given))

    async def take_events(self, max_: int, within: float) -> AsyncIterator[list[Event]]:
        for start in range(0, len(self.given), max_):
            yield list(self.given[start : start + max_])

    async def ack(self, event: Event) -> bool:
        self.acked.append((event.message.partition, event.message.offset))
        return True


@dataclass
class FakeConsumer:
    """A consumer whose group resumes each partition from a given offset."""

    resumed_from: dict[tuple[str, int], int] = field(default_factory=dict)
    committed: dict[tuple[str, int], int] = field(default_factory=dict)

    async def commit_past(self, partition: tuple[str, int], offset: int) -> None:
        self.committed[partition] = offset


@dataclass
class FakeApp:
    """An app whose topics keep the values that they are sent; one may be refused, and no large value is taken."""

    consumer_generation_id: int = 1
    consumer: FakeConsumer = field(default_factory=FakeConsumer)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    refused: str | None = None

    def topic(self, name: str, **_: object) -> FakeTopic:
        return FakeTopic(self, name)


@dataclass
class FakeTopic:
    app: FakeApp
    name: str

    async def send(
        self,
        *,
        key: bytes,
        value: bytes | None,
        partition: int | None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> Awaitable[None]:
        if self.name == self.app.refused:
            raise TopicAuthorizationFailedError(self.name)
        if len(value or b"") > LARGEST_VALUE_BYTES:
            raise ProducerSendError("Error while sending") from MessageSizeTooLargeError("too large")
        self.app.sent.append((self.name, value or b""))
        return asyncio.sleep(0)
