"""When a worker waits until it knows what was read before, and what it logs then."""

from __future__ import annotations

import logging

import pytest

from streams.agents import readings
from streams.agents.outgoing import Addressing, Outgoing
from streams.agents.readings import Readings
from streams.kafka.topics import TopicNames
from streams.settings import Settings


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
