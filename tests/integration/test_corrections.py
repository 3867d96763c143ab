"""A correction on a real Kafka: SQL has it, after a start too, and it goes with its document."""

from __future__ import annotations

from streams.kafka.clients import open_producer
from streams.kafka.topics import TopicNames
from streams.messages.codec import encode
from streams.messages.corrections import Correction, place_of
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import eventually
from tests.integration.test_deletion import following
from tests.unit.test_api import PAGE


async def test_a_correction_is_kept_over_a_start_and_forgotten_by_its_tombstone(settings: Settings) -> None:
    region = PAGE.regions[0]
    made = Correction(
        document_id="d", pagenum=0, place=place_of(PAGE, 0), polygon=region.polygon, width=PAGE.width,
        height=PAGE.height, old_text=region.text, text="the invoice", when="2026-11-27T16:00:00.000Z",
    )  # fmt: skip
    async with open_producer(settings) as producer, FileProducer(settings) as corrector:
        await corrector.correct(made.key, made)
        await producer.send_and_wait(TopicNames.of(settings).page_text, encode(PAGE), key=b"d/0")
        for _ in range(2):  # the second table reads everything again
            async with following(settings) as table:
                rows = await table.ask(lambda t: t.query("SELECT text, corrected FROM result").rows)
                assert rows == [["the invoice", 1]]
                assert table.passed_over == 0
        async with following(settings) as table:
            keys = await table.ask(lambda t: t.correction_keys("d"))
            await corrector.forget_corrections(keys)

            async def is_as_read() -> bool:
                found = await table.ask(lambda t: t.query("SELECT text, corrected FROM result").rows)
                return found == [["an invoice", 0]]

            await eventually(is_as_read)
