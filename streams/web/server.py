"""Serves the API on the worker's event loop, with the memory table that it answers from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from streams.addresses import api_note, listening_socket, noted
from streams.documents.cache import DocumentCache
from streams.documents.references import SourceFetcher
from streams.kafka.shared_lag import SharedLag
from streams.messages.seal import Seal
from streams.monitoring.health import Health, observed
from streams.monitoring.lag_gauges import keep_lag_gauges
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool
from streams.settings import Settings
from streams.sources.producer import FileProducer
from streams.table.table_follower import TableFollower
from streams.web.api import create_api
from streams.web.callers import check_exposure
from streams.web.connections import BoundedConnection, max_connections
from streams.web.listening import served
from streams.web.originals import Originals
from streams.web.parts import ApiParts
from streams.web.upload import upload_room
from streams.web.webhooks import Webhooks

_DRAWERS = 2  # processes that draw pages


@asynccontextmanager
async def _originals(settings: Settings, cache: DocumentCache, metrics: Metrics) -> AsyncIterator[Originals]:
    """Yield what fetches documents and draws their pages; its processes start with the first page."""
    pool = ReaderPool(settings, min(_DRAWERS, settings.processes), on_death=metrics.reader_deaths.inc)
    sources = SourceFetcher(settings)
    try:
        yield Originals(settings, cache, sources, pool)
    finally:
        await sources.stop()
        await pool.stop()


@asynccontextmanager
async def _lags(settings: Settings) -> AsyncIterator[SharedLag]:
    lags = SharedLag(settings)
    try:
        yield lags
    finally:
        await lags.close()


@asynccontextmanager
async def _webhooks(settings: Settings, health: Health, metrics: Metrics) -> AsyncIterator[None]:
    """Call webhooks for the length of the block, where there is a key to sign calls with."""
    if settings.webhook_secret is None:
        yield
        return
    sources = SourceFetcher(settings)  # of its own: servers that are slow to take calls keep no fetch waiting
    webhooks = Webhooks(settings, Seal.of(settings), sources, metrics)
    try:
        async with observed(webhooks.run(), "webhooks are called", health):
            yield
    finally:
        await sources.stop()


@asynccontextmanager
async def serving(
    settings: Settings, cache: DocumentCache, health: Health, metrics: Metrics, topics: Awaitable[object]
) -> AsyncIterator[None]:
    """Serve the API for the length of the block, and write its address where commands find it.

    Args:
        cache: Of this worker's documents.
        topics: Done when Kafka has the topics.

    Raises:
        ConfigurationError: The port is taken, or the API would be open to other machines.
    """
    check_exposure(settings)
    listening = listening_socket(
        settings.api_host, settings.api_port
    )  # first: a taken port is an error before anything else starts
    await topics
    table = TableFollower(settings)
    BoundedConnection.most = max_connections()
    async with (
        observed(table.run(), "the SQL table follows its topics", health),  # or SQL answers from the past for ever
        FileProducer(settings, Seal.of(settings)) as producer,
        _originals(settings, cache, metrics) as originals,
        _webhooks(settings, health, metrics),
        _lags(settings) as lags,
        observed(keep_lag_gauges(lags, metrics), "the lag of stages is measured", health),
    ):
        api = create_api(
            ApiParts(
                settings=settings,
                table=table,
                producer=producer,
                originals=originals,
                health=health,
                metrics=metrics,
                lags=lags,
                room=upload_room(settings),
            )
        )
        host, port = listening.getsockname()[:2]
        keep_alive_s = round(BoundedConnection.kept_for_s)
        async with served(api, listening, "the API is served", health, BoundedConnection, keep_alive_s):
            try:
                with noted(f"http://{host}:{port}", api_note(settings.data_dir)):
                    yield
            finally:
                table.changes.close()  # requests that wait for changes end, and only then the table that they ask
