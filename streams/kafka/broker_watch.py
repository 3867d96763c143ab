"""Asks Kafka again and again whether it answers, so that health is honest within seconds of its death."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from time import monotonic
from typing import Protocol

from streams.errors import BrokerError
from streams.kafka.clients import open_admin
from streams.settings import Settings

logger = logging.getLogger(__name__)

_INTERVAL_S = 2.0
_ANSWER_S = 3.0


class BrokerHealth(Protocol):
    """What notes the answers (streams.monitoring.health.Health)."""

    @property
    def kafka_away_s(self) -> float:
        """Seconds since the last answer, where they are too many; else 0."""

    def kafka_answered(self) -> None:
        """Note an answer."""


async def watch_broker(settings: Settings, health: BrokerHealth) -> None:
    """Note each answer of Kafka until cancelled; log once when it is away and once when it is back."""
    answered_s, away = monotonic(), False
    while True:
        try:
            # a broker that is stopped accepts connections, and never answers
            async with AsyncExitStack() as connection:
                async with asyncio.timeout(_ANSWER_S):
                    admin = await connection.enter_async_context(open_admin(settings))
                while True:
                    async with asyncio.timeout(_ANSWER_S):
                        await admin.describe_cluster()
                    health.kafka_answered()
                    if away:
                        logger.warning("Kafka answers again after %.0f s", monotonic() - answered_s)
                    answered_s, away = monotonic(), False
                    await asyncio.sleep(_INTERVAL_S)
        except (BrokerError, TimeoutError):
            if not away and health.kafka_away_s:
                away = True
                logger.warning("Kafka at %s does not answer; work waits for it", settings.broker)
        await asyncio.sleep(_INTERVAL_S)
