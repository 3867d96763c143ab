"""page-text → documents: how many pages of each document are read, failed, and when it is finished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.agents.delivery import Delivery
from streams.agents.document_progress import DocumentProgress, PartitionState, restore
from streams.agents.faust_types import AgentBody, App, Event, Stream, incoming
from streams.agents.ordered_window import end_process_unacked
from streams.agents.outgoing import Addressing, Outgoing
from streams.agents.parts import RoleParts
from streams.errors import BrokerError, UndecodableMessage
from streams.messages.codec import decode, encode
from streams.messages.records import PageText, page_key
from streams.settings import Settings

logger = logging.getLogger(__name__)

# one documents record per document and batch, not per page: a 1,000-page document would write its own 1,000 times
_BATCH_RECORDS = 500
_BATCH_WITHIN_S = 0.1
_RESTORE_AGAIN_S = 1.0


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

        Returns tombstones of pages that only an earlier file with the same id had, and a record of each document
        that moved.
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

    async def _state_of(self, partition: int) -> PartitionState:
        if partition not in self._partitions:
            self._partitions[partition] = await self._restored(partition)
        return self._partitions[partition]

    async def _restored(self, partition: int) -> PartitionState:
        """Read back what is known of a partition's documents; a broker that is away is waited for."""
        while True:
            try:
                return await restore(self._settings, self._addressing.topics.documents, partition)
            except BrokerError as error:
                logger.warning(
                    "%s/%d cannot be read yet: %s", self._addressing.topics.documents, partition, error.summary
                )
                await asyncio.sleep(_RESTORE_AGAIN_S)


@asynccontextmanager
async def track_documents(app: App, parts: RoleParts, delivery: Delivery) -> AsyncIterator[AgentBody]:
    """page-text → documents."""
    tracker = TrackDocuments(settings=parts.settings, addressing=parts.addressing, delivery=delivery)
    app.on_partitions_assigned.connect(tracker.forget, weak=False)
    yield tracker.run
