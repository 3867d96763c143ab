"""Keeps the memory table a view of the topics: from their beginning, then as records come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from streams.codec import decode
from streams.errors import BrokerError, UndecodableMessage
from streams.follower import following
from streams.records import DocumentRecord, PageText
from streams.settings import Settings
from streams.sinks.memory_table import MemoryTable
from streams.topics import TopicNames

logger = logging.getLogger(__name__)
T = TypeVar("T")

_BATCH = 2000
_WAIT_MS = 200
_RETRY_S = 1.0


class TableFollower:
    """Owns the memory table and its one thread. `run` until cancelled; `ready` once it has caught up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = TopicNames.of(settings)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory-table")
        self._table: MemoryTable | None = None
        self._caught_up = asyncio.Event()
        self.passed_over = 0

    @property
    def ready(self) -> bool:
        """Whether everything that stood on the topics at start is in the table."""
        return self._caught_up.is_set()

    async def ask(self, question: Callable[[MemoryTable], T]) -> T:
        """Run a function on the table, in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: question(self._opened()))

    async def run(self) -> None:
        """Follow the topics until cancelled; a broker that goes away is waited for, and nothing is missed."""
        positions: dict[Any, int] = {}
        try:
            while True:
                try:
                    await self._follow(positions)
                except BrokerError as error:
                    logger.warning("%s; trying again", error.message)
                await asyncio.sleep(_RETRY_S)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _follow(self, positions: dict[Any, int]) -> None:
        topics = [self._names.page_text, self._names.documents]
        async with following(self._settings, topics, from_beginning=True) as consumer:
            for where, offset in positions.items():
                consumer.seek(where, offset)
            ends = await consumer.end_offsets(consumer.assignment())
            while True:
                if not self.ready and all([await consumer.position(w) >= end for w, end in ends.items()]):
                    self._caught_up.set()
                found = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)
                messages = [message for records in found.values() for message in records]
                if messages:
                    await self.ask(lambda table, batch=messages: self._apply(table, batch))  # type: ignore[misc]
                    positions.update({where: records[-1].offset + 1 for where, records in found.items() if records})

    def _apply(self, table: MemoryTable, messages: list[Any]) -> None:
        pages: list[tuple[str, PageText | None]] = []
        documents: list[DocumentRecord] = []
        for message in messages:
            try:
                if message.topic == self._names.documents:
                    documents += [decode(DocumentRecord, message.value)] if message.value else []
                elif message.key is not None:
                    key = message.key.decode(errors="replace")
                    pages.append((key, decode(PageText, message.value) if message.value else None))
            except UndecodableMessage as error:
                self.passed_over += 1
                logger.warning("%s/%d/%d: %s", message.topic, message.partition, message.offset, error.message)
        table.apply(pages, documents)

    def _opened(self) -> MemoryTable:
        if self._table is None:  # created in the thread that uses it, as SQLite asks
            self._table = MemoryTable(self._settings)
        return self._table
