"""What documents looked like: their files as they were delivered, and pictures of their pages."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AsyncExitStack
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from models.documents.files import content_type
from models.documents.pictures import PictureOptions, PictureType
from models.export.draw_svg import svg_of
from models.export.drawing import Drawing, DrawOptions, Levels, drawing_of
from models.export.types import DrawnType
from streams.messages.records import DocumentRecord, PageText
from streams.web.export import GUARDED, STALLS_FOR_S
from streams.web.forms import check_page_words
from streams.web.lookup import DocumentId, PageNumber, document_of
from streams.web.parts import ApiParts
from streams.web.problems import Problem

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_MAX_WIDTH_PX = 5000  # of a picture; A3 at 400 dpi
_TYPES: dict[DrawnType, str] = {"png": "image/png", "jpg": "image/jpeg", "svg": "image/svg+xml"}
_AWAY: dict[int | str, dict[str, Any]] = {
    410: {"model": Problem, "description": "its bytes are no longer where they were (`source-gone`)"},
    409: {"model": Problem, "description": "it is encrypted, and `passwords` has none that opens it"},
}

IfNoneMatch = Annotated[str | None, Header(include_in_schema=False)]


class PictureQuery(DrawOptions):
    """How a page's picture looks; without `regions` nothing is drawn on it."""

    width: int | None = Field(
        None, ge=1, le=_MAX_WIDTH_PX,
        description="in pixels; none: the width of its record, which regions refer to",
    )  # fmt: skip
    regions: Levels = Field((), description="what is drawn: lines, words or lines,words; none: nothing")


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


def _add_picture(routes: APIRouter, parts: ApiParts, kind: DrawnType) -> None:
    @routes.get(
        f"/documents/{{document_id:path}}/pages/{{pagenum:int}}.{kind}",
        summary=f"A page's picture, as {kind.upper()}, with what was read drawn on it where `regions` are given",
        response_class=Response, responses={200: {"content": {_TYPES[kind]: _BINARY}}, **_AWAY},
        operation_id=f"page_picture_{kind}",
    )  # fmt: skip
    async def picture(
        document_id: DocumentId, pagenum: PageNumber, asked: Annotated[PictureQuery, Query()],
        if_none_match: IfNoneMatch = None,
    ) -> Response:  # fmt: skip
        document = await document_of(parts.table, document_id)
        page = await parts.table.ask(lambda t: t.page(document_id, pagenum))
        options = _picture_options(page, asked.width, parts.settings.max_megapixels, kind)
        drawn = None if kind != "svg" and not asked.regions else (_drawing(page, asked), kind)
        headers = {**GUARDED, "Cache-Control": "private, no-cache"}
        headers["ETag"] = _tag(document, pagenum, options, drawn)
        if kind == "svg":
            headers["Content-Security-Policy"] = "default-src 'none'; img-src data:; sandbox"
        if if_none_match == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if kind == "svg" and not asked.picture and page is not None:
            content = svg_of(_drawing(page, asked), _size(page, options), None)
        else:
            content = await parts.originals.picture(document, pagenum, options, drawn)
        return Response(content, media_type=_TYPES[kind], headers=headers)


def _picture_options(
    page: PageText | None, width: int | None, max_megapixels: float, kind: DrawnType
) -> PictureOptions:
    """Return how a page is drawn: as wide as its record has it, where it was read and no width is asked for."""
    of_type: PictureType = "png" if kind == "png" else "jpg"
    if page is None or not page.width or not page.dpi:
        return PictureOptions(of_type, width, max_megapixels=max_megapixels)
    return PictureOptions(of_type, width or min(page.width, _MAX_WIDTH_PX), page.dpi, page.width, max_megapixels)


def _drawing(page: PageText | None, asked: DrawOptions) -> Drawing:
    """Return what is drawn over a page; nothing where it failed or is not read yet.

    Raises:
        WordsMissing: Words are asked for, and its lines have none.
    """
    if page is None:
        return Drawing((), 0, asked)
    if "words" in asked.regions:
        check_page_words("a drawing of words", page)
    return drawing_of(page, asked)


def _size(page: PageText, options: PictureOptions) -> tuple[int, int]:
    width = options.width or page.width
    return width, round(page.height * width / page.width) if page.width else page.height


def _tag(document: DocumentRecord, pagenum: int, options: PictureOptions, drawn: object) -> str:
    of = f"{document.sha256 or document.reference}\0{pagenum}\0{options}\0{drawn}"
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
