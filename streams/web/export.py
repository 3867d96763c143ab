"""An answer that is written piece by piece, as fast as the client reads: all rows of a query, a whole document."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Response
from starlette.types import Receive, Scope, Send

from models.errors import InkstreamError
from streams.table.exports import EXPORT_TYPES, ExportType

logger = logging.getLogger(__name__)

# what was read is somebody else's: nothing in it runs, and nothing is taken for what it is not
GUARDED = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
STALLS_FOR_S = 30.0  # a client that reads nothing for so long has its export ended: it holds a snapshot


def export_type(accept: str) -> ExportType | None:
    """Return what an Accept header asks for before anything else, None where that is the answer of all queries."""
    for part in accept.split(","):
        wanted = part.partition(";")[0].strip().lower()
        for media_type in EXPORT_TYPES:
            if wanted == media_type:
                return media_type
        if wanted in ("application/json", "*/*"):
            return None
    return None


class ExportResponse(Response):
    """Writes pieces in chunks. Where they end early, so does the connection, without the chunk that ends a body."""

    def __init__(self, pieces: AsyncGenerator[bytes], first: bytes, media_type: str) -> None:
        """Create the answer; `first` is the first of the pieces, for which a refusal was waited."""
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self.headers.update(GUARDED)
        self._pieces = pieces
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write all pieces, until the client is gone or stalls, or the query is ended by its limits."""
        async with aclosing(self._pieces):
            work = {asyncio.create_task(self._write(send)), asyncio.create_task(_gone(receive))}
            try:
                done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            except InkstreamError as error:
                logger.warning("an answer ended early: %s", error.message)
            except TimeoutError:
                logger.warning("an answer ended early: its client read nothing for %g s", STALLS_FOR_S)
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)

    async def _write(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await _send_piece(send, self._first)
        async for piece in self._pieces:
            await _send_piece(send, piece)
        await send({"type": "http.response.body", "body": b""})


async def _send_piece(send: Send, piece: bytes) -> None:
    """Send a piece. Raises TimeoutError where the client does not take those before it."""
    async with asyncio.timeout(STALLS_FOR_S):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _gone(receive: Receive) -> None:
    """Return once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
