"""raw-files → pages: each file is opened, checked, counted and becomes one task per page, by reference."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path

from models.document import AttachedFiles, DocumentInfo
from models.documents.media_types import PDF
from models.errors import DocumentError, InkstreamError, ModelError, TooManyPages
from models.options import ReadOptions
from streams.agents.attachments import attachment_messages, may_have_attachments
from streams.agents.backpressure import Backpressure
from streams.agents.delivery import Delivery
from streams.agents.faust_types import AgentBody, App
from streams.agents.outgoing import Addressing, Outgoing
from streams.agents.parts import RoleParts
from streams.agents.portions import portion
from streams.agents.readings import Readings
from streams.agents.received_file import ReceivedFile, receive
from streams.agents.retention import RetentionWatch
from streams.agents.trim_files import trim_files
from streams.documents.cache import DocumentCache, Waiting
from streams.documents.references import SourceFetcher
from streams.errors import UndecodableMessage
from streams.kafka.file_trimmer import FileTrimmer
from streams.kafka.lag import LagReader
from streams.messages.codec import decode_headers, merge_options
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.names import named
from streams.messages.records import DocumentRecord, FileHeaders, PageTask, Stage, time_of
from streams.messages.seal import Seal, is_sealed
from streams.monitoring.health import observed
from streams.monitoring.log_lines import log_about
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool
from streams.settings import Settings

logger = logging.getLogger(__name__)

# opening is mostly waiting for the child and for Kafka: enough to overlap, few enough to keep few files in memory
_FILES_IN_FLIGHT = 4


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
            file = await receive(message, headers, partial, self._sources, waiting)
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
        self, message: Incoming, file: ReceivedFile, partial: Path, options: ReadOptions, *, again: bool
    ) -> Iterable[Outgoing]:
        log_about(file.document_id)
        # a file that takes another's place is current from now on, even where its content was read before
        again = again or bool(file.supersedes)
        sealed = self._seal.sealed_options(options)
        repeat = None
        if not again and (repeat := self._readings.repeated(file.record(sealed))) is not None:
            logger.info("%s was read before", named(message))
            self._metrics.documents_repeated.inc()
            if not self._readings.has_failed_attachment(file.path):
                return repeat
        info = await self._pool.inspect(partial, self._passwords_for(options))
        if info.total_pages > self._max_pages:
            raise TooManyPages(
                f"the document has {info.total_pages} pages; raise max_pages ({self._max_pages}) and replay "
                "the letter, or split it"
            )
        attached = await self._attached(file, partial, info, options)
        messages = attachment_messages(
            file.document_id, file.path, attached.files, message.headers, file.supersedes, self._addressing
        )
        if repeat is not None:
            return chain(repeat, messages)
        self._cache.release(self._cache.adopt(partial, file.sha256))
        self._metrics.documents_split.inc()
        record = file.record(sealed, info.total_pages)
        self._readings.begin(record)
        return chain(self._record_and_tasks(file, record, info, options, attached.warnings), messages)

    async def _attached(
        self, file: ReceivedFile, partial: Path, info: DocumentInfo, options: ReadOptions
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

    def _passwords_for(self, options: ReadOptions) -> list[str]:
        return self._passwords if options.password is None else [options.password, *self._passwords]

    def _record_and_tasks(
        self,
        file: ReceivedFile,
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
        file = ReceivedFile.of(message, headers)
        letter = dead_letter(
            "split_files", error, message, attempts=attempts, path=file.path, document_id=file.document_id
        )
        webhook = headers.options.get("webhook")
        sealed = self._seal.seal(webhook) if isinstance(webhook, str) else None
        record = file.failed_record(f"split_files: {error.summary}", sealed)
        return [self._addressing.document(record), self._addressing.dead_letter(file.document_id, letter)]


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
