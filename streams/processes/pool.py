"""Reader processes: opening and reading run here, bounded in time and memory, never on the event loop.

A page that crashes or hangs its process costs that page. Each page is a task of its own, so there is no batch
to blame: a page whose process died is tried once more in a fresh process, a page that ran out of time is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from models.document import AttachedFiles, Attachments, DocumentInfo, PageReading
from models.errors import InkstreamError, PageTooLarge, ReaderFailed, RecognitionTimeout, WorkerDied
from models.options import ReadOptions
from streams.processes import reader_process
from streams.settings import Settings

logger = logging.getLogger(__name__)
T = TypeVar("T")

ReadPage = Callable[[Path, int, ReadOptions], PageReading]

_TRIES_PER_TASK = 2
_WARM_UP_TIMEOUT_S = 120.0


class ReaderPool:
    """A pool of reader processes, awaited from one event loop. It replaces itself when it breaks."""

    def __init__(
        self,
        settings: Settings,
        processes: int,
        *,
        on_death: Callable[[], object] = lambda: None,
        on_load: Callable[[float], object] = lambda _: None,
        read_page: ReadPage = reader_process.read_page,
    ) -> None:
        """Create the pool; its processes start with the first task.

        Args:
            processes: How many reader processes there are at a time.
            on_death: Called on the event loop for each process that died in the middle of a task.
            on_load: Called on the event loop with the seconds in which a process that `start` started loaded its
                networks.
            read_page: What a process runs for a page; a function that can be imported by its name there.
        """
        self._settings = settings
        self._processes = processes
        self._on_death = on_death
        self._on_load = on_load
        self._read_page = read_page
        self._pool = self._create()

    def _create(self) -> ProcessPool:
        # one compute thread per process, set before the children start: they read it when they load OpenMP
        os.environ["OMP_THREAD_LIMIT"] = os.environ["OMP_NUM_THREADS"] = "1"
        return ProcessPool(
            max_workers=self._processes,
            max_tasks=self._settings.recycle_after,
            initializer=reader_process.initialise,
            initargs=(
                os.getpid(),
                self._settings.process_memory_mb * 1024 * 1024,
                self._settings.tesseract_api,
                self._settings.models_dir,
            ),
            context=multiprocessing.get_context("spawn"),
        )

    async def start(self) -> None:
        """Start every process and load the default reader into each, so that the first page need not wait.

        Raises:
            ModelError: The configured reader cannot be loaded.
        """
        options = self._settings.read_options()
        warm_ups = (
            self.run(reader_process.warm_up, options, timeout_s=_WARM_UP_TIMEOUT_S) for _ in range(self._processes)
        )
        for load_s in await asyncio.gather(*warm_ups):
            self._on_load(load_s)

    async def inspect(self, path: Path, passwords: Sequence[str]) -> DocumentInfo:
        """Open and check a document in a reader process. Raises DocumentError or ModelError."""
        timeout_s = self._settings.split_timeout_s
        return await self.run(reader_process.inspect_file, path, tuple(passwords), timeout_s=timeout_s)

    async def attached_files(
        self, path: Path, passwords: Sequence[str], which: Attachments, max_file_bytes: int
    ) -> AttachedFiles:
        """Return what is attached to a document, from a reader process. Raises DocumentError or ModelError."""
        arguments = path, tuple(passwords), which, max_file_bytes
        timeout_s = self._settings.split_timeout_s
        return await self.run(reader_process.attached_files, *arguments, timeout_s=timeout_s)

    async def read(self, path: Path, pagenum: int, options: ReadOptions) -> PageReading:
        """Read one page in a reader process. Raises DocumentError or ModelError."""
        return await self.run(self._read_page, path, pagenum, options, timeout_s=self._settings.page_timeout_s)

    async def run(self, function: Callable[..., T], *arguments: object, timeout_s: float) -> T:
        """Return what a function returns that runs in a reader process; it must be importable there by its name.

        Raises:
            InkstreamError: Whatever of ours the function raised.
            RecognitionTimeout: It did not return in time; its process was killed.
            WorkerDied: Its process died under it, and so did the next.
            PageTooLarge: It needs more memory than a process may have.
            ReaderFailed: It raised an error that is not ours.
        """
        for attempt in range(1, _TRIES_PER_TASK + 1):
            pool = self._pool
            outcome = await _outcome(pool, timeout_s, function, arguments)
            if isinstance(outcome, BrokenProcessPool):
                self._replace(pool, outcome)
            elif not isinstance(outcome, ProcessExpired):
                return _value_or_raise(outcome, timeout_s)
            self._on_death()
            logger.warning("a reader process died (%s), try %d of %d", outcome, attempt, _TRIES_PER_TASK)
        raise WorkerDied(f"the reader process died each of {_TRIES_PER_TASK} times ({_cause(outcome)})")

    async def stop(self) -> None:
        """End every process at once; tasks in flight raise asyncio.CancelledError."""
        self._pool.stop()
        await asyncio.to_thread(self._pool.join)

    def _replace(self, broken: ProcessPool, why: BaseException) -> None:
        if self._pool is broken:  # of all the tasks that a broken pool fails, the first replaces it
            logger.error("the process pool broke (%s) and is replaced", why)
            with contextlib.suppress(RuntimeError):
                broken.stop()
            self._pool = self._create()


async def _outcome(
    pool: ProcessPool, timeout_s: float, function: Callable[..., T], arguments: tuple[object, ...]
) -> T | BaseException:
    """Return the task's value, or whatever it raised in its process or on the way there."""
    try:
        future = pool.schedule(function, args=arguments, timeout=timeout_s)
    except RuntimeError as error:  # how pebble reports a pool that broke or was stopped
        return BrokenProcessPool(str(error))
    # asyncio.wait: it raises nothing of the task's own, and cancelling it does not kill the process at work
    waiting: asyncio.Future[T] = asyncio.wrap_future(future)
    waiting.add_done_callback(_take_failure)
    await asyncio.wait([waiting])
    if waiting.cancelled():
        raise asyncio.CancelledError
    failure = waiting.exception()
    return waiting.result() if failure is None else failure


def _take_failure(done: asyncio.Future[T]) -> None:
    """Take a task's failure also where nobody waits for it any more; else asyncio logs that nobody has."""
    if not done.cancelled():
        done.exception()


def _value_or_raise(outcome: T | BaseException, timeout_s: float) -> T:
    """Return the value, or raise the error a task ended with as one of ours."""
    if not isinstance(outcome, BaseException):
        return outcome
    if isinstance(outcome, InkstreamError):
        raise outcome
    if isinstance(outcome, CancelledError):
        raise asyncio.CancelledError
    if isinstance(outcome, TimeoutError):
        raise RecognitionTimeout(f"not done after {timeout_s:g} s; raise page_timeout_s if it only needs longer")
    if isinstance(outcome, MemoryError):
        raise PageTooLarge("the page needs more memory than process_memory_mb allows") from outcome
    raise ReaderFailed(f"unexpected {type(outcome).__name__}: {outcome}") from outcome


def _cause(outcome: object) -> str:
    code = getattr(outcome, "exitcode", None)
    return f"exit code {code}" if code is not None else str(outcome)
