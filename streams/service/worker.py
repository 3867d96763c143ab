"""One worker process: the Faust apps of its roles on one event loop, their reader processes beside it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from faust.contrib.asgi import faust_app_running

from streams.agents.attempts import Attempts
from streams.agents.backpressure import Backpressure
from streams.agents.delivery import Delivery
from streams.agents.ordered_window import EXIT_UNEXPECTED
from streams.agents.read_pages import add_read_pages
from streams.agents.split_files import add_split_files
from streams.agents.step_runner import Context
from streams.agents.track_documents import add_track_documents
from streams.app import Role, create_app
from streams.documents.cache import DocumentCache
from streams.documents.references import SourceFetcher
from streams.kafka.lag import LagReader
from streams.kafka.topics import TopicNames, wait_for_topics
from streams.kafka.trimmer import trim_pages
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool
from streams.settings import Settings
from streams.signals import stop_on_signals

logger = logging.getLogger(__name__)


async def run_worker(settings: Settings, roles: Sequence[Role], *, web: bool) -> None:
    """Run a worker until SIGTERM or SIGINT. What is in work then stays unacked and is delivered again.

    Raises:
        BrokerError: Kafka cannot be reached.
        ModelError: The configured reader cannot be loaded.
    """
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        worker = Worker(settings)
        parts = [worker.running(role) for role in roles]
        if web:
            from streams.web.server import serving  # FastAPI is loaded where it is served

            parts.append(serving(settings, worker.health, worker.metrics, worker.topics))
        await asyncio.gather(*map(stack.enter_async_context, parts))
        logger.info("worker ready: %s", ", ".join([*roles, *(["web"] if web else [])]))
        await _until(stop, worker.apps)


class Worker:
    """The parts that the roles of one process share."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = TopicNames.of(settings)
        self.metrics = Metrics()
        self.health = Health(3 * max(settings.page_timeout_s, settings.split_timeout_s) + settings.source_retry_s)
        self.metrics.watch(self.health)
        self.cache = DocumentCache(settings.data_dir / "documents", settings.cache_bytes)
        self.apps: list[Any] = []
        self.topics = asyncio.ensure_future(wait_for_topics(settings))

    @asynccontextmanager
    async def running(self, role: Role) -> AsyncIterator[None]:
        """Run one role for the length of the block; its reader processes load while Kafka is waited for."""
        async with AsyncExitStack() as stack:
            processes = self.settings.processes if role == "read" else 1
            pool = ReaderPool(self.settings, processes, on_death=self.metrics.reader_deaths.inc)
            stack.push_async_callback(pool.stop)
            warming = asyncio.create_task(pool.start()) if role != "track" else None
            partitions = await self.topics
            app = create_app(self.settings, role)
            context = Context(
                self.settings, self.names, partitions, pool, self.cache, SourceFetcher(self.settings),
                Attempts(self.settings.data_dir / "attempts.db"), Delivery(app, _outputs(self.names, role)),
                self.health, self.metrics, asyncio.Lock(),
            )  # fmt: skip
            stack.callback(context.attempts.close)
            stack.push_async_callback(context.references.stop)
            await self._add_agent(app, role, context, stack)
            await stack.enter_async_context(faust_app_running(app, discover=False))
            self.apps.append(app)
            if warming is not None:
                await warming
            yield

    async def _add_agent(self, app: Any, role: Role, context: Context, stack: AsyncExitStack) -> None:
        if role == "split":
            lags = await stack.enter_async_context(LagReader(self.settings))
            add_split_files(app, context, Backpressure(lags.pages_behind, self.settings.max_pages_behind))
        elif role == "read":
            add_read_pages(app, context)
            trimming = asyncio.create_task(trim_pages(self.settings))
            stack.callback(trimming.cancel)
        else:
            add_track_documents(app, context)


def _outputs(names: TopicNames, role: Role) -> Iterable[str]:
    if role == "split":
        return names.pages, names.documents, names.dead_letters
    if role == "read":
        return names.page_text, names.dead_letters
    return (names.documents,)


async def _until(stop: asyncio.Event, apps: Iterable[Any]) -> None:
    """Return when asked to stop; end the process where an app crashed, for a supervisor to start it again."""
    while not stop.is_set():
        for app in apps:
            if app.crashed or app.should_stop:
                logger.critical("the Faust app %s crashed: %r", app.conf.id, app.crash_reason)
                logging.shutdown()
                os._exit(EXIT_UNEXPECTED)
        try:
            await asyncio.wait_for(stop.wait(), timeout=0.5)
        except TimeoutError:
            continue
