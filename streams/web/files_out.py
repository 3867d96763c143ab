"""What documents looked like: their files as they were delivered, and pictures of their pages."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AsyncExitStack
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from models.documents.files import content_type
from models.documents.pictures import PictureOptions, PictureType
from streams.messages.records import DocumentRecord
from streams.web.export import GUARDED, STALLS_FOR_S
from streams.web.lookup import DocumentId, PageNumber, document_of
from streams.web.parts import ApiParts
from streams.web.problems import Problem

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_MAX_WIDTH_PX = 5000  # of a picture; A3 at 400 dpi
_TYPES: dict[PictureType, str] = {"png": "image/png", "jpg": "image/jpeg"}
_AWAY: dict[int | str, dict[str, Any]] = {
    410: {"model": Problem, "description": "its bytes are no longer where they were (`source-gone`)"},
    409: {"model": Problem, "description": "it is encrypted, and `passwords` has none that opens it"},
}

Width = Annotated[
    int | None,
    Query(ge=1, le=_MAX_WIDTH_PX, description="in pixels; none: the width of its record, which regions refer to"),
]
IfNoneMatch = Annotated[str | None, Header(include_in_schema=False)]


def file_routes(parts: ApiParts) -> APIRouter:
    """Return the routes of documents' bytes and of pages' pictures."""
    routes = APIRouter(tags=["what was read"])

    @routes.get(
        "/documents/{document_id:path}/file", summary="A document's file, as it was delivered",
        response_class=Response, responses={200: {"content": {"application/octet-stream": _BINARY}}, **_AWAY},
    )  # fmt: skip
    async def file(document_id: DocumentId) -> Response:
        document = await document_of(parts.table, document_id)
        async with AsyncExitStack() as stack:
            path = await stack.enter_async_context(parts.originals.file(document))
            kind = await asyncio.to_thread(content_type, path)
            name = document.path.rpartition("/")[2] or "document"
            headers = {**GUARDED, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
            return HeldFile(str(path), media_type=kind, headers=headers, held=stack.pop_all())

    for kind in _TYPES:
        _add_picture(routes, parts, kind)
    return routes


def _add_picture(routes: APIRouter, parts: ApiParts, kind: PictureType) -> None:
    @routes.get(
        f"/documents/{{document_id:path}}/pages/{{pagenum:int}}.{kind}",
        summary=f"A page's picture, as {kind.upper()}", response_class=Response,
        responses={200: {"content": {_TYPES[kind]: _BINARY}}, **_AWAY}, operation_id=f"page_picture_{kind}",
    )  # fmt: skip
    async def picture(
        document_id: DocumentId, pagenum: PageNumber, width: Width = None, if_none_match: IfNoneMatch = None
    ) -> Response:
        document = await document_of(parts.table, document_id)
        page = await parts.table.ask(lambda t: t.page(document_id, pagenum))
        known = page is not None and page.width > 0 and page.dpi > 0
        options = PictureOptions(
            kind,
            width or (min(page.width, _MAX_WIDTH_PX) if page is not None and known else None),
            page.dpi if page is not None and known else None,
            page.width if page is not None and known else None,
            parts.settings.max_megapixels,
        )
        headers = {**GUARDED, "Cache-Control": "private, no-cache", "ETag": _tag(document, pagenum, options)}
        if if_none_match == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        drawn = await parts.originals.picture(document, pagenum, options)
        return Response(drawn, media_type=_TYPES[kind], headers=headers)


def _tag(document: DocumentRecord, pagenum: int, options: PictureOptions) -> str:
    of = f"{document.sha256 or document.reference}\0{pagenum}\0{options}"
    return f'"{hashlib.sha256(of.encode(errors="backslashreplace")).hexdigest()[:32]}"'


class HeldFile(FileResponse):
    """A file that stays in the cache until it is sent, or until its client leaves or reads nothing for too long."""

    def __init__(self, path: str, *, media_type: str, headers: dict[str, str], held: AsyncExitStack) -> None:
        super().__init__(path, media_type=media_type, headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def within_time(message: Message) -> None:
            async with asyncio.timeout(STALLS_FOR_S):
                await send(message)

        async with self._held:
            await super().__call__(scope, receive, within_time)
