"""Dead letters that wait to be replayed are found without reading the topic again each time."""

from __future__ import annotations

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from models.errors import CorruptFile
from streams.kafka.clients import open_admin, open_producer
from streams.kafka.letter_index import LetterIndex
from streams.kafka.replay import Replayer
from streams.kafka.topics import TopicNames
from streams.messages.codec import encode
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.records import DeadLetter, PageTask, page_key
from streams.settings import Settings
from tests.integration.test_commands import TASK


def letter_of(settings: Settings, document_id: str) -> DeadLetter:
    task: PageTask = TASK.model_copy(update={"document_id": document_id})
    message = Incoming(TopicNames.of(settings).pages, 1, 7, page_key(document_id, 0).encode(), encode(task))
    return dead_letter(
        "read_pages", CorruptFile("cannot be drawn"), message, attempts=1, path=task.path,
        document_id=document_id, pagenum=0,
    )  # fmt: skip


async def put(settings: Settings, *values: bytes) -> None:
    async with open_producer(settings) as producer:
        for value in values:
            await producer.send_and_wait(TopicNames.of(settings).dead_letters, value)


async def test_letters_are_found_by_document_until_they_are_replayed(settings: Settings) -> None:
    letters = LetterIndex(settings)
    assert await letters.waiting("a") == []
    a, b = letter_of(settings, "a"), letter_of(settings, "b")
    called = a.model_copy(update={"stage": "webhooks"})
    await put(settings, encode(a), encode(b), b"{}", encode(called), encode(a))
    assert (await letters.waiting("a"), await letters.waiting("b"), letters.position) == ([0, 4], [1], 5)
    async with Replayer(settings) as replayer:
        stored = await replayer.stored(4)
        assert stored.letter == a
        await replayer.mark(stored)
    assert (await letters.waiting("a"), letters.position) == ([0], 6)


async def test_letters_that_kafka_has_deleted_wait_no_longer_and_none_is_read_twice(settings: Settings) -> None:
    letters, topic = LetterIndex(settings), TopicNames.of(settings).dead_letters
    a = encode(letter_of(settings, "a"))
    await put(settings, a, a)
    assert await letters.waiting("a") == [0, 1]
    letters._waiting.clear()  # what was read is not read again
    await put(settings, a)
    assert await letters.waiting("a") == [2]
    async with open_admin(settings) as admin:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=3)})
    assert await letters.waiting("a") == []
    await put(settings, a)
    assert await letters.waiting("a") == [3]
