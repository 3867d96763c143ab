"""What `inkstream up` prints: each record as it comes, and a summary of it all."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from streams.errors import BrokerError, DocumentsFailed, UndecodableMessage
from streams.escapes import plain
from streams.kafka.follower import topic_consumer
from streams.kafka.lag import LagReader
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import DocumentRecord, PageText
from streams.settings import Settings
from streams.terminal import format_record

_POLL_S = 0.25
_NAMED = 10  # of failed documents


class Console:
    """Prints page-text records and counts them. Reads Kafka like any other client.

    Attributes:
        printing: The task that prints; it ends only by failing.
    """

    printing: asyncio.Task[None]

    def __init__(self, settings: Settings, json_lines: bool) -> None:
        self._settings = settings
        self._json_lines = json_lines
        self._names = TopicNames.of(settings)
        self._documents: dict[str, DocumentRecord] = {}
        self._pages: Counter[str] = Counter()
        self._positions: dict[tuple[str, int], int] = {}  # of topic and partition: the offset to be printed next
        self._announced = asyncio.Event()  # no record is printed before it
        self._first_s: float | None = None
        self._last_s: float | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings, json_lines: bool) -> AsyncIterator[Console]:
        """Yield a console that prints what comes from now on."""
        console = cls(settings, json_lines)
        topics = [console._names.page_text, console._names.documents]
        async with topic_consumer(settings, topics, from_beginning=False) as consumer:
            for where in consumer.assignment():
                console._positions[(where.topic, where.partition)] = await consumer.position(where)
            console.printing = asyncio.create_task(console._print_once_announced(consumer))
            try:
                yield console
            finally:
                console.printing.cancel()
                await asyncio.gather(console.printing, return_exceptions=True)

    def announce(self, about_kafka: str = "") -> None:
        """Print where things are; records are printed from then on.

        Args:
            about_kafka: Put behind the address of Kafka.
        """
        if not self._json_lines:
            settings = self._settings
            _print_line(f"inkstream is up: drop documents into {settings.inbox}/")
            _print_line(f"Kafka at {settings.broker}{about_kafka} · page at {settings.api_url}")
        self._announced.set()

    async def _print_once_announced(self, consumer: AIOKafkaConsumer) -> None:
        await self._announced.wait()
        await self.print_all(consumer)

    async def until_idle(self, sources_idle: Callable[[], bool]) -> None:
        """Return once every source is idle, every stage has nothing left, and every record was printed."""
        idle_polls = 0
        while True:
            try:
                async with LagReader(self._settings) as lags:
                    while idle_polls < 2:  # twice in a row: between two stages a message is on no topic's lag
                        await asyncio.sleep(_POLL_S)
                        idle_polls = idle_polls + 1 if sources_idle() and await self._all_printed(lags) else 0
                    return
            except BrokerError:  # it is started again, or whoever starts it ends all
                idle_polls = 0
                await asyncio.sleep(_POLL_S)

    def note(self, line: str) -> None:
        """Print a line for people: beside the records where these are JSON."""
        if self._json_lines:
            print(line, file=sys.stderr)
        else:
            _print_line(line)

    def raise_for_failed(self) -> None:
        """Raise DocumentsFailed where documents that were read meanwhile, or pages of them, failed."""
        failed = [record for record in self._documents.values() if record.status in ("partial", "failed")]
        if failed:
            shown = ", ".join(plain(_with_share(record)) for record in failed[:_NAMED])
            more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
            raise DocumentsFailed(
                f"{len(failed)} of {len(self._documents)} documents failed: {shown}{more}; "
                "`inkstream dead-letters list` has why"
            )

    def summarise(self) -> None:
        """Print what was read: documents, pages, pages per second, failures."""
        if self._json_lines:
            return
        elapsed_s = max((self._last_s or 0.0) - (self._first_s or 0.0), 0.001)
        pages = self._pages.total()
        failed = [record for record in self._documents.values() if record.status == "failed"]
        _print_line(
            f"{len(self._documents)} documents, {pages} pages, {pages / elapsed_s:.2f} pages per second, "
            f"{len(failed)} documents and {self._pages['failed']} pages failed"
        )
        for record in [one for one in self._documents.values() if one.status in ("partial", "failed")]:
            _print_line(plain(f"  ✗ {record.path.rsplit('/', 1)[-1]}: {record.exception}"))

    async def _all_printed(self, lags: LagReader) -> bool:
        if any(stage.lag for stage in await lags.stages()):
            return False
        for topic in (self._names.page_text, self._names.documents):
            for partition, end in (await lags.end_offsets(topic)).items():
                if self._positions.get((topic, partition), 0) < end:
                    return False
        return True

    async def print_all(self, consumer: AIOKafkaConsumer) -> None:
        """Print and count a consumer's records as they come. Raises BrokerError where no more can be read."""
        try:
            async for message in consumer:
                with suppress(UndecodableMessage):
                    if message.topic == self._names.documents:
                        self._count_document(decode(DocumentRecord, message.value))
                    else:
                        self._print_page(decode(PageText, message.value))
                self._positions[(message.topic, message.partition)] = message.offset + 1
        except KafkaError as error:
            raise BrokerError(f"records can no longer be read from Kafka: {error!r}") from error

    def _count_document(self, record: DocumentRecord) -> None:
        self._first_s = self._first_s or monotonic()
        self._documents[record.document_id] = record

    def _print_page(self, record: PageText) -> None:
        self._first_s = self._first_s or monotonic()
        self._last_s = monotonic()
        self._pages["failed" if record.exception else "read"] += 1
        width = shutil.get_terminal_size((140, 24)).columns
        _print_line(record.model_dump_json() if self._json_lines else format_record(record, width))


def _with_share(record: DocumentRecord) -> str:
    """Return a document's name and, where only some of its pages failed, how many."""
    name = record.path.rsplit("/", 1)[-1]
    return name if record.status == "failed" else f"{name} ({record.pages_failed} of {record.total_pages} pages)"


def _print_line(line: str) -> None:
    """Print a line at once; the service goes on where nobody reads it any more, as after `| head`."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
