"""pages → page-text: each page task is read in a reader process and becomes one record.

The task for the rest of a long document becomes the tasks of its next pages: see portions.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

from models.errors import InkstreamError
from streams.agents.delivery import Delivery
from streams.agents.faust_types import AgentBody, App
from streams.agents.outgoing import Addressing, Outgoing
from streams.agents.parts import RoleParts
from streams.agents.portions import SentRests, portion
from streams.agents.retention import RetentionWatch
from streams.documents.cache import DocumentCache, Waiting
from streams.documents.references import SourceFetcher
from streams.errors import UndecodableMessage
from streams.kafka.trimmer import trim_pages
from streams.messages.codec import decode, encode
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.page_records import failed_page_text, page_text
from streams.messages.records import DeadLetter, PageTask, Stage, page_key
from streams.messages.seal import Seal
from streams.monitoring.health import observed
from streams.monitoring.log_lines import log_about
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool

logger = logging.getLogger(__name__)


class ReadPages:
    """The step of the agent read_pages."""

    stage: Stage = "read_pages"

    def __init__(
        self,
        *,
        pool: ReaderPool,
        cache: DocumentCache,
        sources: SourceFetcher,
        addressing: Addressing,
        seal: Seal,
        retention: RetentionWatch,
        metrics: Metrics,
        pages_ahead: int,
        log_records: bool = False,
    ) -> None:
        self._pool = pool
        self._cache = cache
        self._sources = sources
        self._addressing = addressing
        self._seal = seal
        self._retention = retention
        self._metrics = metrics
        self._pages_ahead = pages_ahead
        self._log_records = log_records
        self._sent_rests = SentRests()

    def identity(self, message: Incoming) -> str:
        """Return the page's key; a page task is known by it, not by its offset.

        A file that was being split when the worker died is split again, and its tasks come again at other offsets.
        A replay is another message: somebody wants to know whether it works now.
        """
        if not message.key:
            return message.position
        return f"{message.topic}/{message.key!r}/{_replay_of(message)!r}"

    async def outputs(self, message: Incoming, waiting: Waiting) -> Iterable[Outgoing]:
        """Fetch the document, read the page, and return its record."""
        task = decode(PageTask, message.value)
        log_about(task.document_id, task.pagenum)
        self._retention.note(task.sent or task.started)
        if task.rest:
            return self._next_portion(task, message)
        opened = self._seal.opened_task(task)
        fetch = self._sources.fetcher(opened.reference)
        with self._metrics.page_seconds.time():
            async with self._cache.document(task.sha256, fetch, waiting) as path:
                reading = await self._pool.read(path, task.pagenum, opened.options)
        self._metrics.pages_read.labels(method=reading.method).inc()
        for step, took_ms in reading.timings_ms.items():
            self._metrics.step_seconds.labels(step=step).inc(took_ms / 1000)
        for warning in reading.warnings:
            self._metrics.warnings.labels(warning=warning.partition(":")[0]).inc()
        if self._log_records:
            logger.info("read page %d of %s: %s", task.pagenum, task.document_id, reading.method)
        return [self._addressing.page_text(page_text(task, reading))]

    def _next_portion(self, rest: PageTask, message: Incoming) -> Iterable[Outgoing]:
        """Return the tasks that a rest becomes; none where it has become them before and nobody replays it."""
        if self._sent_rests.begin(message.position, rest) and not _replay_of(message):
            return []
        return map(self._addressing.page_task, portion(rest, self._pages_ahead))

    def delivered(self, message: Incoming) -> None:
        """Note it for a rest."""
        self._sent_rests.delivered(message.position)

    def failure(self, message: Incoming, error: InkstreamError, attempts: int) -> Iterable[Outgoing]:
        """Return the page's record with the exception, and a dead letter."""
        try:
            task = decode(PageTask, message.value)
        except UndecodableMessage:  # nobody knows which page it is: there is no record to write
            key = (message.key or b"").decode(errors="replace")
            value = message.value and self._seal.sealed_bytes(message.value)
            letter = dead_letter("read_pages", error, replace(message, value=value), attempts=attempts)
            return [self._addressing.dead_letter(key, letter)]
        sealed = self._seal.sealed_task(task)
        if sealed != task:  # of an older version, or of somebody else
            task, message = sealed, replace(message, value=encode(sealed))
        letter = dead_letter(
            "read_pages", error, message, attempts=attempts,
            path=task.path, document_id=task.document_id, pagenum=task.pagenum,
        )  # fmt: skip
        last = task.total_pages - 1 if task.rest else task.pagenum
        return self._failed_pages(task, last, f"read_pages: {error.summary}", letter)

    def _failed_pages(self, task: PageTask, last: int, exception: str, letter: DeadLetter) -> Iterator[Outgoing]:
        """Yield the record of each page up to the last, then the letter of all."""
        for pagenum in range(task.pagenum, last + 1):
            page = task.model_copy(update={"pagenum": pagenum})
            yield self._addressing.page_text(failed_page_text(page, exception))
        yield self._addressing.dead_letter(page_key(task.document_id, task.pagenum), letter)


def _replay_of(message: Incoming) -> bytes | None:
    return next((value for name, value in message.headers if name == "replay-of"), None)


@asynccontextmanager
async def read_pages(app: App, parts: RoleParts, delivery: Delivery) -> AsyncIterator[AgentBody]:
    """pages → page-text. Deletes from `pages` what is read: its retention is unlimited."""
    step = ReadPages(
        pool=parts.pool, cache=parts.cache, sources=parts.sources, seal=parts.seal,
        addressing=parts.addressing,
        retention=RetentionWatch(parts.metrics, "read_pages", parts.settings.raw_files_retention_h),
        metrics=parts.metrics,
        pages_ahead=parts.settings.portion_pages,
        log_records=parts.settings.log_records,
    )  # fmt: skip
    async with (
        observed(trim_pages(parts.settings), "what is read is deleted from pages", parts.health),
        parts.each_message(app, step, delivery, in_flight=parts.settings.pages_in_flight) as body,
    ):
        yield body
