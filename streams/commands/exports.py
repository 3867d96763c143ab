"""All rows of a query, from the service to standard output as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

EXPORT_FORMATS = ("csv", "jsonl", "json")


def print_export(answer: httpx.Response, output: str) -> None:
    """Write the body of an answer: CSV as it is; JSON lines as they are, or as one JSON array.

    Raises:
        QueryError: It ended early.
    """
    import httpx

    from streams.errors import QueryError

    out = sys.stdout.buffer
    try:
        if output != "json":
            for piece in answer.iter_bytes():
                out.write(piece)
        else:
            _write_array(answer.iter_bytes())
    except httpx.TransportError as error:
        out.flush()
        raise QueryError(
            "the export ended before its end, and what was written is not whole. Either the service stopped, or a "
            "limit was reached (query_timeout_s for a part, export_timeout_s for all): its log has which"
        ) from error
    out.flush()


def _write_array(pieces: Iterator[bytes]) -> None:
    """Write JSON lines as one array; a piece ends where a line does, or anywhere."""
    out, before, left = sys.stdout.buffer, b"[\n", b""
    for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        for line in lines:
            out.write(before + line)
            before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")
