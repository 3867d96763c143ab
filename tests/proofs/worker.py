"""One life of a worker that reads pages: the real loop, between the modelled broker and a modelled reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, cast

from models.document import PageReading
from models.options import ReadOptions
from streams.agents.attempts import Attempts
from streams.agents.delivery import Delivery
from streams.agents.faust_types import Stream
from streams.agents.offset_guard import Gap, OffsetGuard
from streams.agents.ordered_window import OrderedWindow
from streams.agents.outgoing import Addressing
from streams.agents.read_pages import ReadPages
from streams.agents.retention import RetentionWatch
from streams.agents.step_runner import StepRunner
from streams.kafka.topics import TopicNames
from streams.messages.incoming import Incoming
from streams.messages.seal import Seal
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.settings import Settings
from tests.proofs.cluster import DEAD_LETTERS, PAGE_TEXT, PAGES, PARTITIONS, Cluster, Member, ModelLog
from tests.proofs.virtual_loop import VirtualLoop

IN_FLIGHT = 3
PAGES_AHEAD = 2
MAX_ATTEMPTS = 3
_RETRY_TIMEOUT_S = 2.0  # two tries
ADDRESSING = Addressing(TopicNames.of(Settings()), PARTITIONS)
METRICS = Metrics()
_SEAL = Seal(["0123456789" * 4])


_RUNNING: ContextVar[Member] = ContextVar("running")


def end_process() -> NoReturn:
    """End the process that runs: in the place of `end_process_unacked`, which would end this one."""
    _RUNNING.get().alive = False
    raise asyncio.CancelledError


@dataclass
class Reading:
    """A page that a reader process has in work."""

    document: Path
    pagenum: int
    done: asyncio.Future[PageReading]


@dataclass
class ReaderModel:
    """The reader pool: what it has in work ends when the schedule wants it to."""

    readings: list[Reading] = field(default_factory=list)

    async def read(self, path: Path, pagenum: int, options: ReadOptions) -> PageReading:
        reading = Reading(path, pagenum, asyncio.get_running_loop().create_future())
        self.readings.append(reading)
        try:
            return await reading.done
        finally:
            self.readings.remove(reading)

    def fetcher(self, reference: str) -> str:
        """Return what stands for fetching a document."""
        return reference

    @asynccontextmanager
    async def document(self, sha256: str, fetch: str, waiting: object) -> AsyncIterator[Path]:
        """Yield the document's name as its file."""
        yield Path(fetch)


class ProcessAttempts(Attempts):
    """Attempts of a process that may be dead: it notes nothing more."""

    process: Member

    def begin(self, message: str) -> int:
        return super().begin(message) if self.process.alive else 1

    def finish(self, message: str) -> None:
        if self.process.alive:
            super().finish(message)

    def take_back(self, message: str) -> None:
        if self.process.alive:
            super().take_back(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the loop is made of; a planted bug puts a part of its own into it."""

    window: type[OrderedWindow] = OrderedWindow
    delivery: type[Delivery] = Delivery
    runner: type[StepRunner] = StepRunner
    guard: type[OffsetGuard] = OffsetGuard
    step: type[ReadPages] = ReadPages


class Worker:
    """One process, from its start to its death."""

    def __init__(self, cluster: Cluster, attempts_file: Path, parts: Parts, loop: VirtualLoop) -> None:
        self.member = Member(cluster)
        self.reader = ReaderModel()
        self._attempts = ProcessAttempts(attempts_file)
        self._attempts.process = self.member
        delivery = parts.delivery(self.member, [PAGES, PAGE_TEXT, DEAD_LETTERS])
        reader: Any = self.reader
        step = parts.step(
            pool=reader, cache=reader, sources=reader, addressing=ADDRESSING, seal=_SEAL, metrics=METRICS,
            retention=RetentionWatch(METRICS, "read_pages", 0), pages_ahead=PAGES_AHEAD,
        )  # fmt: skip
        runner = parts.runner(
            step, delivery=delivery, attempts=self._attempts, health=Health(60), metrics=METRICS,
            max_attempts=MAX_ATTEMPTS, retry_timeout_s=_RETRY_TIMEOUT_S, before_step=_nothing,
        )  # fmt: skip
        guard = parts.guard(self.member, ModelLog(cluster), self._no_gap)
        window = parts.window(self.member, IN_FLIGHT, runner.handle, guard.check)
        self._task = loop.create_task(self._run(window))

    async def _no_gap(self, gap: Gap) -> None:
        raise AssertionError(f"nothing expires in the model: {gap}")

    async def _run(self, window: OrderedWindow) -> None:
        _RUNNING.set(self.member)
        await window.run(cast(Stream, self.member))

    def kill(self, loop: VirtualLoop) -> None:
        """Let the process die at once: what it does from here on has no effect."""
        self.member.alive = False
        self._task.cancel()
        loop.settle()
        self._attempts.close()


def _nothing(_: Incoming) -> None:
    """Do nothing."""
