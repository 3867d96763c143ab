"""The two latest readings of each page of a document, from the log of page-text.

Kafka keeps a record that a later one has replaced until it compacts the segment that has it. It never compacts the
segment that it writes.
"""

from __future__ import annotations

from contextlib import aclosing

from streams.errors import UndecodableMessage
from streams.kafka.follower import stored_records
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import PageText
from streams.settings import Settings


async def latest_readings(settings: Settings, document_id: str) -> dict[int, list[PageText]]:
    """Return up to two readings of each page, the later one last; none from before the document was deleted.

    All of page-text is looked through: partitions may have been added since the earlier reading.

    Raises:
        BrokerError: Kafka does not answer.
    """
    found: dict[int, dict[str, PageText]] = {}  # by page, then by when the document was sent
    topic, prefix = TopicNames.of(settings).page_text, f"{document_id}/".encode()
    async with aclosing(stored_records(settings, topic)) as records:
        async for record in records:
            number = (record.key or b"").removeprefix(prefix)
            if number != record.key and number.isdigit():
                _take(found.setdefault(int(number), {}), document_id, record.value)
    return {
        number: [by_sent[sent] for sent in sorted(by_sent)[-2:]]
        for number, by_sent in sorted(found.items())
        if by_sent
    }


def _take(by_sent: dict[str, PageText], document_id: str, value: bytes | None) -> None:
    """Take over a record of a page; one that deletes it takes its readings away."""
    if not value:
        by_sent.clear()
        return
    try:
        page = decode(PageText, value)
    except UndecodableMessage:
        return  # not one of ours
    if page.document_id == document_id:
        by_sent[page.sent or ""] = page
