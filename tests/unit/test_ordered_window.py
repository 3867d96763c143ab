from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from streams.agents.faust_types import Event
from streams.agents.ordered_window import OrderedWindow
from streams.agents.turns import Slot
from tests.unit.fake_faust import FakeApp, FakeEvent, FakeMessage, FakeStream, until


async def nothing_missing(event: Event) -> None:
    """Find every message delivered."""


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=30), st.integers(1, 8))
def test_acks_keep_each_partitions_order_whatever_finishes_first(jobs: list[tuple[int, int]], size: int) -> None:
    counts: dict[int, int] = {}
    events, ticks = [], {}
    for partition, slow in jobs:
        offset = counts.get(partition, 0)
        counts[partition] = offset + 1
        events.append(FakeEvent(FakeMessage(partition, offset)))
        ticks[(partition, offset)] = slow
    stream = FakeStream(events)
    running = most = 0

    async def work(event: Event, slot: Slot) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(ticks[(event.message.partition, event.message.offset)]):
            await asyncio.sleep(0)
        running -= 1

    asyncio.run(OrderedWindow(FakeApp(), size, work, nothing_missing).run(stream))
    for partition, count in counts.items():
        assert [offset for where, offset in stream.acked if where == partition] == list(range(count))
    assert most <= size
    assert stream.enable_acks is False


async def test_a_slow_message_holds_back_acks_but_not_work() -> None:
    stream = FakeStream([FakeEvent(FakeMessage(0, offset)) for offset in range(10)])
    release, done = asyncio.Event(), []

    async def work(event: Event, slot: Slot) -> None:
        if event.message.offset == 0:
            await release.wait()
        done.append(event.message.offset)

    task = asyncio.create_task(OrderedWindow(FakeApp(), 2, work, nothing_missing).run(stream))
    await until(lambda: len(done) == 9)
    assert stream.acked == []
    release.set()
    await task
    assert [offset for _, offset in stream.acked] == list(range(10))


async def test_a_message_of_an_earlier_generation_is_worked_on_but_never_acked() -> None:
    stream = FakeStream([FakeEvent(FakeMessage(0, 0, generation_id=0)), FakeEvent(FakeMessage(0, 1))])
    done = []

    async def work(event: Event, slot: Slot) -> None:
        done.append(event.message.offset)

    task = asyncio.create_task(OrderedWindow(FakeApp(), 2, work, nothing_missing).run(stream))
    await until(lambda: bool(stream.acked))
    task.cancel()
    assert stream.acked == [(0, 1)]
    assert done == [0, 1]


async def test_what_is_in_work_when_the_stream_ends_stays_unacked() -> None:
    stream = FakeStream([FakeEvent(FakeMessage(0, 0))])

    async def work(event: Event, slot: Slot) -> None:
        await asyncio.sleep(3600)

    task = asyncio.create_task(OrderedWindow(FakeApp(), 2, work, nothing_missing).run(stream))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stream.acked == []
