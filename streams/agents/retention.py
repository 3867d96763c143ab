"""Warns when files wait so long that what they need of the disk has no bound any more.

Nothing expires unread: raw-files keeps a file until its pages are read, however long that takes.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from time import monotonic

from streams.messages.records import Stage
from streams.monitoring.metrics import Metrics

logger = logging.getLogger(__name__)

_WARN_AT_FRACTION = 0.8  # of the retention: of the default week a day and a half is left to act
_WARN_EVERY_S = 600.0


class RetentionWatch:
    """Compares how long each file has waited, in all, with how long raw-files keeps files that are read."""

    def __init__(self, metrics: Metrics, stage: Stage, retention_h: float) -> None:
        self._waited_s = metrics.file_waited_s.labels(stage=stage)
        self._share = metrics.retention_share.labels(stage=stage)
        self._retention_s = retention_h * 3600
        self._warned_at = float("-inf")

    def note(self, sent: str | None) -> None:
        """Note a file, or a page of it, that is taken up now; warn, every ten minutes at most, where it is old.

        Args:
            sent: When Kafka took the file, ISO 8601.
        """
        waited_s = _age_s(sent)
        self._waited_s.set(waited_s)
        if not self._retention_s:
            return
        self._share.set(waited_s / self._retention_s)
        if waited_s < _WARN_AT_FRACTION * self._retention_s or monotonic() - self._warned_at < _WARN_EVERY_S:
            return
        self._warned_at = monotonic()
        logger.warning(
            "files have waited %.0f h to be read, and raw-files holds more than those of the last %.0f h: "
            "start more readers, or see that Kafka's disk has room; none is deleted before it is read",
            waited_s / 3600, self._retention_s / 3600,
        )  # fmt: skip


def _age_s(moment: str | None) -> float:
    """Return the seconds since an ISO 8601 time; 0 for what is no such time: the task is as good without."""
    try:
        then = datetime.fromisoformat(moment or "")
    except ValueError:
        return 0.0
    return max(0.0, (datetime.now(UTC) - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())
