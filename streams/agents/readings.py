"""Which documents were read already, so that a file which is delivered twice is read once.

A reading is what was read and how: content, path, options. It stands in the records of its document. A message of
a reading whose document is done adds to `repeats` of the document's record, and nothing is read. Where the document
is being read still, that is added once it is done: its pages come, for the message that they come from is not acked
before all of its tasks are sent. A document that is partial or failed is read again, and so is one that nobody has
heard of: whatever is forgotten here costs a second reading, and never a file. Where a file attached to a document
was not read whole, the attached files are sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from time import monotonic
from weakref import WeakValueDictionary

from aiokafka import ConsumerRecord

from streams.agents.attachments import parent_paths
from streams.agents.outgoing import Addressing, Outgoing
from streams.errors import UndecodableMessage
from streams.kafka.clients import follow_for_ever
from streams.kafka.follower import topic_consumer
from streams.messages.codec import decode, encode
from streams.messages.records import DocumentRecord
from streams.settings import Settings

logger = logging.getLogger(__name__)

_MAX_DOCUMENTS = 50_000  # the latest, some 1 KB each
_READING_WITHIN = timedelta(hours=1)  # a document that has been read for longer may have lost its pages
_KNOWN_WITHIN_S = 10.0  # after the start, files wait for so long until the documents are known
_POLL_MS = 200


class Readings:
    """Follows `documents`. `run` until cancelled; the rest is for the same event loop."""

    def __init__(
        self, settings: Settings, addressing: Addressing, deliver: Callable[[list[Outgoing]], Awaitable[None]]
    ) -> None:
        self._settings = settings
        self._addressing = addressing
        self._deliver = deliver
        self._documents: OrderedDict[bytes, bytes] = OrderedDict()  # their records, by id
        self._failed_attached: dict[
            str, set[str]
        ] = {}  # ids of attached files that failed, by the path they are in
        self._superseded: dict[str, str] = {}  # when another document took the place of one, by its id
        self._waiting: dict[str, list[DocumentRecord]] = {}  # repeats of documents that are not done yet
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._known = asyncio.Event()
        self._known_by = monotonic() + _KNOWN_WITHIN_S

    async def run(self) -> None:
        """Take over what stands on `documents`, and what comes; a broker that is away is waited for."""
        await follow_for_ever(self._follow)

    async def known(self) -> None:
        """Return once the documents are known that stood on the topic at the start, or soon."""
        if self._known.is_set():
            return
        try:
            await asyncio.wait_for(self._known.wait(), max(self._known_by - monotonic(), 0))
        except TimeoutError:
            logger.warning("%s is not read yet: files may be read twice", self._addressing.topics.documents)
            self._known.set()

    def turn(self, document_id: str) -> asyncio.Lock:
        """Return what one message of a document holds until it is begun or has failed: the next one looks then."""
        return self._turns.setdefault(document_id, asyncio.Lock())

    def begin(self, record: DocumentRecord) -> None:
        """Note that a document is going to be read; Kafka has not heard of it yet."""
        self._put(record, encode(record))

    def repeated(self, record: DocumentRecord) -> list[Outgoing] | None:
        """Return what is to be sent instead of a document's tasks, None where it is to be read.

        Args:
            record: Of the document, as a message begins it: `sent` and `reference` are the message's own.
        """
        known = self._documents.get(record.document_id.encode())
        if known is None or record.sent is None:
            return None
        before = decode(DocumentRecord, known)
        is_redelivery = (before.sent, before.reference) == (record.sent, record.reference)
        if (
            self._superseded.get(record.document_id, "") > (before.sent or "")
            or record.supersedes != before.supersedes
        ):
            return None  # it is to be seen again, or others are to be seen no more
        if before.reading is None or before.reading != record.reading or is_redelivery:
            return None
        if before.status == "done" and before.reference == record.reference and not _is_elsewhere(record):
            return []  # it came again to a worker that had died before its ack, and is counted
        if before.status == "done":
            return [self._with_repeat(before, record)]
        if before.status == "reading" and _is_young(before):
            self._waiting.setdefault(record.document_id, []).append(record)
            return []
        return None

    def has_failed_attachment(self, path: str) -> bool:
        """Return whether a file that is attached to a document, or to one attached to it, was not read whole."""
        return path in self._failed_attached

    def _with_repeat(self, done: DocumentRecord, repeat: DocumentRecord) -> Outgoing:
        """Return a document's record with one more repeat; the later message holds the same bytes for longer."""
        more = {
            "repeats": done.repeats + 1, "reference": repeat.reference, "webhook": repeat.webhook or done.webhook,
        }  # fmt: skip
        record = done.model_copy(update=more)
        self.begin(record)
        return self._addressing.document(record)

    async def _follow(self) -> None:
        topic = self._addressing.topics.documents
        async with topic_consumer(self._settings, [topic], from_beginning=True) as consumer:
            ends = await consumer.end_offsets(consumer.assignment())
            while True:
                if not self._known.is_set() and all([await consumer.position(w) >= end for w, end in ends.items()]):
                    self._known.set()
                found = await consumer.getmany(timeout_ms=_POLL_MS)
                late = [out for message in chain.from_iterable(found.values()) for out in self._take(message)]
                if late:
                    await self._deliver(late)

    def _take(self, message: ConsumerRecord[bytes, bytes]) -> list[Outgoing]:
        """Take over a record; return that of a document that is done by now, with the repeats that wait for it."""
        if message.key is None:
            return []
        if not message.value:
            self._documents.pop(message.key, None)
            return []
        try:
            record = decode(DocumentRecord, message.value)
        except UndecodableMessage:
            return []  # the SQL table has a line in the log about it
        for one in record.supersedes:
            self._superseded[one] = max(self._superseded.get(one, ""), record.sent or "")
        known = self._documents.get(message.key)
        if known is not None and (decode(DocumentRecord, known).sent or "") > (record.sent or ""):
            return []  # of an earlier file: a later one has begun since
        if record.document_id.encode() != message.key:
            return []
        restored = self._restored(record)
        record = restored or record
        self._put(record, encode(record))
        if record.status == "reading":
            return []
        waiting = [one for one in self._waiting.pop(record.document_id, []) if one.reading == record.reading]
        last: list[Outgoing] = []
        for repeat in waiting if record.status == "done" else []:
            last = [self._with_repeat(record, repeat)]
            record = decode(DocumentRecord, last[0].value or b"")
        return last or ([self._addressing.document(restored)] if restored else [])

    def _restored(self, record: DocumentRecord) -> DocumentRecord | None:
        """Return a record with the repeats that are known here, where whoever wrote it had not heard of them.

        A tracker that starts again counts pages once more, from what stood on the topic when it began.
        """
        known = self._documents.get(record.document_id.encode())
        before = None if known is None else decode(DocumentRecord, known)
        if before is None or record.status != "done" or before.sent != record.sent:
            return None
        if before.repeats <= record.repeats:
            return None
        return record.model_copy(
            update={"repeats": before.repeats, "reference": before.reference, "webhook": before.webhook}
        )

    def _put(self, record: DocumentRecord, value: bytes) -> None:
        self._documents[record.document_id.encode()] = value
        self._documents.move_to_end(record.document_id.encode())
        if len(self._documents) > _MAX_DOCUMENTS:
            self._documents.popitem(last=False)
        for parent in parent_paths(record.path):
            failed = self._failed_attached.setdefault(parent, set())
            if record.status in ("partial", "failed"):
                failed.add(record.document_id)
            else:
                failed.discard(record.document_id)
            if not failed:
                del self._failed_attached[parent]


def _is_elsewhere(record: DocumentRecord) -> bool:
    """Return whether a document's reference is not its own message's: several messages may have it."""
    return not record.reference.startswith("kafka://")


def _is_young(record: DocumentRecord) -> bool:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(record.started) < _READING_WITHIN
    except (ValueError, TypeError):
        return False
