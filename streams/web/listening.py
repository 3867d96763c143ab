"""An ASGI application served on the worker's event loop for the length of a block."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from streams.monitoring.health import Health, note_end

_LAST_REQUESTS_S = 2  # that a request may go on once the worker is asked to stop


class _Server(uvicorn.Server):
    """Leaves the signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def served(
    app: ASGIApp,
    listening: socket.socket,
    what: str,
    health: Health,
    protocol: type[asyncio.Protocol] | None = None,
    keep_alive_s: int = 5,
) -> AsyncIterator[None]:
    """Answer on a socket for the length of the block. Where that ends all the same, the worker is broken.

    Args:
        what: What no longer goes on then, as a clause: "the API is served".
        protocol: Of connections; none: uvicorn's own.
        keep_alive_s: How long a connection without requests stays open.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        http=protocol or "auto",
        timeout_graceful_shutdown=_LAST_REQUESTS_S,
        timeout_keep_alive=keep_alive_s,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    task.add_done_callback(lambda end: None if server.should_exit else note_end(end, what, health))
    try:
        yield
    finally:
        server.should_exit = True
        await task
