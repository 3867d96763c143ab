"""raw-files → pages: each file is opened, checked, counted and becomes one task per page, by reference."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from models.document import AttachedFiles, DocumentInfo
from models.documents.media_types import PDF
from models.errors import DocumentError, InkstreamError, ModelError, TooManyPages, shown_uri
from models.options import ReadOptions
from streams.agents.attachments import attachment_messages, may_have_attachments
from streams.agents.backpressure import Backpressure
from streams.agents.delivery import Delivery
from streams.agents.faust_types import AgentBody, App
from streams.agents.outgoing import Addressing, Outgoing
from streams.agents.parts import RoleParts
from streams.agents.portions import portion
from streams.agents.readings import Readings
from streams.agents.retention import RetentionWatch
from streams.agents.trim_files import trim_files
from streams.documents.cache import DocumentCache, Waiting, digest_of
from streams.documents.references import SourceFetcher
from streams.errors import UndecodableMessage
from streams.kafka.file_trimmer import FileTrimmer
from streams.kafka.lag import LagReader
from streams.kafka.record_reader import kafka_reference
from streams.messages.codec import decode_headers, merge_options
from streams.messages.dead_letters import dead_letter
from streams.messages.digests import ContentDigest
from streams.messages.incoming import Incoming
from streams.messages.names import named
from streams.messages.records import DocumentRecord, FileHeaders, PageTask, Stage, now, reading_of, time_of
from streams.messages.seal import Seal, is_sealed
from streams.monitoring.health import observed
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool
from streams.settings import Settings

logger = logging.getLogger(__name__)

# opening is mostly waiting for the child and for Kafka: enough to overlap, few enough to keep few files in memory
_FILES_IN_FLIGHT = 4


@dataclass(frozen=True, slots=True)
class _File:
    """One file as announced: where its bytes are and who it is."""

    path: str
    reference: str
    document_id: str
    sha256: str
    sent: str | None
    supersedes: list[str]


class SplitFiles:
    """The step of the agent split_files."""

    stage: Stage = "split_files"

    def __init__(
        self,
        *,
        settings: Settings,
        pool: ReaderPool,
        cache: DocumentCache,
        sources: SourceFetcher,
        addressing: Addressing,
        seal: Seal,
        retention: RetentionWatch,
        readings: Readings,
        metrics: Metrics,
    ) -> None:
        self._default_options = settings.read_options()
        self._max_pages = settings.max_pages
        self._max_attached_bytes = settings.inline_limit
        self._pages_ahead = settings.portion_pages
        self._passwords = [secret.get_secret_value() for secret in settings.passwords]
        self._pool = pool
        self._cache = cache
        self._sources = sources
        self._addressing = addressing
        self._seal = seal
        self._retention = retention
        self._readings = readings
        self._metrics = metrics
        self._has_warned = False

    def identity(self, message: Incoming) -> str:
        """Return the file's position on its topic."""
        return message.position

    async def outputs(self, message: Incoming, waiting: Waiting) -> Iterable[Outgoing]:
        """Put the file into the cache, open and check it, and return its document record and its page tasks.

        Of a file that was read before, in the same way, return what its document's record gains.
        """
        self._retention.note(time_of(message.timestamp_s))
        headers = decode_headers(message.headers)
        self._warn_of_clear_password(message, headers.options)
        options = self._seal.opened_options(merge_options(self._default_options, headers.options))
        async with self._cache.incoming() as partial:
            file = await self._receive(message, headers, partial, waiting)
            await self._readings.known()
            async with self._readings.turn(file.document_id):
                return await self._opened(message, file, partial, options, again=headers.again)

    def _warn_of_clear_password(self, message: Incoming, options: Mapping[str, object]) -> None:
        password = options.get("password")
        if self._has_warned or not isinstance(password, str) or is_sealed(password):
            return
        self._has_warned = True
        logger.warning(
            "%s: its password can be read by whoever may read the topic; `inkstream seal` makes a token to send "
            "instead (this is logged once)",
            named(message),
        )

    async def _opened(
        self, message: Incoming, file: _File, partial: Path, options: ReadOptions, *, again: bool
    ) -> Iterable[Outgoing]:
        # a file that takes another's place is current from now on, even where its content was read before
        again = again or bool(file.supersedes)
        if not again and (repeat := self._readings.repeated(_record(file, options))) is not None:
            logger.info("%s was read before", named(message))
            self._metrics.documents_repeated.inc()
            return repeat
        info = await self._pool.inspect(partial, self._passwords_for(options))
        if info.total_pages > self._max_pages:
            raise TooManyPages(
                f"the document has {info.total_pages} pages; raise max_pages ({self._max_pages}) and replay "
                "the letter, or split it"
            )
        attached = await self._attached(file, partial, info, options)
        self._cache.release(self._cache.adopt(partial, file.sha256))
        self._metrics.documents_split.inc()
        messages = attachment_messages(
            file.document_id, file.path, attached.files, message.headers, file.supersedes, self._addressing
        )
        record = _record(file, options, info.total_pages)
        self._readings.begin(record)
        return chain(self._record_and_tasks(file, record, info, options, attached.warnings), messages)

    async def _attached(
        self, file: _File, partial: Path, info: DocumentInfo, options: ReadOptions
    ) -> AttachedFiles:
        """Return what is attached to a document; a warning where that cannot be read: its pages can."""
        if options.attachments == "none" or info.content_type != PDF or not may_have_attachments(file.path):
            return AttachedFiles()
        passwords = [] if info.password is None else [info.password]
        try:
            return await self._pool.attached_files(
                partial, passwords, options.attachments, self._max_attached_bytes
            )
        except (DocumentError, ModelError) as error:
            return AttachedFiles((), (f"attachments: none of the attached files is read: {error.summary}",))

    async def _receive(self, message: Incoming, headers: FileHeaders, partial: Path, waiting: Waiting) -> _File:
        """Write the file's bytes to `partial` and return what it is."""
        path, reference = _path_and_reference(message, headers)
        sent = time_of(message.timestamp_s)
        if headers.content_ref:
            async with waiting():
                await self._sources.fetch(headers.content_ref, partial)
            digest = await asyncio.to_thread(digest_of, partial, path)
        else:
            digest = ContentDigest(path)
            digest.update(message.value or b"")
            await asyncio.to_thread(partial.write_bytes, message.value or b"")
        document_id = headers.document_id or digest.document_id
        supersedes = headers.superseded_ids
        return _File(shown_uri(path), reference, document_id, digest.sha256, sent, supersedes)

    def _passwords_for(self, options: ReadOptions) -> list[str]:
        return self._passwords if options.password is None else [options.password, *self._passwords]

    def _record_and_tasks(
        self,
        file: _File,
        record: DocumentRecord,
        info: DocumentInfo,
        options: ReadOptions,
        warnings: Sequence[str],
    ) -> Iterator[Outgoing]:
        """Yield the document's record and the tasks of its first pages."""
        options = options.model_copy(update={"password": info.password})
        yield self._addressing.document(record)
        first = self._seal.sealed_task(
            PageTask(
                document_id=file.document_id, pagenum=0, total_pages=info.total_pages, path=file.path,
                reference=file.reference, sha256=file.sha256, options=options, started=record.started,
                sent=file.sent, supersedes=file.supersedes, warnings=list(warnings),
            )
        )  # fmt: skip
        yield from map(self._addressing.page_task, portion(first, self._pages_ahead))

    def delivered(self, message: Incoming) -> None:
        """Note nothing."""

    def failure(self, message: Incoming, error: InkstreamError, attempts: int) -> Iterable[Outgoing]:
        """Return a document that failed, and a dead letter."""
        try:
            headers = decode_headers(message.headers)
        except UndecodableMessage:
            headers = FileHeaders()
        path, reference = _path_and_reference(message, headers)
        digest = ContentDigest(path)
        digest.update(message.value or b"")
        document_id = headers.document_id or digest.document_id
        path, reference = shown_uri(path), shown_uri(reference)
        letter = dead_letter("split_files", error, message, attempts=attempts, path=path, document_id=document_id)
        moment = now()
        record = DocumentRecord(
            document_id=document_id, path=path, reference=reference, total_pages=0, pages_read=0, pages_failed=0,
            status="failed", started=moment, finished=moment, exception=f"split_files: {error.summary}",
            sent=time_of(message.timestamp_s), supersedes=headers.superseded_ids,
        )  # fmt: skip
        return [self._addressing.document(record), self._addressing.dead_letter(document_id, letter)]


