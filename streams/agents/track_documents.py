"""page-text → documents: how many pages of each document are read, failed, and when it is finished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from aiokafka import TopicPartition

from streams.agents.delivery import Delivery
from streams.agents.document_progress import DocumentProgress, PartitionState, restore
from streams.agents.faust_types import AgentBody, App, Event, Stream, incoming
from streams.agents.ordered_window import end_process_unacked
from streams.agents.outgoing import Addressing, Outgoing
from streams.agents.parts import RoleParts
from streams.errors import BrokerError, UndecodableMessage
from streams.kafka.record_search import last_record
from streams.messages.codec import decode, encode
from streams.messages.incoming import Incoming
from streams.messages.records import DocumentRecord, PageText, now, page_key
from streams.settings import Settings

logger = logging.getLogger(__name__)
T = TypeVar("T")

# one documents record per document and batch, not per page: a 1,000-page document would write its own 1,000 times
_BATCH_RECORDS = 500
_BATCH_WITHIN_S = 0.1
_READ_AGAIN_S = 1.0
_OVERWRITTEN = (
    "track_documents: a page of an earlier file with the same id was read later and has overwritten this one; "
    "send the file again"
)


class TrackDocuments:
    """The agent track_documents. It takes batches, for it has nothing to wait for but Kafka."""

    def __init__(self, *, settings: Settings, addressing: Addressing, delivery: Delivery) -> None:
        self._settings = settings
        self._addressing = addressing
        self._delivery = delivery
        self._partitions: dict[int, PartitionState] = {}

    async def forget(self, *_: object, **__: object) -> None:
        """Drop what is known of all partitions: since they moved, another worker may have written to them."""
        self._partitions.clear()

    async def run(self, stream: Stream) -> None:
        """Follow page-text until the stream ends; each batch is delivered before it is acked."""
        async for batch in stream.take_events(_BATCH_RECORDS, within=_BATCH_WITHIN_S):
            try:
                left, documents = await self._count(batch)
                await self._delivery.deliver(left)  # first: with the records, it is forgotten what is left
                await self._delivery.deliver(documents)
            except Exception:  # one that left this loop would ack all that was prefetched
                logger.critical("unexpected; the worker ends, this batch is not acked", exc_info=True)
                end_process_unacked()

    async def _count(self, batch: list[Event]) -> tuple[list[Outgoing], list[Outgoing]]:
        """Count the pages of a batch in.

        Returns what page-text has to have: tombstones of pages that only an earlier file with the same id had,
        and pages over which one of an earlier file was written; and a record of each document that moved.
        """
        moved: dict[str, tuple[int, DocumentProgress]] = {}
        left: list[Outgoing] = []
        for message in map(incoming, batch):
            if not message.value:
                continue  # a page that was deleted
            state = await self._state_of(message.partition)
            try:
                page = decode(PageText, message.value)
            except UndecodableMessage as error:
                # not a dead letter: what is on page-text is a result, and whoever wrote this one is not inkstream
                logger.warning("%s: %s", message.position, error.summary)
                continue
            progress = state.count(page)
            moved[page.document_id] = (message.partition, progress)
            if progress.overwritten:
                left.append(await self._page_before(message, page, progress.latest))
            left += [
                Outgoing(
                    self._addressing.topics.page_text, page_key(page.document_id, number), None, message.partition
                )
                for number in progress.take_left(self._settings.max_pages)
            ]
        topic = self._addressing.topics.documents
        return left, [
            Outgoing(topic, document_id, encode(progress.record()), partition)
            for document_id, (partition, progress) in moved.items()
        ]

    async def _page_before(self, message: Incoming, earlier: PageText, document: DocumentRecord) -> Outgoing:
        """Return the page that stood on page-text before one of an earlier file was written over it.

        Where Kafka has compacted it away, that page is one that failed.
        """
        key = page_key(earlier.document_id, earlier.pagenum)

        async def before() -> bytes | None:
            where = TopicPartition(message.topic, message.partition)
            return await last_record(
                self._settings, where, message.offset, key.encode(), lambda value: _is_of(value, document.sent)
            )

        value = await self._once_kafka_answers(message.topic, message.partition, before)
        if value is None:
            logger.warning("%s: page %d of %s was overwritten", message.position, earlier.pagenum, document.path)
            value = encode(_overwritten(earlier, document))
        return Outgoing(self._addressing.topics.page_text, key, value, message.partition)

    async def _state_of(self, partition: int) -> PartitionState:
        if partition not in self._partitions:
            topic = self._addressing.topics.documents
            self._partitions[partition] = await self._once_kafka_answers(
                topic, partition, lambda: restore(self._settings, topic, partition)
            )
        return self._partitions[partition]

    async def _once_kafka_answers(self, topic: str, partition: int, read: Callable[[], Awaitable[T]]) -> T:
        """Read back what a partition holds; a broker that is away is waited for."""
        while True:
            try:
                return await read()
            except BrokerError as error:
                logger.warning("%s/%d cannot be read yet: %s", topic, partition, error.summary)
                await asyncio.sleep(_READ_AGAIN_S)


def _is_of(value: bytes, sent: str | None) -> bool:
    """Return whether a page-text record is of the file that was sent then."""
    try:
        return decode(PageText, value).sent == sent
    except UndecodableMessage:
        return False


def _overwritten(earlier: PageText, document: DocumentRecord) -> PageText:
    """Return the record of a page whose text is lost, in the place of what an earlier file has there."""
    return earlier.model_copy(
        update={
            "timestamp": now(), "path": document.path, "reference": document.reference, "sent": document.sent,
            "total_pages": document.total_pages, "supersedes": document.supersedes, "reading": document.reading,
            "text": "", "regions": [], "paragraphs": [], "tables": [], "confidence": None, "method": None,
            "coverage": None, "warnings": [], "exception": _OVERWRITTEN,
        }
    )  # fmt: skip


@asynccontextmanager
async def track_documents(app: App, parts: RoleParts, delivery: Delivery) -> AsyncIterator[AgentBody]:
    """page-text → documents."""
    tracker = TrackDocuments(settings=parts.settings, addressing=parts.addressing, delivery=delivery)
    app.on_partitions_assigned.connect(tracker.forget, weak=False)
    yield tracker.run
