"""A health check that sees a stalled worker: what is in work, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Whether the worker moves, and why not."""

    healthy: bool
    in_flight: int
    oldest_s: float
    detail: str


class Health:
    """Knows the messages in work. A message in work for longer than any time limit allows is a stall."""

    def __init__(self, stalled_after_s: float) -> None:
        self._stalled_after_s = stalled_after_s
        self._since: dict[str, float] = {}
        self.broken: str | None = None
        """Why the worker cannot go on, once it cannot."""

    def begin(self, message: str) -> None:
        """Note that a message is in work."""
        self._since[message] = monotonic()

    def end(self, message: str) -> None:
        """Note that it no longer is."""
        self._since.pop(message, None)

    def report(self) -> HealthReport:
        """Return how the worker is."""
        if self.broken is not None:
            return HealthReport(False, len(self._since), 0.0, self.broken)
        if not self._since:
            return HealthReport(True, 0, 0.0, "idle")
        message, since = min(self._since.items(), key=lambda item: item[1])
        age_s = monotonic() - since
        healthy = age_s <= self._stalled_after_s
        detail = "working" if healthy else f"{message} has been in work for {age_s:.0f} s"
        return HealthReport(healthy, len(self._since), round(age_s, 3), detail)
