"""pages → page-text: each page task is read in a reader process and becomes one record."""

from __future__ import annotations

from typing import Any

from models.errors import InkstreamError
from streams.agents.delivery import Outgoing
from streams.agents.ordered_window import OrderedWindow
from streams.agents.retention import RetentionWatch
from streams.agents.step_runner import Context, Outputs, process
from streams.errors import UndecodableMessage
from streams.kafka.topics import partition_for
from streams.messages.codec import decode, encode
from streams.messages.dead_letters import Incoming, dead_letter
from streams.messages.records import PageTask, PageText, failed_page_text, page_key, page_text


def add_read_pages(app: Any, context: Context) -> None:
    """Add the agent that reads pages to a Faust app."""
    retention = RetentionWatch(context.metrics, context.settings.raw_files_retention_h)
    pages = app.topic(context.names.pages, key_serializer="raw", value_serializer="raw")

    async def read_pages(stream: Any) -> None:
        async def work(event: Any) -> None:
            await process(
                context,
                event,
                lambda message: read_page(context, message, retention),
                lambda *fault: failed_page(context, *fault),
            )

        await OrderedWindow(app, context.settings.pages_in_flight, work).run(stream)

    app.agent(pages, name="read_pages")(read_pages)


async def read_page(context: Context, message: Incoming, retention: RetentionWatch) -> Outputs:
    """Fetch the document, read the page, and return its record."""
    task = decode(PageTask, message.value)
    retention.note(task)
    fetch = context.references.fetcher(task.reference)
    with context.metrics.page_seconds.time():
        async with context.cache.document(task.sha256, fetch) as path:
            reading = await context.pool.read(path, task.pagenum, task.options)
    context.metrics.pages_read.labels(method=reading.method).inc()
    return [_record(context, page_text(task, reading))]


def failed_page(context: Context, message: Incoming, error: InkstreamError, attempts: int) -> Outputs:
    """Return what becomes of a page that cannot be read: its record with the exception, and a dead letter."""
    context.metrics.failed.labels(stage="read_pages", reason=error.reason).inc()
    try:
        task = decode(PageTask, message.value)
    except UndecodableMessage:
        key = (message.key or b"").decode(errors="replace")
        letter = dead_letter("read_pages", error, message, attempts=attempts)
        return [Outgoing(context.names.dead_letters, key, encode(letter))]
    letter = dead_letter(
        "read_pages", error, message, attempts=attempts,
        path=task.path, document_id=task.document_id, pagenum=task.pagenum,
    )  # fmt: skip
    return [
        _record(context, failed_page_text(task, f"read_pages: {error.summary}")),
        Outgoing(context.names.dead_letters, page_key(task.document_id, task.pagenum), encode(letter)),
    ]


def _record(context: Context, record: PageText) -> Outgoing:
    # all pages of a document on one partition, so that one tracker sees them all, in order
    partition = partition_for(record.document_id, context.partitions)
    return Outgoing(
        context.names.page_text, page_key(record.document_id, record.pagenum), encode(record), partition
    )
