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
from streams.agents.outgoing import Outgoing
from streams.agents.parts import RoleParts
from streams.errors import BrokerError, UndecodableMessage
from streams.messages.codec import decode, encode
from streams.messages.records import PageText
from streams.settings import Settings

logger = logging.getLogger(__name__)

# one documents record per document and batch, not per page: a 1,000-page document would write its own 1,000 times
_BATCH_RECORDS = 500
_BATCH_WITHIN_S = 0.1
_RESTORE_AGAIN_S = 1.0


class TrackDocuments:
    """The agent track_documents. It takes batches, for it has nothing to wait for but Kafka."""

    def __init__(self, *, settings: Settings, documents_topic: str, delivery: Delivery) -> None:
        self._settings = settings
        self._documents_topic = documents_topic
        self._delivery = delivery
        self._partitions: dict[int, PartitionState] = {}

    async def forget(self, *_: object, **__: object) -> None:
        """Drop what is known of all partitions: since they moved, another worker may have written to them."""
        self._partitions.clear()

    async def run(self, stream: Stream) -> None:
        """Follow page-text until the stream ends; each batch is delivered before it is acked."""
        async for batch in stream.take_events(_BATCH_RECORDS, within=_BATCH_WITHIN_S):
            try:
                await self._delivery.deliver(await self._count(batch))
            except Exception:  # one that left this loop would ack all that was prefetched
                logger.critical("unexpected; the worker ends, this batch is not acked", exc_info=True)
                end_process_unacked()

    async def _count(self, batch: list[Event]) -> list[Outgoing]:
        """Count the pages of a batch in and return one record per document that moved."""
        moved: dict[str, tuple[int, DocumentProgress]] = {}
        for message in map(incoming, batch):
            state = await self._state_of(message.partition)
            try:
                page = decode(PageText, message.value)
            except UndecodableMessage as error:
                # not a dead letter: what is on page-text is a result, and whoever wrote this one is not inkstream
                logger.warning("%s: %s", message.position, error.summary)
                continue
            moved[page.document_id] = (message.partition, state.count(page))
        return [
            Outgoing(self._documents_topic, document_id, encode(progress.record()), partition)
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
                return await restore(self._settings, self._documents_topic, partition)
            except BrokerError as error:
                logger.warning("%s/%d cannot be read yet: %s", self._documents_topic, partition, error.summary)
                await asyncio.sleep(_RESTORE_AGAIN_S)


@asynccontextmanager
async def track_documents(app: App, parts: RoleParts, delivery: Delivery) -> AsyncIterator[AgentBody]:
    """page-text → documents."""
    tracker = TrackDocuments(settings=parts.settings, documents_topic=parts.topics.documents, delivery=delivery)
    app.on_partitions_assigned.connect(tracker.forget, weak=False)
    yield tracker.run
