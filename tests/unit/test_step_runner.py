"""The one place that decides what becomes of a message: its outputs, a later try, or a dead letter."""

from __future__ import annotations

import asyncio
import errno
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time

import pytest

from models.errors import CorruptFile, InkstreamError
from streams.agents.attempts import Attempts
from streams.agents.delivery import Delivery
from streams.agents.faust_types import Event
from streams.agents.ordered_window import OrderedWindow
from streams.agents.outgoing import Outgoing
from streams.agents.step_runner import StepRunner
from streams.agents.turns import Slot
from streams.documents.cache import Waiting
from streams.errors import DeliveryRefused, DiskFull, SourceUnavailable
from streams.messages.incoming import Incoming
from streams.messages.records import Stage
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from tests.unit.fake_faust import LARGEST_VALUE_BYTES, FakeApp, FakeEvent, FakeMessage, FakeStream, until
from tests.unit.test_ordered_window import nothing_missing


@dataclass
class Step:
    """Does what it is given for each message, in turn."""

    work: Callable[[Incoming], Awaitable[bytes]]
    wait_for: Callable[[Incoming], Awaitable[None]] | None = None
    stage: Stage = "read_pages"

    def identity(self, message: Incoming) -> str:
        return message.position

    async def outputs(self, message: Incoming, waiting: Waiting) -> Iterable[Outgoing]:
        if self.wait_for is not None:
            async with waiting():
                await self.wait_for(message)
        return [Outgoing("page-text", "k", await self.work(message))]

    def delivered(self, message: Incoming) -> None:
        """Note nothing."""

    def failure(self, message: Incoming, error: InkstreamError, attempts: int) -> Iterable[Outgoing]:
        return [Outgoing("dead-letters", "k", f"{attempts}".encode())]


@dataclass
class Bench:
    """A runner with real parts around it, all of which can be looked at."""

    attempts: Attempts
    app: FakeApp = field(default_factory=FakeApp)
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=lambda: Health(60))

    def runner(
        self,
        work: Callable[[Incoming], Awaitable[bytes]],
        retry_timeout_s: float = 60,
        wait_for: Callable[[Incoming], Awaitable[None]] | None = None,
    ) -> StepRunner:
        return StepRunner(
            Step(work, wait_for),
            delivery=Delivery(self.app, ["page-text", "dead-letters"]),
            attempts=self.attempts,
            health=self.health,
            metrics=self.metrics,
            max_attempts=2,
            retry_timeout_s=retry_timeout_s,
            before_step=lambda _: None,
        )

    def failed(self, reason: str) -> float | None:
        labels = {"stage": "read_pages", "reason": reason}
        return self.metrics.registry.get_sample_value("inkstream_failed_total", labels)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(Attempts(tmp_path / "attempts.db"))
    yield made
    made.attempts.close()


def a_slot() -> Slot:
    return Slot(asyncio.Semaphore(0))


async def text(_: Incoming) -> bytes:
    return b"text"


async def test_what_a_step_makes_is_delivered_and_the_attempt_forgotten(bench: Bench) -> None:
    await bench.runner(text).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert bench.app.sent == [("page-text", b"text")]
    assert not bench.attempts.is_suspect("pages/0/0")
    assert bench.health.report().in_flight == 0


async def test_the_oldest_message_that_is_not_finished_has_an_age(bench: Bench) -> None:
    def age_s() -> float | None:
        return bench.metrics.registry.get_sample_value("inkstream_oldest_message_seconds", {"stage": "read_pages"})

    ages: list[float | None] = []

    async def look(_: Incoming) -> bytes:
        ages.append(age_s())
        return b"text"

    runner = bench.runner(look)
    await runner.handle(FakeEvent(FakeMessage(0, 0, timestamp=time() - 500)), a_slot())
    assert ages == [pytest.approx(500, abs=60)]
    assert age_s() == 0


async def test_an_error_becomes_a_dead_letter(bench: Bench) -> None:
    async def corrupt(_: Incoming) -> bytes:
        raise CorruptFile("no page")

    await bench.runner(corrupt).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert bench.app.sent == [("dead-letters", b"1")]
    assert bench.failed("corrupt-file") == 1


async def test_an_output_that_is_too_large_becomes_a_dead_letter(bench: Bench) -> None:
    async def large(_: Incoming) -> bytes:
        return b"x" * (LARGEST_VALUE_BYTES + 1)

    await bench.runner(large).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert bench.app.sent == [("dead-letters", b"1")]
    assert bench.failed("record-too-large") == 1


