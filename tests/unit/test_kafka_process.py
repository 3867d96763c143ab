"""When the embedded Kafka is given up; that it starts again is tried on a real one, in tests/integration."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.broker.embedded import EmbeddedKafka
from streams.errors import BrokerError
from streams.service.kafka_process import keep_kafka_running


class Broken(EmbeddedKafka):
    """A broker that ends as soon as it is started."""

    launches = 0

    @property
    def exit_code(self) -> int:
        return 1

    def launch(self) -> None:
        self.launches += 1

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        raise BrokerError("Kafka ended while starting")


async def test_a_kafka_that_does_not_stay_up_is_given_up_with_one_sentence(tmp_path: Path) -> None:
    kafka = Broken(tmp_path)
    with pytest.raises(BrokerError, match=r"Kafka does not stay up \(exit code 1\); its log is .*kafka\.log"):
        await keep_kafka_running(kafka, restart_delays_s=(0.0,))
    assert kafka.launches == 5
