"""Keeps the gauges of each stage's lag current, in the one role that looks at all stages."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from streams.errors import BrokerError
from streams.kafka.shared_lag import SharedLag
from streams.monitoring.metrics import Metrics

_INTERVAL_S = 15.0  # Prometheus' usual interval


async def keep_lag_gauges(lags: SharedLag, metrics: Metrics) -> NoReturn:
    """Set the gauges every 15 seconds, until cancelled."""
    while True:
        await set_lag_gauges(lags, metrics)
        await asyncio.sleep(_INTERVAL_S)


async def set_lag_gauges(lags: SharedLag, metrics: Metrics) -> None:
    """Set the gauges. Where Kafka is away they are gone: old lags mislead."""
    try:
        look = await lags.look(_INTERVAL_S / 2)
    except BrokerError:  # /healthz and inkstream_kafka_away_seconds report it
        metrics.lag.clear()
        metrics.processed.clear()
        return
    for stage in look.stages:
        metrics.lag.labels(stage=stage.stage).set(stage.lag)
        metrics.processed.labels(stage=stage.stage).set(stage.processed)