async def test_a_retriable_error_is_tried_again(bench: Bench) -> None:
    tries = 0

    async def away_once(_: Incoming) -> bytes:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise SourceUnavailable("away")
        return b"text"

    await bench.runner(away_once).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert (tries, bench.app.sent) == (2, [("page-text", b"text")])


async def test_a_retriable_error_is_not_tried_for_ever(bench: Bench) -> None:
    async def away(_: Incoming) -> bytes:
        raise SourceUnavailable("away")

    await bench.runner(away, retry_timeout_s=0).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert bench.app.sent == [("dead-letters", b"1")]
    assert bench.failed("source-unavailable") == 1


async def test_a_message_that_the_worker_died_of_too_often_is_not_tried_and_stays_known(bench: Bench) -> None:
    for _ in range(2):
        bench.attempts.begin("pages/0/0")  # and died
    await bench.runner(text).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert bench.app.sent == [("dead-letters", b"3")]
    assert bench.failed("repeat-killer") == 1
    assert bench.attempts.is_suspect("pages/0/0")


async def test_crash_suspects_are_worked_on_one_at_a_time_and_others_beside_them(bench: Bench) -> None:
    for offset in (0, 1):
        bench.attempts.begin(f"pages/0/{offset}")
    working: set[int] = set()
    together: list[set[int]] = []

    async def slow(message: Incoming) -> bytes:
        working.add(message.offset)
        for _ in range(20):
            await asyncio.sleep(0)
        together.append(set(working))
        working.remove(message.offset)
        return b"text"

    runner = bench.runner(slow)
    await asyncio.gather(*(runner.handle(FakeEvent(FakeMessage(0, offset)), a_slot()) for offset in range(3)))
    assert all(not {0, 1} <= found for found in together)
    assert {0, 2} in together


async def test_a_message_given_back_by_an_orderly_stop_is_no_suspect(bench: Bench) -> None:
    started = asyncio.Event()

    async def hangs(_: Incoming) -> bytes:
        started.set()
        await asyncio.sleep(3600)
        raise AssertionError("was not cancelled")

    task = asyncio.create_task(bench.runner(hangs).handle(FakeEvent(FakeMessage(0, 0)), a_slot()))
    await started.wait()
    assert bench.attempts.is_suspect("pages/0/0")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.app.sent == []
    assert not bench.attempts.is_suspect("pages/0/0")


async def test_a_full_disk_is_waited_for_however_long_it_takes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.agents.step_runner.RETRY_S", (0.0,))
    tries = 0

    async def full_at_first(_: Incoming) -> bytes:
        nonlocal tries
        tries += 1
        if tries < 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return b"text"

    await bench.runner(full_at_first, retry_timeout_s=-1).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert (tries, bench.app.sent) == (5, [("page-text", b"text")])


async def test_a_document_that_is_larger_than_a_file_may_be_costs_itself_alone(
    bench: Bench, tmp_path: Path
) -> None:
    async def written(_: Incoming) -> bytes:
        (tmp_path / "document").write_bytes(bytes(2**20))
        return b"text"

    with largest_file(2**19):
        await bench.runner(written).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    await bench.runner(written).handle(FakeEvent(FakeMessage(0, 1)), a_slot())
    assert bench.app.sent == [("dead-letters", b"1"), ("page-text", b"text")]
    assert bench.failed("source-too-large") == 1


async def test_a_disk_that_is_too_full_to_count_attempts_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.agents.turns.RETRY_S", (0.01,))
    with largest_file(1):
        with pytest.raises(DiskFull):
            bench.attempts.begin("x" * 10_000)
        waiting = asyncio.create_task(bench.runner(text).handle(FakeEvent(FakeMessage(0, 0)), a_slot()))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting
    assert bench.app.sent == [("page-text", b"text")]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let this process write no file beyond so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_an_unexpected_error_stays_counted_against_its_message(bench: Bench) -> None:
    async def unexpected(_: Incoming) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    for _ in range(2):  # the process ends each time, and the message is delivered again
        with pytest.raises(OSError, match="Input/output"):
            await bench.runner(unexpected).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    await bench.runner(unexpected).handle(FakeEvent(FakeMessage(0, 0)), a_slot())
    assert bench.app.sent == [("dead-letters", b"3")]
    assert bench.failed("repeat-killer") == 1


