from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.agents.ordered_window import OrderedWindow


@dataclass
class Message:
    tp: int
    offset: int
    generation_id: int = 1


@dataclass
class Event:
    message: Message


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("never came true")


@dataclass
class Stream:
    """A stream of events that notes the acks it is given."""

    given: list[Event]
    acked: list[tuple[int, int]] = field(default_factory=list)
    enable_acks: bool = True

    async def events(self) -> AsyncIterator[Event]:
        for event in self.given:
            yield event
        await until(lambda: len(self.acked) == len(self.given))

    async def ack(self, event: Event) -> None:
        self.acked.append((event.message.tp, event.message.offset))


class App:
    consumer_generation_id = 1


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=30), st.integers(1, 8))
def test_acks_keep_each_partitions_order_whatever_finishes_first(jobs: list[tuple[int, int]], size: int) -> None:
    counts: dict[int, int] = {}
    events, ticks = [], {}
    for partition, slow in jobs:
        offset = counts.get(partition, 0)
        counts[partition] = offset + 1
        events.append(Event(Message(partition, offset)))
        ticks[(partition, offset)] = slow
    stream = Stream(events)
    running = most = 0

    async def work(event: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(ticks[(event.message.tp, event.message.offset)]):
            await asyncio.sleep(0)
        running -= 1

    asyncio.run(OrderedWindow(App(), size, work).run(stream))
    for partition, count in counts.items():
        assert [offset for where, offset in stream.acked if where == partition] == list(range(count))
    assert most <= size
    assert stream.enable_acks is False


async def test_a_slow_message_holds_back_acks_but_not_work() -> None:
    stream = Stream([Event(Message(0, offset)) for offset in range(10)])
    release, done = asyncio.Event(), []

    async def work(event: Any) -> None:
        if event.message.offset == 0:
            await release.wait()
        done.append(event.message.offset)

    task = asyncio.create_task(OrderedWindow(App(), 2, work).run(stream))
    await until(lambda: len(done) == 9)
    assert stream.acked == []
    release.set()
    await task
    assert [offset for _, offset in stream.acked] == list(range(10))


async def test_a_message_of_an_earlier_generation_is_worked_on_but_never_acked() -> None:
    stream = Stream([Event(Message(0, 0, generation_id=0)), Event(Message(0, 1))])
    done = []

    async def work(event: Any) -> None:
        done.append(event.message.offset)

    task = asyncio.create_task(OrderedWindow(App(), 2, work).run(stream))
    await until(lambda: bool(stream.acked))
    task.cancel()
    assert stream.acked == [(0, 1)]
    assert done == [0, 1]


async def test_what_is_in_work_when_the_stream_ends_stays_unacked() -> None:
    stream = Stream([Event(Message(0, 0))])

    async def work(event: Any) -> None:
        await asyncio.sleep(3600)

    task = asyncio.create_task(OrderedWindow(App(), 2, work).run(stream))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stream.acked == []
