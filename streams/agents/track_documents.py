"""page-text → documents: how many pages of each document are read, failed, and when it is finished."""

from __future__ import annotations

import logging
import os
from typing import Any

from streams.agents.delivery import Outgoing
from streams.agents.document_progress import DocumentProgress, PartitionState, restore
from streams.agents.ordered_window import EXIT_UNEXPECTED
from streams.agents.step_runner import Context, incoming
from streams.errors import UndecodableMessage
from streams.messages.codec import decode, encode
from streams.messages.records import PageText

logger = logging.getLogger(__name__)

# one documents record per document and batch, not per page: a 1,000-page document would write its own 1,000 times
_BATCH = 500
_WITHIN_S = 0.1


def add_track_documents(app: Any, context: Context) -> None:
    """Add the agent that tracks documents to a Faust app."""
    page_text = app.topic(context.names.page_text, key_serializer="raw", value_serializer="raw")
    states: dict[int, PartitionState] = {}

    # another worker may have written a partition's documents since: what was known of it is forgotten
    async def forget(*_: Any, **__: Any) -> None:
        states.clear()

    app.on_partitions_assigned.connect(forget, weak=False)

    async def track_documents(stream: Any) -> None:
        async for batch in stream.take_events(_BATCH, within=_WITHIN_S):
            try:
                await context.delivery.deliver(await _progress(context, states, batch))
            except Exception:  # an exception that left this loop would ack what was prefetched (FAUST: take)
                logger.critical("unexpected; the worker ends, this batch is not acked", exc_info=True)
                logging.shutdown()
                os._exit(EXIT_UNEXPECTED)

    app.agent(page_text, name="track_documents")(track_documents)


async def _progress(context: Context, states: dict[int, PartitionState], batch: list[Any]) -> list[Outgoing]:
    """Count the pages of a batch in and return one record per document that moved."""
    moved: dict[str, tuple[int, DocumentProgress]] = {}
    for message in map(incoming, batch):
        if message.partition not in states:
            states[message.partition] = await restore(context.settings, context.names.documents, message.partition)
        try:
            page = decode(PageText, message.value)
        except UndecodableMessage as error:
            # not a dead letter: what stands on page-text is a result, and whoever wrote this one is not inkstream
            logger.warning("%s/%d/%d: %s", message.topic, message.partition, message.offset, error.summary)
            continue
        progress = states[message.partition].count(page)
        moved[page.document_id] = (message.partition, progress)
    return [
        Outgoing(context.names.documents, document_id, encode(progress.record()), partition)
        for document_id, (partition, progress) in moved.items()
    ]