def _record(file: _File, options: ReadOptions, total_pages: int = 0) -> DocumentRecord:
    """Return the record of a document that begins to be read."""
    return DocumentRecord(
        document_id=file.document_id, path=file.path, reference=shown_uri(file.reference), total_pages=total_pages,
        pages_read=0, pages_failed=0, status="reading", started=now(), finished=None, sent=file.sent,
        supersedes=file.supersedes, reading=reading_of(file.sha256, file.path, options),
    )  # fmt: skip


def _path_and_reference(message: Incoming, headers: FileHeaders) -> tuple[str, str]:
    """Return where the file came from, and where its bytes are: elsewhere, or in the message itself."""
    own = kafka_reference(message.topic, message.partition, message.offset)
    return headers.path or headers.content_ref or own, headers.content_ref or own


@asynccontextmanager
async def split_files(app: App, parts: RoleParts, delivery: Delivery) -> AsyncIterator[AgentBody]:
    """raw-files → pages. Waits while `pages` is far behind: a backlog of files is smaller than one of tasks.

    Deletes from raw-files what nobody needs any more: its retention is unlimited.
    """
    readings = Readings(parts.settings, parts.addressing, delivery.deliver)
    step = SplitFiles(
        settings=parts.settings, pool=parts.pool, cache=parts.cache, sources=parts.sources,
        addressing=parts.addressing, seal=parts.seal, metrics=parts.metrics, readings=readings,
        retention=RetentionWatch(parts.metrics, "split_files", parts.settings.raw_files_retention_h),
    )  # fmt: skip
    async with LagReader(parts.settings) as lags:
        backpressure = Backpressure(lags.pages_behind, parts.settings.max_pages_behind)
        trimming = trim_files(app, FileTrimmer(parts.settings, lags), parts.metrics)
        async with (
            observed(readings.run(), "documents that were read are known", parts.health),
            observed(trimming, "what is read is deleted from raw-files", parts.health),
            parts.each_message(
                app, step, delivery, in_flight=_FILES_IN_FLIGHT, wait_for_capacity=backpressure.wait
            ) as body,
        ):
            yield body
