"""Warns when pages wait so long that their files are about to go.

Kafka keeps a file for its topic's retention, and a page task for ever.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from time import monotonic

from streams.messages.records import PageTask
from streams.monitoring.metrics import Metrics

logger = logging.getLogger(__name__)

_WARN_AT_FRACTION = 0.8  # of the retention: of the default week a day and a half is left to act
_WARN_EVERY_S = 600.0


class RetentionWatch:
    """Compares how long each page has waited with the retention of its file. Pages are read in the order sent."""

    def __init__(self, metrics: Metrics, retention_h: float) -> None:
        self._metrics = metrics
        self._retention_s = retention_h * 3600
        self._warned_at = float("-inf")

    def note(self, task: PageTask) -> None:
        """Note a page that is about to be read; warn, every ten minutes at most, where its file soon expires."""
        waited_s = _age_s(task.started)
        self._metrics.page_waited_s.set(waited_s)
        self._metrics.retention_share.set(waited_s / self._retention_s)
        if waited_s < _WARN_AT_FRACTION * self._retention_s or monotonic() - self._warned_at < _WARN_EVERY_S:
            return
        self._warned_at = monotonic()
        logger.warning(
            "pages have waited %.0f h to be read, and raw-files keeps their files for %.0f h: start more readers, "
            "or raise the topic's retention.ms, before pages end as SourceGone",
            waited_s / 3600, self._retention_s / 3600,
        )  # fmt: skip


def _age_s(moment: str) -> float:
    """Return the seconds since an ISO 8601 time; 0 for what is no such time: the task is as good without."""
    try:
        then = datetime.fromisoformat(moment)
    except ValueError:
        return 0.0
    return max(0.0, (datetime.now(UTC) - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())
