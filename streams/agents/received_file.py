"""A file as a message announces it: who it is, where its bytes are, and its document's first record."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from models.errors import shown_uri
from models.options import ReadOptions
from streams.documents.cache import Waiting, digest_of
from streams.documents.references import SourceFetcher
from streams.kafka.record_reader import kafka_reference
from streams.messages.digests import ContentDigest
from streams.messages.incoming import Incoming
from streams.messages.page_records import reading_of
from streams.messages.records import DocumentRecord, FileHeaders, now, time_of


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """The file that one message of raw-files announces.

    Attributes:
        path: Where it came from, without user, password and query.
        reference: Where its bytes are, whole: a URI, or the message itself.
        sent: When Kafka took the message.
        supersedes: Ids of documents whose place it takes.
    """

    path: str
    reference: str
    document_id: str
    sha256: str
    sent: str | None
    supersedes: list[str]

    @classmethod
    def of(cls, message: Incoming, headers: FileHeaders, digest: ContentDigest | None = None) -> Self:
        """Return the file of a message.

        Args:
            digest: Of the file's content, where that is not in the message.
        """
        path, reference = _path_and_reference(message, headers)
        if digest is None:
            digest = ContentDigest(path)
            digest.update(message.value or b"")
        return cls(
            shown_uri(path), reference, headers.document_id or digest.document_id, digest.sha256,
            time_of(message.timestamp_s), headers.superseded_ids,
        )  # fmt: skip

    def record(self, options: ReadOptions, total_pages: int = 0) -> DocumentRecord:
        """Return the record of its document, which begins to be read; the options are sealed."""
        return DocumentRecord(
            document_id=self.document_id, path=self.path, reference=shown_uri(self.reference),
            total_pages=total_pages, pages_read=0, pages_failed=0, status="reading", started=now(), finished=None,
            sent=self.sent, supersedes=self.supersedes, reading=reading_of(self.sha256, self.path, options),
            sha256=self.sha256, webhook=options.webhook,
        )  # fmt: skip

    def failed_record(self, exception: str, webhook: str | None = None) -> DocumentRecord:
        """Return the record of its document, which cannot be opened."""
        moment = now()
        return DocumentRecord(
            document_id=self.document_id, path=self.path, reference=shown_uri(self.reference), total_pages=0,
            pages_read=0, pages_failed=0, status="failed", started=moment, finished=moment, exception=exception,
            sent=self.sent, supersedes=self.supersedes, webhook=webhook,
        )  # fmt: skip


async def receive(
    message: Incoming, headers: FileHeaders, partial: Path, sources: SourceFetcher, waiting: Waiting
) -> ReceivedFile:
    """Write a message's file to `partial` and return what it is.

    Args:
        waiting: Entered while the file is fetched from elsewhere.

    Raises:
        MessageError, SourceUnavailable: It cannot be fetched; the latter may be tried again.
    """
    if not headers.content_ref:
        await asyncio.to_thread(partial.write_bytes, message.value or b"")
        return ReceivedFile.of(message, headers)
    async with waiting():
        await sources.fetch(headers.content_ref, partial)
    path, _ = _path_and_reference(message, headers)
    return ReceivedFile.of(message, headers, await asyncio.to_thread(digest_of, partial, path))


def _path_and_reference(message: Incoming, headers: FileHeaders) -> tuple[str, str]:
    """Return where a file came from, and where its bytes are: elsewhere, or in the message itself."""
    own = kafka_reference(message.topic, message.partition, message.offset)
    return headers.path or headers.content_ref or own, headers.content_ref or own
