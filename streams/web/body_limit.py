"""A request body larger than it may be is refused while it comes, not after it has filled memory or disk."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.web.problems import Refusal


class BodyLimit:
    """ASGI middleware. `limit_of` returns the most bytes that a path takes."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = _counted(receive, Headers(scope=scope), self._limit_of(scope["path"]))
        await self._app(scope, receive, send)


def _counted(receive: Receive, headers: Headers, limit: int) -> Receive:
    announced = headers.get("content-length", "")
    received = int(announced) if announced.isdecimal() else 0
    too_large = Refusal("too-large", f"the request is larger than the {limit} bytes that are taken here")

    async def counted() -> Message:
        nonlocal received
        if received > limit:  # raised where the body is awaited, so that it becomes an answer like any other
            raise too_large
        message = await receive()
        if not announced:
            received += len(message.get("body", b""))
        if received > limit:
            raise too_large
        return message

    return counted
