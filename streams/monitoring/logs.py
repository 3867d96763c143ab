"""How a process logs: one line an event, to stderr, without what libraries log of their own insides."""

from __future__ import annotations

import logging

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_QUIET = ("aiokafka", "faust", "mode", "asyncio", "uvicorn", "httpx", "watchdog", "PIL", "rapidocr", "RapidOCR")


def configure_logging(level: str) -> None:
    """Log our own events from `level` on, other libraries' from WARNING on."""
    logging.basicConfig(level=level, format=_FORMAT, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))
    # these log as errors what they then retry with success; what they fail at is raised as well
    for name in ("aiokafka.consumer.group_coordinator", "aiokafka.consumer.fetcher"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
