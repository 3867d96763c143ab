"""The pages that `inkstream read` reads, in order: here one by one, or in reader processes some pages ahead."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from streams.commands.inputs import Input

if TYPE_CHECKING:
    from models.document import AttachedFile, DocumentInfo, PageReading
    from models.options import ReadOptions
    from streams.messages.digests import ContentDigest
    from streams.processes.pool import ReaderPool
    from streams.settings import Settings

# Starting the processes takes as long as reading two pages or three: fewer pages are read here.
_MIN_PAGES_OF_POOL = 5
_AHEAD_PER_PROCESS = 2


@dataclass(frozen=True, slots=True)
class Task:
    """What is read of each file, and how."""

    settings: Settings
    options: ReadOptions
    page_numbers: set[int] | None  # 1-based; None: all
    with_attachments: bool = True

    @property
    def passwords(self) -> list[str]:
        """What an encrypted document is tried with, in that order."""
        own = [self.options.password] if self.options.password else []
        return own + [secret.get_secret_value() for secret in self.settings.passwords]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A document that was opened, or why it could not be.

    Attributes:
        pagenums: Of the pages that are asked for, 0-based.
        warnings: Of the document: its first page's record has them.
    """

    document: Input
    info: DocumentInfo | None = None
    digest: ContentDigest | None = None
    pagenums: Sequence[int] = ()
    options: ReadOptions | None = None
    warnings: tuple[str, ...] = ()
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The beginning of a document, or a page of it: `read` returns what was read, or raises InkstreamError."""

    opened: Opened
    pagenum: int | None = None
    read: Callable[[], PageReading] = field(default=lambda: _raise())


def _raise() -> PageReading:
    raise RuntimeError("the beginning of a document is no page")


def steps(found: Iterable[Input], task: Task, spool: Path, passed: Callable[[Input], bool]) -> Iterator[Step]:
    """Yield each document's beginning and its pages, and behind it what is attached to it.

    Args:
        spool: Where attached files are written; it lives as long as they are read.
        passed: Whether a document is passed over.
    """
    waiting = deque(found)
    while waiting:
        document = waiting.popleft()
        if passed(document):
            continue
        opened, attached = _opened(document, task, spool)
        waiting.extendleft(reversed(attached))
        yield Step(opened)
        yield from (Step(opened, pagenum) for pagenum in opened.pagenums)


@contextmanager
def read_ahead(planned: Iterator[Step], settings: Settings, jobs: int) -> Iterator[Iterator[Step]]:
    """Yield the steps with their pages on their way, in their order: a few pages here, more in reader processes."""
    first = list(islice(planned, 2 * _MIN_PAGES_OF_POOL))
    pages = sum(step.pagenum is not None for step in first)
    planned = chain(first, planned)
    if jobs == 1 or pages < _MIN_PAGES_OF_POOL:
        from models.pipeline import PagePipeline

        pipeline = PagePipeline(settings.tesseract_api, settings.models_dir)
        yield (_with(step, partial(_call, pipeline.transcribe, step)) for step in planned)
        pipeline.close()
        return
    from streams.processes.pool import ReaderPool

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    pool = ReaderPool(settings, jobs)
    try:
        yield _ahead(planned, pool, loop, jobs * _AHEAD_PER_PROCESS)
    finally:
        asyncio.run_coroutine_threadsafe(_stopped(pool), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stopped(pool: ReaderPool) -> None:
    """Stop a pool, without what is on its way in it: that would be tried again in a process that died."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await pool.stop()


def _ahead(
    planned: Iterator[Step], pool: ReaderPool, loop: asyncio.AbstractEventLoop, count: int
) -> Iterator[Step]:
    """Yield the steps in order, with `count` of them behind it in the pool."""
    waiting: deque[Step] = deque()
    for step in planned:
        if step.pagenum is not None:
            reading: Future[PageReading] = Future()
            loop.call_soon_threadsafe(_start, pool, step, reading)
            step = _with(step, reading.result)
        waiting.append(step)
        if len(waiting) > count:
            yield waiting.popleft()
    yield from waiting


def _start(pool: ReaderPool, step: Step, reading: Future[PageReading]) -> None:
    """Start reading a page, on the pool's loop: an interrupt, which the main thread has, cannot come in between."""

    def pass_on(done: asyncio.Task[PageReading]) -> None:
        failure = asyncio.CancelledError() if done.cancelled() else done.exception()
        if failure is None:
            reading.set_result(done.result())
        else:
            reading.set_exception(failure)

    asyncio.get_running_loop().create_task(pool.read(*_page(step))).add_done_callback(pass_on)


def _call(read: Callable[[Path, int, ReadOptions], PageReading], step: Step) -> PageReading:
    return read(*_page(step))


def _with(step: Step, read: Callable[[], PageReading]) -> Step:
    return step if step.pagenum is None else replace(step, read=read)


def _page(step: Step) -> tuple[Path, int, ReadOptions]:
    assert step.opened.options is not None
    return step.opened.document.file, step.pagenum or 0, step.opened.options


def _opened(document: Input, task: Task, spool: Path) -> tuple[Opened, list[Input]]:
    """Open a document, and return with it what is attached to it."""
    from models.documents.files import inspect
    from models.errors import InkstreamError
    from streams.documents.cache import digest_of

    try:
        info = inspect(document.file, task.passwords)
        digest = digest_of(document.file, document.path)
        attached, warnings = _attached(document, digest.document_id, task, spool)
    except (InkstreamError, OSError) as error:
        return Opened(document, error=error), []
    wanted = task.page_numbers
    pagenums = [page for page in range(info.total_pages) if wanted is None or page + 1 in wanted]
    options = task.options.model_copy(update={"password": info.password})
    return Opened(document, info, digest, pagenums, options, warnings), attached


def _attached(document: Input, digest_id: str, task: Task, spool: Path) -> tuple[list[Input], tuple[str, ...]]:
    """Return what is attached to a document, written into `spool`, and warnings of what is and cannot be read."""
    from models.documents.attachments import attached_files
    from streams.agents.attachments import may_have_attachments

    if task.page_numbers is not None or not task.with_attachments or not may_have_attachments(document.path):
        return [], ()  # --pages means the documents that were named
    found = attached_files(document.file, task.passwords, task.options.attachments, task.settings.inline_limit)
    parent = document.document_id or digest_id
    return [_spooled(document, parent, one, spool) for one in found.files], found.warnings


def _spooled(document: Input, parent_id: str, one: AttachedFile, spool: Path) -> Input:
    import tempfile

    from streams.agents.attachments import attachment_id, attachment_path

    with tempfile.NamedTemporaryFile(dir=spool, delete=False) as file:
        file.write(one.content)
    return Input(
        Path(file.name), f"{document.name}#{one.name}", attachment_path(document.path, one.name),
        document_id=attachment_id(parent_id, one.name), root=document.root,
    )  # fmt: skip
