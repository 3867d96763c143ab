"""When a worker waits until it knows what was read before, and what it logs then."""

from __future__ import annotations

import logging

import pytest

from streams.agents import readings
from streams.agents.outgoing import Addressing, Outgoing
from streams.agents.readings import Readings
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode, encode
from streams.messages.records import DocumentRecord
from streams.settings import Settings
from tests.unit.test_table_follower import DOCUMENT, message


async def deliver(_: list[Outgoing]) -> None:
    raise AssertionError("nothing is late")


async def test_that_the_documents_are_not_known_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readings, "_KNOWN_WITHIN_S", 0.0)
    settings = Settings()
    found = Readings(settings, Addressing(TopicNames.of(settings), 3), deliver)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await found.known()
    assert [record.getMessage() for record in caplog.records] == [
        "documents is not read yet: files may be read twice"
    ]


def test_repeats_that_a_tracker_has_not_heard_of_are_written_again() -> None:
    """It counts a page once more after a restart, from the record as it was before the repeat."""
    settings = Settings()
    found = Readings(settings, Addressing(TopicNames.of(settings), 3), deliver)
    done = DocumentRecord.model_validate({**DOCUMENT, "sent": "2026-01-01T00:00:00.000Z"})
    repeated = done.model_copy(update={"repeats": 1, "reference": "kafka://raw-files/0/2"})
    assert found._take(message("documents", b"d", encode(repeated))) == []
    (again,) = found._take(message("documents", b"d", encode(done)))
    assert decode(DocumentRecord, again.value) == repeated
    assert found._take(message("documents", b"d", again.value)) == []
    later = done.model_copy(update={"sent": "2026-01-02T00:00:00.000Z"})
    assert found._take(message("documents", b"d", encode(later))) == []
