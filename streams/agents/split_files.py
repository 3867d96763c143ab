"""raw-files → pages: each file is opened, checked, counted and becomes one task per page, by reference."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.document import DocumentInfo
from models.errors import InkstreamError
from models.options import ReadOptions
from streams.agents.backpressure import Backpressure
from streams.agents.delivery import Outgoing
from streams.agents.ordered_window import OrderedWindow
from streams.agents.step_runner import Context, Outputs, process
from streams.documents.cache import digest_of
from streams.errors import UndecodableMessage
from streams.kafka.record_reader import kafka_reference
from streams.kafka.topics import partition_for
from streams.messages.codec import decode_headers, encode, merge_options
from streams.messages.dead_letters import Incoming, dead_letter
from streams.messages.records import ContentDigest, DocumentRecord, FileHeaders, PageTask, now, page_key

# opening is mostly waiting for the child and for Kafka: enough to overlap, few enough to keep few files in memory
_FILES_IN_FLIGHT = 4


@dataclass(frozen=True, slots=True)
class _File:
    """One file as announced: where its bytes are and who it is."""

    path: str
    reference: str
    document_id: str
    sha256: str
    size: int


def add_split_files(app: Any, context: Context, backpressure: Backpressure) -> None:
    """Add the agent that splits files to a Faust app."""
    raw_files = app.topic(context.names.raw_files, key_serializer="raw", value_serializer="raw")

    async def split_files(stream: Any) -> None:
        async def work(event: Any) -> None:
            await backpressure.wait()
            await process(
                context,
                event,
                lambda message: split_file(context, message),
                lambda *fault: failed_file(context, *fault),
            )

        await OrderedWindow(app, _FILES_IN_FLIGHT, work).run(stream)

    app.agent(raw_files, name="split_files")(split_files)


async def split_file(context: Context, message: Incoming) -> Outputs:
    """Put the file into the cache, open and check it, and return its page tasks and its document record."""
    headers = decode_headers(message.headers)
    options = merge_options(context.settings.read_options(), headers.options)
    async with context.cache.incoming() as partial:
        file = await _receive(context, message, headers, partial)
        info = await context.pool.inspect(partial, _passwords(context, options))
        context.cache.release(context.cache.adopt(partial, file.sha256))
    context.metrics.documents_split.inc()
    return _tasks(context, file, info, options)


async def _receive(context: Context, message: Incoming, headers: FileHeaders, partial: Path) -> _File:
    """Write the file's bytes to `partial` and return what it is."""
    own = kafka_reference(message.topic, message.partition, message.offset)
    path = headers.path or headers.content_ref or own
    if headers.content_ref:
        await context.references.fetch(headers.content_ref, partial)
        digest = await asyncio.to_thread(digest_of, partial, path)
    else:
        digest = ContentDigest(path)
        digest.update(message.value or b"")
        await asyncio.to_thread(partial.write_bytes, message.value or b"")
    return _File(
        path=path, reference=headers.content_ref or own, document_id=headers.document_id or digest.document_id,
        sha256=digest.sha256, size=digest.size,
    )  # fmt: skip


def _passwords(context: Context, options: ReadOptions) -> list[str]:
    configured = [secret.get_secret_value() for secret in context.settings.passwords]
    return [options.password, *configured] if options.password is not None else configured


def _tasks(context: Context, file: _File, info: DocumentInfo, options: ReadOptions) -> Iterator[Outgoing]:
    options = options.model_copy(update={"password": info.password})
    started = now()
    yield _document(context, DocumentRecord(
        document_id=file.document_id, path=file.path, reference=file.reference, total_pages=info.total_pages,
        pages_read=0, pages_failed=0, status="reading", started=started, finished=None,
    ))  # fmt: skip
    for pagenum in range(info.total_pages):
        task = PageTask(
            document_id=file.document_id, pagenum=pagenum, total_pages=info.total_pages, path=file.path,
            reference=file.reference, content_type=info.content_type, sha256=file.sha256, size=file.size,
            options=options, started=started,
        )  # fmt: skip
        yield Outgoing(context.names.pages, page_key(file.document_id, pagenum), encode(task))


def failed_file(context: Context, message: Incoming, error: InkstreamError, attempts: int) -> Outputs:
    """Return what becomes of a file that cannot be split: a dead letter, and a document that failed."""
    context.metrics.failed.labels(stage="split_files", reason=error.reason).inc()
    own = kafka_reference(message.topic, message.partition, message.offset)
    try:
        headers = decode_headers(message.headers)
    except UndecodableMessage:
        headers = FileHeaders()
    path = headers.path or headers.content_ref or own
    digest = ContentDigest(path)
    digest.update(message.value or b"")
    document_id = headers.document_id or digest.document_id
    letter = dead_letter("split_files", error, message, attempts=attempts, path=path, document_id=document_id)
    moment = now()
    return [
        _document(context, DocumentRecord(
            document_id=document_id, path=path, reference=headers.content_ref or own, total_pages=0, pages_read=0,
            pages_failed=0, status="failed", started=moment, finished=moment,
            exception=f"split_files: {error.summary}",
        )),
        Outgoing(context.names.dead_letters, document_id, encode(letter)),
    ]  # fmt: skip


def _document(context: Context, record: DocumentRecord) -> Outgoing:
    partition = partition_for(record.document_id, context.partitions)
    return Outgoing(context.names.documents, record.document_id, encode(record), partition)
