"""One worker process: the Faust apps of its roles on one event loop, their reader processes beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from faust.contrib.asgi import faust_app_running

from models.errors import LanguageMissing, WeightsInvalid, WeightsMissing
from streams.addresses import noted, worker_note
from streams.agents.attempts import Attempts
from streams.agents.faust_types import App
from streams.agents.hooks import Hooks
from streams.agents.ordered_window import end_process_unacked
from streams.agents.parts import RoleParts
from streams.app import create_app, with_agent
from streams.documents.cache import DocumentCache
from streams.documents.references import SourceFetcher
from streams.errors import ConfigurationError
from streams.kafka.broker_watch import watch_broker
from streams.kafka.topics import Role, TopicNames, wait_for_topics
from streams.messages.seal import Seal
from streams.monitoring.health import Health, observed
from streams.monitoring.metrics import Metrics
from streams.monitoring.tracing import open_tracing
from streams.processes.pool import ReaderPool
from streams.service.worker_spec import WorkerSpec
from streams.settings import Settings
from streams.signals import stop_on_signals

logger = logging.getLogger(__name__)

_CRASH_CHECK_S = 0.5


async def run_worker(spec: WorkerSpec, hooks: Hooks | None = None) -> None:
    """Run a worker until SIGTERM or SIGINT. What is in work then stays unacked and is delivered again.

    Args:
        hooks: Parts of it that a test replaces.

    Raises:
        BrokerError: Kafka cannot be reached.
        ConfigurationError: The port of the API is taken, or a network or a language's data is missing.
        ModelError: The configured reader cannot be loaded.
    """
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        worker = Worker(spec.settings, hooks or Hooks())
        stack.push_async_callback(asyncio.to_thread, worker.tracing.close)
        watching = observed(worker.watch_broker(), "Kafka is asked whether it answers", worker.health)
        await stack.enter_async_context(watching)
        if spec.settings.probe_port is not None:
            from streams.web.probes import probed  # a web server is loaded where it is served

            await stack.enter_async_context(
                probed(spec.settings, worker.health, worker.metrics, lambda: worker.ready)
            )
        running = [worker.running(role) for role in spec.roles]
        if spec.web:
            from streams.web.server import serving  # FastAPI is loaded where it is served

            running.append(serving(spec.settings, worker.cache, worker.health, worker.metrics, worker.partitions))
        await asyncio.gather(*map(stack.enter_async_context, running))
        roles = ", ".join([*spec.roles, *(["web"] if spec.web else [])])
        worker.ready = True
        logger.info("worker ready: %s", roles)
        stack.enter_context(noted(roles, worker_note(spec.settings.data_dir)))
        await _until(stop, worker.apps, worker.health)


class Worker:
    """What the roles of one process share."""

    def __init__(self, settings: Settings, hooks: Hooks) -> None:
        self.settings = settings
        self.hooks = hooks
        self.metrics = Metrics()
        self.tracing = open_tracing(settings)
        self.health = Health(3 * max(settings.page_timeout_s, settings.split_timeout_s) + settings.source_retry_s)
        self.metrics.watch(self.health)
        self.metrics.watch_disk(settings.data_dir)
        self.cache = DocumentCache(settings.data_dir / "documents", settings.cache_bytes, self._count_lookup)
        self.ready = False
        self.seal = Seal.of(settings)
        self.apps: list[App] = []
        self.partitions = asyncio.ensure_future(wait_for_topics(settings))  # of page-text

    def _count_lookup(self, hit: bool) -> None:
        self.metrics.cache_lookups.labels(outcome="hit" if hit else "miss").inc()

    async def watch_broker(self) -> None:
        """Ask Kafka whether it answers, once it has, until cancelled."""
        await self.partitions
        await watch_broker(self.settings, self.health)

    @asynccontextmanager
    async def running(self, role: Role) -> AsyncIterator[None]:
        """Run one role for the length of the block.

        1. Its reader processes start to load; track has none.
        2. Meanwhile Kafka is waited for, and the app with its agent is made.
        3. The app runs, and fetches messages; its first page waits for a process that is loaded.
        """
        async with AsyncExitStack() as stack:
            processes = self.settings.processes if role == "read" else 1
            pool = ReaderPool(
                self.settings,
                processes,
                on_death=self.metrics.reader_deaths.inc,
                on_load=self.metrics.model_load_seconds.observe,
                read_page=self.hooks.read_page,
            )
            stack.push_async_callback(pool.stop)
            warming = asyncio.create_task(pool.start()) if role != "track" else None  # 1
            partitions = await self.partitions  # 2
            app = create_app(self.settings, role)
            parts = self._parts(partitions, pool)
            stack.callback(parts.attempts.close)
            stack.push_async_callback(parts.sources.stop)
            await stack.enter_async_context(with_agent(app, role, parts))
            await stack.enter_async_context(faust_app_running(app, discover=False))  # 3
            self.apps.append(app)
            if warming is not None:
                await _loaded(warming)
            yield

    def _parts(self, partitions: int, pool: ReaderPool) -> RoleParts:
        return RoleParts(
            settings=self.settings,
            topics=TopicNames.of(self.settings),
            partitions=partitions,
            pool=pool,
            cache=self.cache,
            sources=SourceFetcher(self.settings),
            attempts=Attempts(self.settings.data_dir / "attempts.db"),
            health=self.health,
            metrics=self.metrics,
            seal=self.seal,
            tracing=self.tracing,
            hooks=self.hooks,
        )


async def _loaded(warming: asyncio.Task[None]) -> None:
    """Wait until the readers are loaded. Raises ConfigurationError for what no second start mends."""
    try:
        await warming
    except (WeightsMissing, WeightsInvalid, LanguageMissing) as error:
        raise ConfigurationError(error.message) from error


async def _until(stop: asyncio.Event, apps: Iterable[App], health: Health) -> None:
    """Return when asked to stop; end the process where a part crashed, for a supervisor to start it again."""
    while not stop.is_set():
        if health.broken is not None:
            logger.critical("%s; the worker ends", health.broken)
            end_process_unacked()
        for app in apps:
            if app.crashed or app.should_stop:
                logger.critical("the Faust app %s crashed: %r", app.conf.id, app.crash_reason)
                end_process_unacked()
        try:
            await asyncio.wait_for(stop.wait(), timeout=_CRASH_CHECK_S)
        except TimeoutError:
            continue
