"""A message by the name that its sender would know it by."""

from __future__ import annotations

import orjson

from models.errors import without_secrets
from streams.escapes import plain_line
from streams.messages.incoming import Incoming

_MAX_TASK_BYTES = 64 * 1024  # a page task is under a kilobyte; what is larger is a file
_MAX_CHARACTERS = 120


def named(message: Incoming) -> str:
    """Return `topic/partition/offset`, and in brackets the file and the page (from 1) it names, if any.

    Control characters are escaped: anybody may have written them.
    """
    path, page = _path_and_page(message)
    name = without_secrets(path).rsplit("/", 1)[-1]
    if not name:
        return message.position
    return f"{message.position} ({plain_line(name[:_MAX_CHARACTERS])}{page})"


def _path_and_page(message: Incoming) -> tuple[str, str]:
    headers = dict(message.headers)
    header = headers.get("path") or headers.get("content-ref")
    if header:
        return header.decode(errors="replace"), ""
    value = message.value or b""
    if not value.startswith(b"{") or len(value) > _MAX_TASK_BYTES:
        return "", ""
    try:
        task = orjson.loads(value)
    except orjson.JSONDecodeError:
        return "", ""
    path, pagenum = task.get("path"), task.get("pagenum")
    return path if isinstance(path, str) else "", f", page {pagenum + 1}" if type(pagenum) is int else ""
