"""A request body larger than it may be is refused while it comes, not after it has filled memory or disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.web.problems import Refusal, problem
from streams.web.upload_room import UploadRoom

MAX_REQUEST_BYTES = 1024 * 1024  # beside uploads


class BodyLimit:
    """ASGI middleware. Bodies of uploads share a room as well."""

    def __init__(self, app: ASGIApp, uploads: Mapping[str, int], room: UploadRoom) -> None:
        """Take the most bytes of an upload by its path; the bodies of other paths may have a MiB."""
        self._app = app
        self._uploads = uploads
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, headers = self._uploads.get(scope["path"]), Headers(scope=scope)
        if limit is None:
            await self._app(scope, _counted(receive, headers, MAX_REQUEST_BYTES), send)
            return
        try:
            with self._room.upload() as share:
                await self._app(scope, _counted(receive, headers, limit, share.take), send)
        except Refusal as refused:  # of the room: those of the app are answers already
            await problem(refused.slug, str(refused.detail), refused.headers)(scope, receive, send)


def _counted(
    receive: Receive, headers: Headers, limit: int, take: Callable[[int], None] = lambda _: None
) -> Receive:
    """Return a `receive` that raises Refusal where more comes than the limit, or than `take` has room for."""
    announced = headers.get("content-length", "")
    received = int(announced) if announced.isdecimal() else 0
    too_large = Refusal("too-large", f"the request is larger than the {limit} bytes that are taken here")

    async def counted() -> Message:
        nonlocal received
        if received > limit:  # raised where the body is awaited, so that it becomes an answer like any other
            raise too_large
        message = await receive()
        come = len(message.get("body", b""))
        if not announced:
            received += come
        if received > limit:
            raise too_large
        take(come)
        return message

    return counted
