"""Sentences about a Kafka that cannot be used, and the addresses that settings take."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiokafka.errors import KafkaTimeoutError, SaslAuthenticationFailed, TopicAuthorizationFailedError

from streams.errors import BrokerError, ConfigurationError
from streams.kafka.clients import open_admin
from streams.kafka.refusals import why
from streams.settings import Settings, load_settings


async def refusal_of(port: int) -> str:
    with pytest.raises(BrokerError) as raised:
        async with open_admin(Settings(broker=f"127.0.0.1:{port}")):
            pass
    message: str = raised.value.message
    assert "\n" not in message
    return message.removeprefix(f"Kafka at 127.0.0.1:{port} cannot be reached: ")


async def test_where_nothing_listens_a_sentence_shows_how_to_start_one(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    assert await refusal_of(port) == (
        "nothing answers there (Connection refused); correct the address, or start it: `inkstream up` runs one"
    )
    assert capfd.readouterr() == ("", "")  # aiokafka's own lines are not printed


async def test_another_program_that_hangs_up_is_not_taken_for_kafka() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        message = await refusal_of(server.sockets[0].getsockname()[1])
    assert message == "it closes the connection; is it a Kafka, and is security_protocol PLAINTEXT right?"


def test_refusals_name_what_to_check() -> None:
    assert "sasl_password" in why(SaslAuthenticationFailed(), "SASL_SSL")
    assert "give this client the right" in why(TopicAuthorizationFailedError(), "PLAINTEXT")
    assert why(KafkaTimeoutError(), "PLAINTEXT").startswith("KafkaTimeoutError")


@pytest.mark.parametrize("broker", ["http://localhost:9092", "localhost:9092/", "localhost", "localhost:99999"])
def test_an_address_that_is_none_is_an_error_at_once(broker: str) -> None:
    with pytest.raises(ConfigurationError, match="is not host:port"):
        load_settings(broker=broker)
