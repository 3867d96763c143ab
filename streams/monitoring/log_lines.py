"""A log line as text for people, or as JSON for programs, with the document and the page that were in work."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

import orjson

from models.errors import without_secrets
from streams.escapes import plain

LogFormat = Literal["text", "json"]

_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_in_work: ContextVar[dict[str, str | int] | None] = ContextVar("in_work", default=None)


def log_about(document_id: str, pagenum: int | None = None) -> None:
    """Have the JSON lines of the running asyncio task name a document, and a page of it, from now on."""
    _in_work.set({"document_id": document_id} | ({} if pagenum is None else {"pagenum": pagenum}))


class PlainFormatter(logging.Formatter):
    """Escapes control characters, and leaves out the user and password of URIs.

    Names of files and documents are in log lines, and logs are read on terminals.
    """

    def __init__(self, layout: str = _TEXT) -> None:
        super().__init__(layout)

    def format(self, record: logging.LogRecord) -> str:
        """Return a line, or several with a traceback."""
        return without_secrets(plain(super().format(record)))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message; document_id and pagenum in work; exception.

    Nothing that was read is in it, as in the text of lines: see log_records in the settings.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": moment.replace("+00:00", "Z"), "level": record.levelname, "logger": record.name,
            "message": _cleaned(record.getMessage()), **(_in_work.get() or {}),
        }  # fmt: skip
        if record.exc_info:
            line["exception"] = _cleaned(self.formatException(record.exc_info))
        return orjson.dumps(line).decode()


def _cleaned(text: str) -> str:
    # a lone surrogate, of a file name that is no UTF-8, is no JSON
    return without_secrets(plain(text)).encode(errors="replace").decode()
