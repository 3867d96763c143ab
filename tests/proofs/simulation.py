"""Schedules of everything that may happen to two workers and a broker, and what has to hold after each step.

A schedule is a list of numbers: each picks one of the things that can happen now. At its end all faults are over;
then everything has to be read in the end. At every commit, whatever is committed has to be done: a page is on
page-text, with its text or with the reason why it has none; the rest of a long document has become its next tasks.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

from models.document import PageReading
from models.errors import CorruptFile
from models.options import ReadOptions
from streams.agents import ordered_window
from streams.agents.portions import portion
from streams.messages.codec import decode
from streams.messages.records import PageTask, page_key
from tests.proofs.cluster import PAGE_TEXT, PAGES, PARTITIONS, Cluster, Record
from tests.proofs.virtual_loop import VirtualLoop
from tests.proofs.worker import ADDRESSING, PAGES_AHEAD, Parts, Reading, Worker, end_process

_MACHINES = 2
_MAX_DOCUMENTS = 3
_PAGES = (1, 2, 5)
_MAX_ROUNDS = 500
_USUAL = 6  # times as likely as a fault
_MEMORY = Path("/dev/shm")
_ATTEMPTS_FILES = "attempts-{}.sqlite"

Action = Callable[[], None]


class Lost(AssertionError):
    """A page was lost, mixed up with another, or acknowledged before it was done."""


class Simulation:
    """Two machines, each with a worker at times, and a broker."""

    def __init__(self, folder: Path, parts: Parts) -> None:
        self._loop = VirtualLoop()
        self._cluster = Cluster()
        self._parts = parts
        self._files = [folder / _ATTEMPTS_FILES.format(number) for number in range(_MACHINES)]
        for file in self._files:
            file.unlink(missing_ok=True)
        self._workers: list[Worker | None] = [None] * _MACHINES
        self._documents: dict[str, int] = {}
        self._turn = 0
        self._checked = [0] * PARTITIONS  # offset of each partition up to which all is done
        self._steps: list[str] = []

    def run(self, schedule: Iterable[int]) -> None:
        """Let happen what a schedule picks, then the end of all faults. Raises Lost."""
        try:
            for number in schedule:
                actions = list(self._possible())
                name, action = actions[number % len(actions)]
                self._steps.append(name)
                self._do(action)
            self._recover()
            self._check_all_read()
        except Lost as error:
            error.add_note("\n".join(self._steps))
            raise
        finally:
            for number in range(_MACHINES):
                self._kill(number)
            self._loop.close()

    def _do(self, action: Action) -> None:
        action()
        self._loop.settle()
        for number, worker in enumerate(self._workers):
            if worker is not None and not worker.member.alive:  # it ended itself
                self._steps.append(f"worker {number} ends")
                self._kill(number)
        self._check_committed()

    def _possible(self) -> Iterator[tuple[str, Action]]:
        """Yield what can happen now, the usual more than once."""
        if len(self._documents) < _MAX_DOCUMENTS:
            for pages in _PAGES:
                yield f"a document of {pages} pages", partial(self._split, pages)
        for number, worker in enumerate(self._workers):
            if worker is None:
                yield f"start {number}", partial(self._start, number)
            elif worker.member.stopped:
                yield f"continue {number}", partial(setattr, worker.member, "stopped", False)
                yield f"kill {number}", partial(self._kill, number)
            else:
                yield from self._possible_of(number, worker)
        for send in self._cluster.sends:
            if not send.worker.stopped:
                for keep, answer in (*[(True, True)] * _USUAL, (True, False), (False, False)):
                    name = f"send {send.record.key!r}: {keep=} {answer=}"
                    yield name, partial(self._cluster.take, send, keep=keep, answer=answer)
        if self._loop.sleeps:
            yield "time passes", self._loop.pass_time
        yield "rebalance", self._rebalance

    def _possible_of(self, number: int, worker: Worker) -> Iterator[tuple[str, Action]]:
        member = worker.member
        if member in self._cluster.members and member.generation == self._cluster.generation:
            for where, offset in member.positions.items():
                if offset < len(self._cluster.logs[PAGES][where]):
                    for _ in range(_USUAL):
                        yield f"{number} fetches {where}/{offset}", partial(member.fetch, where)
                    if offset == 0:
                        yield f"{number} misses {where}/0", partial(member.lose_seek, where)
        for reading in worker.reader.readings:
            name = f"{number} has read {reading.document}/{reading.pagenum}"
            for _ in range(_USUAL):
                yield name, partial(_finish, reading)
            yield f"{name}: damaged", partial(reading.done.set_exception, CorruptFile("no page"))
            yield f"{name}: a defect", partial(reading.done.set_exception, ZeroDivisionError())
        for _ in range(_USUAL // 2):
            yield f"{number} commits", member.commit
        yield f"kill {number}", partial(self._kill, number)
        yield f"stop {number}", partial(setattr, member, "stopped", True)

    def _split(self, pages: int) -> None:
        name = f"d{len(self._documents)}"
        self._documents[name] = pages
        first = PageTask(
            document_id=name, pagenum=0, total_pages=pages, path=name, reference=name, sha256="0" * 64,
            options=ReadOptions(), started="2026-01-01T00:00:00.000Z",
        )  # fmt: skip
        for task in portion(first, PAGES_AHEAD):
            sent = ADDRESSING.page_task(task)
            self._cluster.append(PAGES, Record(sent.key.encode(), sent.value))

    def _start(self, number: int) -> None:
        self._workers[number] = Worker(self._cluster, self._files[number], self._parts, self._loop)
        self._rebalance()

    def _kill(self, number: int) -> None:
        worker = self._workers[number]
        if worker is not None:
            worker.kill(self._loop)
            self._workers[number] = None
            self._cluster.sends = [send for send in self._cluster.sends if send.worker is not worker.member]

    def _rebalance(self) -> None:
        there = [worker.member for worker in self._workers if worker and not worker.member.stopped]
        self._turn += 1
        self._cluster.rebalance(there, self._turn)

    def _recover(self) -> None:
        """End all faults, and let everything be read. Raises Lost where that never ends."""
        for worker in self._workers:
            if worker is not None:
                worker.member.stopped = False
        recovered = False
        for _ in range(_MAX_ROUNDS):
            for number in range(_MACHINES):
                if self._workers[number] is None:
                    self._do(partial(self._start, number))
            workers = [worker for worker in self._workers if worker is not None]
            if not recovered or any(worker.member.generation != self._cluster.generation for worker in workers):
                self._do(self._rebalance)  # every partition is sought anew
                recovered = True
            for worker in workers:
                self._do(partial(self._read_on, worker))
            self._do(self._loop.pass_time)
            if self._is_read():
                return
        raise Lost(f"not read after {_MAX_ROUNDS} rounds without a fault: {self._cluster.committed}")

    def _read_on(self, worker: Worker) -> None:
        """Let a worker do all that it can do now, and commit."""
        for where, offset in worker.member.positions.items():
            for _ in range(offset, len(self._cluster.logs[PAGES][where])):
                worker.member.fetch(where)
        self._loop.settle()
        for reading in list(worker.reader.readings):
            _finish(reading)
        self._loop.settle()
        for send in list(self._cluster.sends):
            self._cluster.take(send, keep=True, answer=True)
        self._loop.settle()
        worker.member.commit()

    def _is_read(self) -> bool:
        ends = {where: len(log) for where, log in enumerate(self._cluster.logs[PAGES]) if log}
        return all(self._cluster.committed.get(where) == end for where, end in ends.items())

    def _check_committed(self) -> None:
        """Raise Lost where something is committed that is not done."""
        for where, committed in self._cluster.committed.items():
            for offset in range(self._checked[where], committed):
                record = self._cluster.logs[PAGES][where][offset]
                if not self._is_done(decode(PageTask, record.value)):
                    raise Lost(f"pages/{where}/{offset}, {record.key!r}, is committed and not done")
            self._checked[where] = max(self._checked[where], committed)

    def _is_done(self, task: PageTask) -> bool:
        if not task.rest:
            return page_key(task.document_id, task.pagenum).encode() in self._cluster.keys[PAGE_TEXT]
        next_tasks = {ADDRESSING.page_task(one).key.encode() for one in portion(task, PAGES_AHEAD)}
        pages = {page_key(task.document_id, n).encode() for n in range(task.pagenum, task.total_pages)}
        return next_tasks <= self._cluster.keys[PAGES] or pages <= self._cluster.keys[PAGE_TEXT]

    def _check_all_read(self) -> None:
        """Raise Lost where a page of a document has no record, or that of another."""
        for name, pages in self._documents.items():
            for pagenum in range(pages):
                if page_key(name, pagenum).encode() not in self._cluster.keys[PAGE_TEXT]:
                    raise Lost(f"{name}/{pagenum} was never read")
        for log in self._cluster.logs[PAGE_TEXT]:
            for record in log:
                page = json.loads(record.value or b"")
                if page["exception"] is None and page["text"] != record.key.decode():
                    raise Lost(f"{record.key!r} has the text of {page['text']}")


def _finish(reading: Reading) -> None:
    if not reading.done.done():
        reading.done.set_result(
            PageReading(
                pagenum=reading.pagenum,
                text=page_key(reading.document.name, reading.pagenum),
                confidence=None,
                method="text_layer",
                width=1,
                height=1,
                dpi=1,
                rotation=0.0,
                language="eng",
                regions=(),
                models={},
                timings_ms={},
            )
        )


@contextmanager
def simulations(parts: Parts) -> Iterator[Callable[[Iterable[int]], None]]:
    """Yield what runs one schedule; it raises Lost."""
    with (
        tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder,
        patch.object(ordered_window, "end_process_unacked", end_process),
    ):
        yield lambda schedule: Simulation(Path(folder), parts).run(schedule)
