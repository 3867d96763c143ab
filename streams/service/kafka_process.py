"""The embedded Kafka as a child process that is kept running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic

from streams.broker.embedded import EmbeddedKafka
from streams.errors import BrokerError

logger = logging.getLogger(__name__)

START_WITHIN_S = 60.0
_CHECK_S = 0.25
_RESTART_DELAYS_S = (0.5, 2.0, 5.0, 15.0)
_MAX_DEATHS = 5
_WITHIN_S = 300.0  # more than so many deaths in so long, and something is wrong that no start mends


async def keep_kafka_running(kafka: EmbeddedKafka, restart_delays_s: Sequence[float] = _RESTART_DELAYS_S) -> None:
    """Start the embedded Kafka again, on the same data and ports, whenever it ends; cancel to give that up.

    Clients notice only that it was away for some seconds. Runs on the thread that launched Kafka.

    Args:
        restart_delays_s: Waited before the first start, the second, and so on; the last again and again.

    Raises:
        BrokerError: It does not stay up, or does not start again.
    """
    deaths: list[float] = []
    while True:
        if (code := kafka.exit_code) is None:
            await asyncio.sleep(_CHECK_S)
            continue
        deaths = [moment for moment in deaths if monotonic() - moment < _WITHIN_S] + [monotonic()]
        if len(deaths) > _MAX_DEATHS:
            raise BrokerError(f"Kafka does not stay up (exit code {code}); its log is {kafka.log}")
        delay_s = restart_delays_s[min(len(deaths), len(restart_delays_s)) - 1]
        logger.error("Kafka ended (exit code %s) and starts again on its data; its log is %s", code, kafka.log)
        await asyncio.sleep(delay_s)
        try:
            kafka.launch()
            await asyncio.to_thread(kafka.wait_ready, START_WITHIN_S)
        except BrokerError as error:
            logger.error("Kafka did not start again: %s", error.message)
        else:
            logger.warning("Kafka is back at %s", kafka.bootstrap)
