"""Keeps the memory table a view of the topics: from their beginning, then as records come."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiokafka import ConsumerRecord, TopicPartition

from streams.errors import BrokerError, TableBusy, UndecodableMessage
from streams.kafka.follower import topic_consumer
from streams.kafka.topics import TopicNames
from streams.messages.codec import correction_in
from streams.messages.records import DocumentRecord, PageText
from streams.settings import Settings
from streams.table.changes import Change, Changes, change_of
from streams.table.document_partitions import Placed
from streams.table.exports import ExportType
from streams.table.memory_table import EXPORTS, READERS, REFUSALS, MemoryTable
from streams.table.sql_functions import Value

logger = logging.getLogger(__name__)
T = TypeVar("T")

_BATCH_RECORDS = 2000
_POLL_MS = 200
_RETRY_S = 1.0


class TableFollower:
    """Owns the memory table and the threads that use it. `run` until cancelled; `ready` once it has caught up."""

    def __init__(self, settings: Settings) -> None:
        """Open the table. Raises ConfigurationError where data_dir cannot be written."""
        self._settings = settings
        self._names = TopicNames.of(settings)
        self._table = MemoryTable(settings)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="memory-table-writer")
        self._reading = ThreadPoolExecutor(READERS, thread_name_prefix="memory-table-reader")
        self._turns = asyncio.Semaphore(READERS)
        self._exports = asyncio.Semaphore(EXPORTS)
        self._caught_up = asyncio.Event()
        self.passed_over = 0
        self.changes = Changes()

    @property
    def ready(self) -> bool:
        """Whether everything that stood on the topics at start is in the table, and it takes what comes."""
        return self._caught_up.is_set()

    async def ask(self, question: Callable[[MemoryTable], T]) -> T:
        """Run a function on the table, off the event loop, beside the writer and a few other questions.

        Raises:
            TableBusy: The others took so long that this one had no turn within query_timeout_s.
        """
        timeout_s = self._settings.query_timeout_s
        try:
            await asyncio.wait_for(self._turns.acquire(), timeout_s)
        except TimeoutError:
            raise TableBusy(f"no turn within {timeout_s:g} s: {READERS} other queries run; try again") from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reading, question, self._table)
        finally:
            self._turns.release()

    async def export(self, sql: str, parameters: Sequence[Value], media_type: ExportType) -> AsyncGenerator[bytes]:
        """Yield all rows of a query in pieces, each made when it is asked for; see MemoryTable.export.

        Raises:
            QueryError: The query is refused, or ended by its limits.
            TableBusy: As many exports as may run do.
        """
        if self._exports.locked():
            raise TableBusy(f"{EXPORTS} other exports run; try again")
        # a thread of its own: closing comes behind the piece that is being made
        async with self._exports:
            thread = ThreadPoolExecutor(1, thread_name_prefix="memory-table-export")
            loop, pieces = asyncio.get_running_loop(), self._table.export(sql, parameters, media_type)
            try:
                while (piece := await loop.run_in_executor(thread, next, pieces, None)) is not None:
                    yield piece
            finally:
                closing = loop.run_in_executor(thread, pieces.close)
                thread.shutdown(wait=False)
                await closing

    async def run(self) -> None:
        """Follow the topics until cancelled; a broker that goes away is waited for, and nothing is missed."""
        positions: dict[TopicPartition, int] = {}
        try:
            while True:
                try:
                    await self._follow(positions)
                except BrokerError as error:
                    logger.warning("%s; trying again", error.message)
                except sqlite3.Error as error:
                    self._caught_up.clear()  # what is asked now would be answered from an old table
                    logger.error(
                        "the SQL table cannot take a batch: %s; trying again. Where its memory is full, name a "
                        "larger folder with INKSTREAM_TABLE_DIR and start again",
                        error,
                    )
                await asyncio.sleep(_RETRY_S)
        finally:
            self._caught_up.clear()  # whatever ended it: a table that follows nothing is not ready
            self.close()

    async def _follow(self, positions: dict[TopicPartition, int]) -> None:
        """Apply what comes, from `positions` on; they are moved on behind each batch that is in the table."""
        topics = [self._names.page_text, self._names.documents, self._names.corrections]
        async with topic_consumer(self._settings, topics, from_beginning=True) as consumer:
            # empty at first, when everything is read; later, after the broker was away, what is applied is not read
            for where, offset in positions.items():
                consumer.seek(where, offset)
            self.changes.begin({where: await consumer.position(where) for where in consumer.assignment()})
            ends = await consumer.end_offsets(consumer.assignment())
            while True:
                if not self.ready and all([await consumer.position(w) >= end for w, end in ends.items()]):
                    self._caught_up.set()
                found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
                messages = [message for records in found.values() for message in records]
                if messages:
                    loop = asyncio.get_running_loop()
                    applied = await loop.run_in_executor(self._writing, self._applied, messages)
                    expected = sum(message.topic != self._names.corrections for message in messages)
                    self.passed_over += expected - len(applied)
                    behind = {where: records[-1].offset + 1 for where, records in found.items() if records}
                    positions.update(behind)
                    self.changes.publish(applied, behind)

    def apply(self, messages: list[ConsumerRecord[bytes, bytes]]) -> int:
        """Put messages into the table; return how many of them are not what their topic carries.

        A record that decodes and that the table refuses all the same costs itself alone: the batch is undone, and
        its records are applied one by one.
        """
        return len(messages) - len(self._applied(messages))

    def _applied(self, messages: list[ConsumerRecord[bytes, bytes]]) -> list[Change]:
        """Put messages into the table, as `apply` does; return what they changed."""
        self._correct([message for message in messages if message.topic == self._names.corrections])
        messages = [message for message in messages if message.topic != self._names.corrections]
        changes = [change for message in messages if (change := change_of(message, self._names)) is not None]
        try:
            self._table.apply(*_by_topic(changes))
        except REFUSALS:
            return list(filter(self._is_taken, changes))
        return changes

    def _correct(self, messages: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
        """Put corrections into the table, each alone; one that is none costs itself, and a line in the log."""
        for message in messages:
            try:
                self._table.correct([correction_in(message.key, message.value)])
            except (UndecodableMessage, *REFUSALS) as error:
                logger.warning("%s/%d/%d: %s", message.topic, message.partition, message.offset, error)

    def _is_taken(self, change: Change) -> bool:
        try:
            self._table.apply(*_by_topic([change]))
        except REFUSALS as error:
            logger.warning("%s: the SQL table cannot hold it: %s", change.position, error)
            return False
        return True

    def close(self) -> None:
        """End the queries that run; the memory is free once the threads have let go of it. `run` ends with it."""
        self._reading.shutdown(wait=False, cancel_futures=True)
        self._writing.submit(self._table.close)  # behind the batch that it may be working on
        self._writing.shutdown(wait=False)


def _by_topic(
    changes: Iterable[Change],
) -> tuple[list[tuple[str, PageText | None]], list[tuple[str, DocumentRecord | None]], list[Placed]]:
    """Return pages and documents, each in the order in which they came, and where the documents' records stand."""
    pages: list[tuple[str, PageText | None]] = []
    documents: list[tuple[str, DocumentRecord | None]] = []
    placed: list[Placed] = []
    for change in changes:
        if not change.is_page:
            placed.append(Placed(change.key, change.where.partition, change.record is not None))
        if isinstance(change.record, PageText):
            pages.append((change.key, change.record))
        elif isinstance(change.record, DocumentRecord):
            documents.append((change.key, change.record))
        elif change.is_page:
            pages.append((change.key, None))
        else:
            documents.append((change.key, None))
    return pages, documents, placed
