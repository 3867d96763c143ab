"""How a process logs: one line an event, to stderr, without what libraries log of their own insides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from streams.monitoring.log_lines import JsonFormatter, LogFormat, PlainFormatter

_QUIET = (
    "aiokafka", "faust", "mode", "asyncio", "uvicorn", "httpx", "httpcore", "python_multipart", "watchdog", "PIL",
    "rapidocr", "RapidOCR",
)  # fmt: skip
_REPEAT_AFTER_S = 60.0
_MAX_KNOWN_LINES = 1000


def configure_logging(level: str, log_format: LogFormat = "text") -> None:
    """Log our own events from `level` on, other libraries' from WARNING on and each of theirs once a minute."""
    logging.basicConfig(level=level, force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonFormatter() if log_format == "json" else PlainFormatter())
        handler.addFilter(OncePerMinute(_QUIET))
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))
    # these log as errors what they then retry with success; what they fail at is raised as well
    for name in ("aiokafka.consumer.group_coordinator", "aiokafka.consumer.fetcher"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class OncePerMinute(logging.Filter):
    """Drops what a library logged within the last minute: clients of a Kafka that is away log 200 lines a second.

    Lines are the same where the text before their arguments are put in is. The next one that passes ends with how
    many were dropped.
    """

    def __init__(self, libraries: tuple[str, ...], clock: Callable[[], float] = monotonic) -> None:
        """Create a filter for these loggers, and those below them."""
        super().__init__()
        self._libraries = frozenset(libraries)
        self._clock = clock
        self._passed: dict[tuple[str, str], tuple[float, int]] = {}  # logger, text → when, dropped since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is logged."""
        if record.name.partition(".")[0] not in self._libraries:
            return True
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return False  # Faust calls it a crash when its agents end with the worker
        line, now = (record.name, str(record.msg)), self._clock()
        passed_s, dropped = self._passed.get(line, (now - _REPEAT_AFTER_S, 0))
        if now - passed_s < _REPEAT_AFTER_S:
            self._passed[line] = passed_s, dropped + 1
            return False
        if len(self._passed) >= _MAX_KNOWN_LINES:
            self._passed.clear()
        self._passed[line] = now, 0
        if dropped:
            record.msg = f"{record.getMessage()} (and {dropped} more like it)"
            record.args = None
        return True
