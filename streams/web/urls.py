"""Documents in over HTTP: fetched from the addresses that a request names, as content-refs are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import orjson
from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from models.documents.files import content_type
from models.errors import shown_uri
from streams.web.parts import ApiParts
from streams.web.sending import Sender, Sending, Wait, checked_options
from streams.web.upload import SENDING_RESPONSES, largest_file

_MAX_URLS = 20
_FETCH_S = 60.0  # of one address: somebody waits

Url = Annotated[str, Field(max_length=4096, pattern="^https?://", examples=["https://example.com/lease.pdf"])]


class UrlRequest(BaseModel):
    """Documents to fetch and read."""

    model_config = ConfigDict(extra="forbid")

    urls: list[Url] = Field(min_length=1, max_length=_MAX_URLS, description="http and https only")
    options: dict[str, object] = Field(default_factory=dict, description="reading options")
    again: bool = Field(False, description="read them, though the same were read before")


def url_routes(parts: ApiParts, sender: Sender) -> APIRouter:
    """Return the route that fetches documents and sends them to be read."""
    routes = APIRouter(tags=["documents in"])
    settings = parts.settings
    timeout_s = min(_FETCH_S, settings.content_ref_timeout_s)

    @asynccontextmanager
    async def fetched(url: str) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
        with TemporaryDirectory(prefix="inkstream-url-") as folder:
            target = Path(folder) / "document"
            await parts.originals.fetch_url(url, target, max_bytes=largest_file(settings), timeout_s=timeout_s)
            await asyncio.to_thread(content_type, target)
            with parts.room.share() as share:
                share.take(target.stat().st_size)
                yield partial(asyncio.to_thread, target.read_bytes)

    @routes.post("/urls", status_code=202, summary="Have documents fetched and read", responses=SENDING_RESPONSES)
    async def urls(response: Response, request: Annotated[UrlRequest, Body()], wait: Wait = 0) -> Sending:
        """Each address is accepted or refused by itself; only public ones are fetched from, redirects included."""
        given = checked_options(settings, orjson.dumps(request.options).decode())

        documents = [(shown_uri(url), partial(fetched, url)) for url in request.urls]
        return await sender.send(documents, given, response, again=request.again, wait_s=wait)

    return routes
