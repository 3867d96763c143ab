"""One way to wait for what Kafka learns late, one sentence for what it refuses."""

from __future__ import annotations

import pytest
from aiokafka.errors import KafkaError, LeaderNotAvailableError, TopicAuthorizationFailedError

from streams.errors import BrokerError
from streams.kafka.clients import broker_errors, until_found
from streams.settings import Settings


async def test_what_is_not_there_yet_is_looked_for_again() -> None:
    answers: list[KafkaError | dict[str, int] | None] = [None, LeaderNotAvailableError(), {}]

    async def look() -> dict[str, int] | None:
        found = answers.pop(0)
        if isinstance(found, KafkaError):
            raise found
        return found

    assert await until_found(look) == {}
    assert answers == []


async def test_a_refusal_is_not_tried_again() -> None:
    tries = 0

    async def look() -> None:
        nonlocal tries
        tries += 1
        raise TopicAuthorizationFailedError

    with pytest.raises(TopicAuthorizationFailedError):
        await until_found(look)
    assert tries == 1


def test_every_kafka_error_is_a_broker_error_that_names_the_broker() -> None:
    with (
        pytest.raises(BrokerError, match=r"^Kafka at kafka:9092 does not take a\.pdf: TopicAuthorization"),
        broker_errors(Settings(broker="kafka:9092"), "does not take a.pdf"),
    ):
        raise TopicAuthorizationFailedError
