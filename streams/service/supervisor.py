"""Runs the whole service in one process tree: Kafka, the worker, the folder watcher, the console.

Kafka and the worker start at the same time: the broker's address is known before it accepts, and loading the
worker's libraries takes about as long as Kafka does.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from models.errors import InkstreamError
from models.options import ReadOptions
from streams.addresses import address_in, broker_note, listening_socket, noted, worker_note
from streams.broker.embedded import EmbeddedKafka, free_port
from streams.errors import ConfigurationError, FileUnreadable, PartEnded
from streams.kafka.topics import create_topics
from streams.paths import private_data_dir
from streams.service.console import Console
from streams.service.kafka_process import START_WITHIN_S, keep_kafka_running
from streams.service.worker_process import keep_running, supervised
from streams.settings import Settings
from streams.signals import stop_on_signals
from streams.sources.folder import FolderSource
from streams.sources.watching import watching
from streams.terminal import printable
from streams.web.callers import check_exposure

logger = logging.getLogger(__name__)

_READY_CHECK_S = 0.05
SAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "samples" / "documents"


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `inkstream up` was asked for beside the settings; `samples` is a folder to copy into the inbox."""

    samples: Path | None
    until_idle: bool
    json_lines: bool


async def run_up(settings: Settings, options: UpOptions) -> None:
    """Run everything until SIGINT or SIGTERM, or until idle.

    Raises:
        BrokerError: Kafka or the worker does not start, or does not stay up.
        ConfigurationError: The inbox is not a folder, or there are no samples.
        DocumentsFailed, FileUnreadable: All is read until idle; some documents failed, some files may not be read.
    """
    with stop_on_signals() as stop:
        await _first_of({"the service": _run(settings, options), "the wait for a signal": stop.wait()})


async def _run(settings: Settings, options: UpOptions) -> None:
    if options.samples is not None and not options.samples.is_dir():
        raise ConfigurationError("the sample documents are only in a checkout of the source; leave out --samples")
    await _check(settings)
    _make_inbox(settings.inbox)
    private_data_dir(settings.data_dir)
    settings = settings.model_copy(update={"api_port": settings.api_port or free_port()})
    async with AsyncExitStack() as stack:
        kafka = None if settings.broker else _embedded_kafka(settings)
        parts: dict[str, Awaitable[object]] = {}
        if kafka is not None:
            kafka.launch()  # on this thread: the broker is to end when the thread that started it does
            stack.push_async_callback(asyncio.to_thread, kafka.stop)
            settings = settings.model_copy(update={"broker": kafka.bootstrap})
            stack.enter_context(noted(kafka.bootstrap, broker_note(settings.data_dir)))
        parts["the worker"] = await stack.enter_async_context(_running(keep_running(supervised(settings))))
        if kafka is not None:
            await asyncio.to_thread(kafka.wait_ready, START_WITHIN_S)
            parts["Kafka"] = await stack.enter_async_context(_running(keep_kafka_running(kafka)))
        await create_topics(settings)
        console = await stack.enter_async_context(Console.opened(settings, options.json_lines))
        source, watcher = await stack.enter_async_context(watching(settings))
        parts |= {"the folder watcher": watcher, "the console": console.printing}
        await _first_of({**parts, "the start of the worker": _worker_ready(settings)})
        console.announce(_about_port(settings) if kafka is not None else "")
        if options.samples is not None:
            if _all_delivered(options.samples, source):
                console.note("the samples were read at an earlier start: `inkstream query` has their text")
            else:
                await asyncio.to_thread(_copy_new, options.samples, settings.inbox)
        if options.until_idle:
            parts["the wait for idleness"] = console.until_idle(lambda: source.idle)
        await _first_of(parts)
        if options.until_idle:
            console.summarise()
            _raise_for_unreadable(source.unreadable)
            console.raise_for_failed()


async def _check(settings: Settings) -> None:
    """Find what would keep the worker from starting, before anything starts.

    Raises:
        ConfigurationError: The port of the API is taken, or everybody could read all.
        ModelError: A network, or a language's data, is not on this machine.
    """
    check_exposure(settings)
    listening_socket(settings.api_host, settings.api_port).close()
    if settings.read_options() == ReadOptions():
        return  # what that needs comes along
    from streams.processes.pool import ReaderPool

    pool = ReaderPool(settings, 1)
    try:
        await pool.start()
    finally:
        await pool.stop()


async def _worker_ready(settings: Settings) -> None:
    """Return once all roles of the worker run, and its API listens."""
    while True:
        if address_in(worker_note(settings.data_dir)) is not None:
            return
        await asyncio.sleep(_READY_CHECK_S)


def _about_port(settings: Settings) -> str:
    port = str(settings.broker).rpartition(":")[2]
    return (
        ""
        if port == str(settings.kafka_port) or not settings.kafka_port
        else f" (port {settings.kafka_port} is taken)"
    )


def _embedded_kafka(settings: Settings) -> EmbeddedKafka:
    return EmbeddedKafka(settings.data_dir, heap_mb=settings.kafka_heap_mb, preferred_port=settings.kafka_port)


@asynccontextmanager
async def _running(work: Awaitable[None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run work beside the block, and cancel it when the block ends."""
    task = asyncio.ensure_future(work)
    assert isinstance(task, asyncio.Task)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # whoever awaits it gets what it raised


async def _first_of(parts: Mapping[str, Awaitable[object]]) -> None:
    """Return when the first of the parts ends. Those that are no tasks yet are cancelled then.

    Raises:
        InkstreamError: What the part raised; PartEnded for an error that is not ours.
    """
    names = {asyncio.ensure_future(part): name for name, part in parts.items()}
    ours = names.keys() - parts.values()
    try:
        done, _ = await asyncio.wait(names, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, InkstreamError):
                logger.info("%s ended", names[task], exc_info=error)
                raise PartEnded(f"{names[task]} ended: {error!r}; INKSTREAM_LOG_LEVEL=DEBUG shows where") from error
            task.result()
    finally:
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)


def _make_inbox(inbox: Path) -> None:
    try:
        inbox.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the folder {inbox} cannot be watched: {error.strerror}") from error


def _raise_for_unreadable(files: Iterable[Path]) -> None:
    if names := sorted(printable(file) for file in files):
        shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        raise FileUnreadable(f"{len(names)} files could not be read and were left where they are: {shown}")


def _all_delivered(samples: Path, source: FolderSource) -> bool:
    return all(source.has_delivered(sample.name) for sample in samples.iterdir())


def _copy_new(samples: Path, inbox: Path) -> None:
    """Copy the samples into the inbox that are not there, each under another name first, so that it appears whole.

    With their times: what the watcher has delivered before, it does not deliver again.
    """
    for sample in sorted(samples.iterdir()):
        if (inbox / sample.name).exists():
            continue
        partial = inbox / f"{sample.name}.part"
        shutil.copy2(sample, partial)
        partial.replace(inbox / sample.name)
