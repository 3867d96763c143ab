"""Trims raw-files beside the split agent: each worker those partitions whose files it splits."""

from __future__ import annotations

import asyncio
import logging
from typing import NoReturn

from streams.agents.faust_types import HasConsumer, assigned_partitions
from streams.errors import BrokerError
from streams.kafka.file_trimmer import FileTrimmer
from streams.monitoring.metrics import Metrics

logger = logging.getLogger(__name__)

_INTERVAL_S = 30.0


async def trim_files(app: HasConsumer, trimmer: FileTrimmer, metrics: Metrics) -> NoReturn:
    """Trim the partitions that an app is assigned every half minute, until cancelled."""
    while True:
        await asyncio.sleep(_INTERVAL_S)
        partitions = {number for _, number in assigned_partitions(app)}
        try:
            for found in await trimmer.trim(partitions):
                metrics.files_kept.labels(partition=found.partition).set(found.end - found.log_start)
                metrics.files_trimmed.inc(found.deleted)
        except (BrokerError, OSError) as error:  # only disk space waits; the next round tries again
            logger.warning("raw-files not trimmed: %r", error)
