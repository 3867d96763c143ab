"""Runs the whole service in one process tree, and keeps the worker running.

Kafka and the worker start at the same time: the broker's address is known before it accepts, and loading the
worker's libraries takes about as long as Kafka does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from streams.broker import EmbeddedKafka
from streams.console import Console
from streams.errors import BrokerError
from streams.settings import Settings
from streams.sources.folder import FolderSource
from streams.sources.producer import FileProducer, SentFile
from streams.topics import create_topics

logger = logging.getLogger(__name__)

SAMPLES = Path(__file__).resolve().parent.parent / "deploy" / "samples" / "documents"
_KAFKA_START_S = 60.0
_RESTART_S = 2.0
_GIVE_UP_AFTER = 5  # restarts within a minute: it does not start at all


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `inkstream up` was asked for beside the settings."""

    samples: bool
    until_idle: bool
    json_lines: bool


async def run_up(settings: Settings, options: UpOptions) -> int:
    """Run everything until SIGINT or SIGTERM, or until idle; return the exit code."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        kafka = _launch_kafka(settings)
        if kafka is not None:
            stack.push_async_callback(asyncio.to_thread, kafka.stop)
            settings = settings.model_copy(update={"broker": kafka.bootstrap})
            _write_address(settings, kafka.bootstrap)
        worker = asyncio.create_task(_keep_worker(settings))
        stack.push_async_callback(_cancelled, worker)
        if kafka is not None:
            await asyncio.to_thread(kafka.wait_ready, _KAFKA_START_S)
        await create_topics(settings)
        console = await stack.enter_async_context(Console.following(settings, options.json_lines))
        source = await stack.enter_async_context(_watching(settings, options.samples, console))
        console.announce(settings)
        await _first(stop, worker, console.until_idle(lambda: source.idle) if options.until_idle else None)
        if worker.done():
            worker.result()
        return console.summarise() if options.until_idle else 0
    raise AssertionError("unreachable")


def _launch_kafka(settings: Settings) -> EmbeddedKafka | None:
    if settings.broker is not None:
        return None
    kafka = EmbeddedKafka(settings.data_dir, heap_mb=settings.kafka_heap_mb)
    kafka.launch()
    return kafka


def _write_address(settings: Settings, address: str) -> None:
    """Let other commands in this folder find the embedded Kafka."""
    (settings.data_dir / "broker").write_text(address + "\n")


async def _keep_worker(settings: Settings) -> None:
    """Run the worker as a child process, and start it again when it dies. Cancel to stop it.

    Raises:
        BrokerError: It dies right after each start.
    """
    deaths: list[float] = []
    while True:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.supervised", env={**os.environ, "INKSTREAM_SETTINGS_JSON": ""},
            stdin=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(settings.model_dump_json().encode())
        child.stdin.close()
        try:
            code = await child.wait()
        finally:
            await _terminate(child)
        deaths = [moment for moment in deaths if monotonic() - moment < 60] + [monotonic()]
        if len(deaths) >= _GIVE_UP_AFTER:
            raise BrokerError(f"the worker ended {len(deaths)} times within a minute (exit code {code}); see above")
        logger.error("the worker ended with exit code %s and starts again", code)
        await asyncio.sleep(_RESTART_S)


async def _terminate(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), timeout=20)
        except TimeoutError:
            child.kill()
            await child.wait()