async def test_what_is_given_back_by_an_orderly_stop_is_no_suspect(bench: Bench) -> None:
    async def never(_: Incoming) -> bytes:
        await asyncio.sleep(3600)
        return b""

    task = asyncio.create_task(bench.runner(never).handle(FakeEvent(FakeMessage(0, 0)), a_slot()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not bench.attempts.is_suspect("pages/0/0")


async def test_a_topic_that_may_not_be_written_is_not_tried_for_ever(bench: Bench) -> None:
    bench.app.refused = "page-text"
    with pytest.raises(DeliveryRefused, match="page-text"):
        await bench.runner(text).handle(FakeEvent(FakeMessage(0, 0)), a_slot())


async def test_what_waits_for_a_server_is_not_in_work_and_lends_its_slot(bench: Bench) -> None:
    answered = asyncio.Event()

    async def server(message: Incoming) -> None:
        if message.offset < 100:
            await answered.wait()

    async def work(message: Incoming) -> bytes:
        assert bench.attempts.is_suspect(message.position)
        assert bench.health.report().in_flight == 1
        return str(message.offset).encode()

    stream = FakeStream([FakeEvent(FakeMessage(0, offset)) for offset in range(103)])
    runner = bench.runner(work, wait_for=server)
    window = asyncio.create_task(OrderedWindow(bench.app, 1, runner.handle, nothing_missing).run(stream))
    await until(lambda: len(bench.app.sent) == 3 and bench.health.report().in_flight == 0)
    assert [value for _, value in bench.app.sent] == [b"100", b"101", b"102"]
    assert stream.acked == []
    assert not any(bench.attempts.is_suspect(f"pages/0/{offset}") for offset in range(103))
    answered.set()
    await window
    assert stream.acked == [(0, offset) for offset in range(103)]
    assert len(bench.app.sent) == 103


async def test_between_two_tries_others_are_worked_on(bench: Bench) -> None:
    away = {0}

    async def work(message: Incoming) -> bytes:
        if message.offset in away:
            away.clear()
            raise SourceUnavailable("away")
        return str(message.offset).encode()

    stream = FakeStream([FakeEvent(FakeMessage(0, offset)) for offset in range(3)])
    runner = bench.runner(work)
    window = asyncio.create_task(OrderedWindow(bench.app, 1, runner.handle, nothing_missing).run(stream))
    await until(lambda: len(bench.app.sent) == 2)
    window.cancel()
    await asyncio.gather(window, return_exceptions=True)
    assert [value for _, value in bench.app.sent] == [b"1", b"2"]


async def test_a_suspect_that_waits_for_a_server_keeps_no_other_waiting_and_stays_one(bench: Bench) -> None:
    for offset in (0, 1):
        bench.attempts.begin(f"pages/0/{offset}")
    answered = asyncio.Event()

    async def server(message: Incoming) -> None:
        if message.offset == 0:
            await answered.wait()

    runner = bench.runner(text, wait_for=server)
    waits = asyncio.create_task(runner.handle(FakeEvent(FakeMessage(0, 0)), a_slot()))
    await runner.handle(FakeEvent(FakeMessage(0, 1)), a_slot())
    assert not waits.done()
    assert bench.attempts.begin("pages/0/0") == 2, "counted as it was before it waited"
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)


async def test_a_message_that_is_large_keeps_its_slot(bench: Bench) -> None:
    answered = asyncio.Event()

    async def server(message: Incoming) -> None:
        await answered.wait()

    events = [FakeEvent(FakeMessage(0, offset, value=bytes(100_000))) for offset in range(2)]
    runner = bench.runner(text, wait_for=server)
    window = asyncio.create_task(
        OrderedWindow(bench.app, 1, runner.handle, nothing_missing).run(FakeStream(events))
    )
    await asyncio.sleep(0.05)
    assert bench.health.report().in_flight == 1
    window.cancel()
    await asyncio.gather(window, return_exceptions=True)


async def test_a_message_that_is_done_waits_for_its_ack_without_its_value() -> None:
    events = [FakeEvent(FakeMessage(0, offset, value=b"file")) for offset in range(2)]
    release = asyncio.Event()

    async def work(event: Event, slot: Slot) -> None:
        if event.message.offset == 0:
            await release.wait()

    window = asyncio.create_task(OrderedWindow(FakeApp(), 2, work, nothing_missing).run(FakeStream(events)))
    await until(lambda: events[1].message.value is None)
    assert events[0].message.value == b"file"
    release.set()
    await window
