"""Which dead letters of a document wait to be replayed; their topic is not read again for each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import ConsumerRecord, TopicPartition

from streams.errors import UndecodableMessage
from streams.kafka.follower import topic_consumer
from streams.kafka.replay import REPLAYED_STAGES, replays_in
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import DeadLetter
from streams.settings import Settings

_MAX_LETTERS = 100_000  # some 20 MB; of more, the oldest are replayed by `inkstream dead-letters` only
_POLL_MS = 500
_BATCH_RECORDS = 500


class LetterIndex:
    """The offsets of letters and whose they are. Lives on one event loop.

    Attributes:
        position: The offset up to which the topic is read.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = TopicNames.of(settings).dead_letters
        self._waiting: dict[int, str] = {}  # document ids by offsets, ascending
        self._one_at_a_time = asyncio.Lock()
        self.position = 0

    async def waiting(self, document_id: str) -> list[int]:
        """Return the offsets of a document's letters that were not replayed yet, oldest first.

        What came since the last call is read before; with the first one, all there is. Raises BrokerError.
        """
        async with self._one_at_a_time:
            await self._catch_up()
        return [offset for offset, of in self._waiting.items() if of == document_id]

    async def _catch_up(self) -> None:
        async with topic_consumer(self._settings, [self._topic], from_beginning=True) as consumer:
            where = TopicPartition(self._topic, 0)  # it has no other: commands name letters by their offsets
            first = (await consumer.beginning_offsets([where]))[where]
            end = (await consumer.end_offsets([where]))[where]
            if self.position > end:  # the topic was made anew
                self._waiting, self.position = {}, 0
            self._waiting = {offset: of for offset, of in self._waiting.items() if offset >= first}
            consumer.seek(where, max(first, self.position))
            while (position := await consumer.position(where)) < end:
                found = await consumer.getmany(where, timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
                for records in found.values():
                    await asyncio.to_thread(self._note, records)
            self.position = max(position, end)

    def _note(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        for record in records:
            if not record.value:
                for offset, _ in replays_in(record):
                    self._waiting.pop(offset, None)
                continue
            try:
                letter = decode(DeadLetter, record.value)
            except UndecodableMessage:
                continue  # not one of ours
            if letter.document_id is not None and letter.stage in REPLAYED_STAGES:
                self._waiting[record.offset] = letter.document_id
                if len(self._waiting) > _MAX_LETTERS:
                    del self._waiting[next(iter(self._waiting))]
