"""Messages to send, and where each kind of record goes: its topic, key and partition."""

from __future__ import annotations

from dataclasses import dataclass

from streams.agents.offset_guard import Gap
from streams.errors import ExpiredUnread
from streams.kafka.topics import TopicNames, partition_for
from streams.messages.codec import encode
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.records import DeadLetter, DocumentRecord, PageTask, PageText, Stage, page_key


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. A value None deletes its key; `partition` None leaves the choice to the key's hash."""

    topic: str
    key: str
    value: bytes | None
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Addressing:
    """Turns records into messages.

    All pages of a document go to one partition of page-text, and its document record to the same partition of
    `documents`: so one tracker sees them all, in order.
    """

    topics: TopicNames
    partitions: int  # of page-text and of documents: both have as many

    def file(self, document_id: str, content: bytes, headers: tuple[tuple[str, bytes], ...]) -> Outgoing:
        """Send a file to raw-files, as a producer does."""
        named = (("document-id", document_id.encode()), *headers)
        return Outgoing(self.topics.raw_files, document_id, content, headers=named)

    def page_task(self, task: PageTask) -> Outgoing:
        """Spread the pages of a document over all partitions, so that all readers share them."""
        key = page_key(task.document_id, task.pagenum) + ("-" if task.rest else "")
        return Outgoing(self.topics.pages, key, encode(task))

    def page_text(self, record: PageText) -> Outgoing:
        """Send a page's text to its document's partition."""
        partition = partition_for(record.document_id, self.partitions)
        key = page_key(record.document_id, record.pagenum)
        return Outgoing(self.topics.page_text, key, encode(record), partition)

    def document(self, record: DocumentRecord) -> Outgoing:
        """Send a document's state to its own partition."""
        partition = partition_for(record.document_id, self.partitions)
        return Outgoing(self.topics.documents, record.document_id, encode(record), partition)

    def expired(self, stage: Stage, gap: Gap) -> Outgoing:
        """Send the dead letter of messages that were deleted before anybody read them."""
        error = ExpiredUnread(
            f"{gap.topic}/{gap.partition}: offsets {gap.first} to {gap.last} were deleted before they were read; "
            "send these files again"
        )
        first = Incoming(gap.topic, gap.partition, gap.first, None, None, ())
        return self.dead_letter(first.position, dead_letter(stage, error, first, attempts=0))

    def dead_letter(self, key: str, letter: DeadLetter) -> Outgoing:
        """Send a dead letter under the key of what failed."""
        return Outgoing(self.topics.dead_letters, key, encode(letter))
