"""What could not be processed, and why: made here, kept on the dead-letters topic, replayable."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Iterable

from models.errors import InkstreamError, without_secrets
from streams.messages.incoming import Incoming
from streams.messages.records import DeadLetter, Stage, now

# A page task is under a kilobyte. Files stay on raw-files, from where a replay fetches them.
_MAX_PAYLOAD_BYTES = 64 * 1024
# `options` may hold a password, and any client's own header (authorization, cookie) another secret. A replay reads
# the original headers from the topic.
_MAX_SHOWN_CHARACTERS = 8192  # of a header, which may fill a whole message
_SHOWN_HEADERS = {"path", "document-id", "content-ref", "replay-of"}


def dead_letter(
    stage: Stage,
    error: InkstreamError,
    message: Incoming,
    *,
    attempts: int,
    path: str | None = None,
    document_id: str | None = None,
    pagenum: int | None = None,
) -> DeadLetter:
    """Return the dead letter of a message that ended with `error`. Its value's secrets are sealed by the caller."""
    value = message.value
    small = value is not None and len(value) <= _MAX_PAYLOAD_BYTES and stage == "read_pages"
    return DeadLetter(
        timestamp=now(), reason=error.reason, stage=stage, exception=error.summary,
        traceback=without_secrets("".join(traceback.format_exception(error))),
        topic=message.topic, partition=message.partition, offset=message.offset,
        attempts=attempts, path=path, document_id=document_id, pagenum=pagenum,
        headers=_readable(message.headers),
        payload_base64=base64.b64encode(value).decode() if small and value is not None else None,
    )  # fmt: skip


def _readable(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    return {
        name: without_secrets(value.decode(errors="replace"))[:_MAX_SHOWN_CHARACTERS]
        for name, value in headers
        if value is not None and name in _SHOWN_HEADERS
    }
