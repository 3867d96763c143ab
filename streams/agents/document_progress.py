"""Which pages of a document are done: the state of track_documents, kept in the `documents` records themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from aiokafka import TopicPartition

from streams.errors import UndecodableMessage
from streams.kafka.clients import open_consumer
from streams.messages.codec import decode, encode
from streams.messages.page_ranges import PageRanges
from streams.messages.records import DocumentRecord, PageText, now
from streams.settings import Settings


@dataclass(slots=True)
class DocumentProgress:
    """One document's pages. A page that is read again counts by its last reading.

    Where several files have one id, the one counts that Kafka took last (`sent`). Records of older versions do not
    have that: their pages count.

    Attributes:
        left: Pages of earlier files that this one does not have.
        overwritten: Whether the page that came last is of an earlier file and stands now where this one's stood.
    """

    latest: DocumentRecord
    read: PageRanges = field(default_factory=PageRanges)
    failed: PageRanges = field(default_factory=PageRanges)
    left: PageRanges = field(default_factory=PageRanges)
    overwritten: bool = False

    @classmethod
    def of(cls, record: DocumentRecord) -> DocumentProgress:
        """Return the progress that a record states."""
        return cls(record, PageRanges.parse(record.read), PageRanges.parse(record.failed))

    def count(self, page: PageText) -> None:
        """Count one page in, unless it is one of an earlier file."""
        before, sent = self.latest.sent, page.sent
        self.overwritten = False
        if before is not None and sent is not None and sent < before:
            self._note_earlier(page.pagenum)
            return
        if sent is not None and sent != before:
            self._begin_anew(page)
        done, other = (self.read, self.failed) if page.exception is None else (self.failed, self.read)
        done.add(page.pagenum)
        other.discard(page.pagenum)
        if page.total_pages != self.latest.total_pages:
            self.latest = self.latest.model_copy(update={"total_pages": page.total_pages})

    def _note_earlier(self, pagenum: int) -> None:
        """Note what a page of an earlier file, read only now, has done on page-text."""
        if pagenum >= self.latest.total_pages:
            self.left.add(pagenum)
        elif pagenum in self.read or pagenum in self.failed:
            self.overwritten = True

    def _begin_anew(self, page: PageText) -> None:
        """Take a later file in the place of the one that was counted."""
        for pages in (self.read, self.failed):
            self.left.update(pages)
        self.read, self.failed = PageRanges(), PageRanges()
        self.latest = _first_record(page)

    def take_left(self, most_pages: int) -> list[int]:
        """Return the pages that only earlier files have, once.

        Args:
            most_pages: How many pages a document may have. A record may state more: anybody may have written it.
        """
        found = [
            number
            for first, last in self.left.ranges()
            for number in range(max(first, self.latest.total_pages), min(last, most_pages - 1) + 1)
        ]
        self.left = PageRanges()
        return found

    def record(self) -> DocumentRecord:
        """Return the document's record as it stands now."""
        complete = len(self.read) + len(self.failed) >= self.latest.total_pages
        self.latest = self.latest.model_copy(
            update={
                "pages_read": len(self.read),
                "pages_failed": len(self.failed),
                "read": str(self.read),
                "failed": str(self.failed),
                "status": self._status() if complete else "reading",
                "finished": (self.latest.finished or now()) if complete else None,
                "exception": f"{len(self.failed)} of its pages failed" if self.failed else None,
            }
        )
        return self.latest

    def _status(self) -> Literal["done", "partial", "failed"]:
        """Return the status of a document all of whose pages are read or failed."""
        if not self.failed:
            return "done"
        return "partial" if self.read else "failed"


class PartitionState:
    """The documents of one partition, as encoded records: some 500 bytes each."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}
        self._open: dict[str, DocumentProgress] = {}  # those with pages to come, decoded
        self._left: dict[str, PageRanges] = {}  # pages of files that others with the same id have followed

    def put(self, document_id: str, value: bytes | None) -> None:
        """Take over a record from the topic; None is a tombstone."""
        if value:
            if document_id in self._records:
                self._keep_left(decode(DocumentRecord, self._records[document_id]), decode(DocumentRecord, value))
            self._records[document_id] = value
        else:
            self._records.pop(document_id, None)

    def _keep_left(self, before: DocumentRecord, now_there: DocumentRecord) -> None:
        if before.sent != now_there.sent:
            left = self._left.setdefault(before.document_id, PageRanges())
            for pages in (before.read, before.failed):
                left.update(PageRanges.parse(pages))

    def count(self, page: PageText) -> DocumentProgress:
        """Count one page in and return its document's progress."""
        progress = self._open.get(page.document_id) or self._resumed_or_new(page)
        progress.count(page)
        record = progress.record()
        if record.status != "reading":
            self._open.pop(page.document_id, None)
            self._records[page.document_id] = encode(record)
        else:
            self._open[page.document_id] = progress
        return progress

    def _resumed_or_new(self, page: PageText) -> DocumentProgress:
        stored = self._records.pop(page.document_id, None)
        if stored is None:
            return DocumentProgress(_first_record(page))
        progress = DocumentProgress.of(decode(DocumentRecord, stored))
        progress.left = self._left.pop(page.document_id, PageRanges())
        return progress


def _first_record(page: PageText) -> DocumentRecord:
    """Return the record of a document of which one page is known, and nothing is counted yet."""
    return DocumentRecord(
        document_id=page.document_id, path=page.path, reference=page.reference, total_pages=page.total_pages,
        pages_read=0, pages_failed=0, status="reading", started=page.timestamp, finished=None, sent=page.sent,
        supersedes=page.supersedes, reading=page.reading, sha256=page.sha256,
        webhook=page.webhook,
    )  # fmt: skip


async def restore(settings: Settings, topic: str, partition: int) -> PartitionState:
    """Return the state of one partition as the `documents` topic has it now."""
    state = PartitionState()
    where = TopicPartition(topic, partition)
    async with open_consumer(settings) as consumer:
        consumer.assign([where])
        await consumer.seek_to_beginning(where)
        end = (await consumer.end_offsets([where]))[where]
        while await consumer.position(where) < end:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    _put(state, record.key, record.value)
    return state


def _put(state: PartitionState, key: bytes | None, value: bytes | None) -> None:
    if key is None:
        return
    try:
        if value is not None:
            decode(DocumentRecord, value)
    except UndecodableMessage:
        return  # not one of ours; the next page of that document writes a good one
    state.put(key.decode(errors="replace"), value)
