"""What `inkstream up` shows: each record as it comes, and a summary of it all."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from aiokafka.errors import KafkaError

from streams.errors import UndecodableMessage
from streams.kafka.follower import topic_consumer
from streams.kafka.lag import LagReader
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import DocumentRecord, PageText
from streams.settings import Settings
from streams.terminal import format_record

_LOOK_S = 0.25


class Console:
    """Prints page-text records and counts them. Follows Kafka like any other client."""

    def __init__(self, settings: Settings, json_lines: bool) -> None:
        self._settings = settings
        self._json_lines = json_lines
        self._names = TopicNames.of(settings)
        self._documents: dict[str, DocumentRecord] = {}
        self._pages: Counter[str] = Counter()
        self._seen: dict[tuple[str, int], int] = {}
        self._first: float | None = None
        self._last: float | None = None

    @classmethod
    @asynccontextmanager
    async def following(cls, settings: Settings, json_lines: bool) -> AsyncIterator[Console]:
        """Yield a console that prints what comes from now on."""
        console = cls(settings, json_lines)
        topics = [console._names.page_text, console._names.documents]
        async with topic_consumer(settings, topics, from_beginning=False) as consumer:
            for where in consumer.assignment():
                console._seen[(where.topic, where.partition)] = await consumer.position(where)
            task = asyncio.create_task(console._print(consumer))
            try:
                yield console
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError, KafkaError):
                    await task

    def announce(self) -> None:
        """Say where things are."""
        if not self._json_lines:
            where = self._settings
            print(f"inkstream is up: drop documents into {where.inbox}/")
            print(f"Kafka at {where.broker} · API at {where.api_url}/docs", flush=True)

    async def until_idle(self, sources_idle: Callable[[], bool]) -> None:
        """Return once every source is idle, every stage has nothing left, and every record was printed."""
        async with LagReader(self._settings) as lags:
            calm = 0
            while calm < 2:  # twice in a row: between two looks a message may be on its way
                await asyncio.sleep(_LOOK_S)
                calm = calm + 1 if sources_idle() and await self._all_read(lags) else 0

    def summarise(self) -> None:
        """Print what was read: documents, pages, pages per second, failures."""
        elapsed = max((self._last or 0.0) - (self._first or 0.0), 0.001)
        pages = self._pages.total()
        failed = sum(record.status == "failed" for record in self._documents.values())
        line = (
            f"{len(self._documents)} documents, {pages} pages, {pages / elapsed:.2f} pages per second, "
            f"{failed} documents and {self._pages['failed']} pages failed"
        )
        if not self._json_lines:
            print(line, flush=True)
            for record in self._documents.values():
                if record.status == "failed":
                    print(f"  ✗ {record.path.rsplit('/', 1)[-1]}: {record.exception}")

    async def _all_read(self, lags: LagReader) -> bool:
        if any(stage.lag for stage in await lags.stages()):
            return False
        for topic in (self._names.page_text, self._names.documents):
            for partition, end in (await lags.end_offsets(topic)).items():
                if self._seen.get((topic, partition), 0) < end:
                    return False
        return True

    async def _print(self, consumer: object) -> None:
        async for message in consumer:  # type: ignore[attr-defined]  # aiokafka is untyped
            with suppress(UndecodableMessage):
                if message.topic == self._names.documents:
                    self._count_document(decode(DocumentRecord, message.value))
                else:
                    self._count_page(decode(PageText, message.value))
            self._seen[(message.topic, message.partition)] = message.offset + 1

    def _count_document(self, record: DocumentRecord) -> None:
        self._first = self._first or monotonic()
        self._documents[record.document_id] = record

    def _count_page(self, record: PageText) -> None:
        self._first = self._first or monotonic()
        self._last = monotonic()
        self._pages["failed" if record.exception else "read"] += 1
        width = shutil.get_terminal_size((140, 24)).columns
        print(record.model_dump_json() if self._json_lines else format_record(record, width), flush=True)
