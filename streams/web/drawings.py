"""Documents in over HTTP: what somebody wrote on a screen, as a PNG or as strokes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.documents.strokes import Stroke
from streams.processes import reader_process
from streams.web.parts import ApiParts
from streams.web.problems import Problem, Refusal
from streams.web.sending import Options, Sender, Sending, Wait, checked_options
from streams.web.upload import SENDING_RESPONSES, check_size

_MAX_SCREEN_PX = 4000
_MAX_POINTS = 50_000  # of a drawing: some 15 minutes of writing
_MAX_STROKES_BYTES = 4 * 1024 * 1024
_DRAWN_WITHIN_S = 20.0
_PNG = b"\x89PNG\r\n\x1a\n"
_DEFAULTS: dict[str, object] = {"kind_threshold": 0.0}  # every line is handwriting


class Point(BaseModel):
    """One place of the pen; further fields, as `time`, are ignored."""

    model_config = ConfigDict(allow_inf_nan=False)

    x: float = Field(ge=-_MAX_SCREEN_PX, le=2 * _MAX_SCREEN_PX)
    y: float = Field(ge=-_MAX_SCREEN_PX, le=2 * _MAX_SCREEN_PX)
    pressure: float = Field(0.5, ge=0, le=1, description="of the pen; a mouse has .5")


class PenStroke(BaseModel):
    """One line, from where the pen was set down to where it was lifted."""

    points: list[Point] = Field(min_length=1, max_length=_MAX_POINTS)
    width: float = Field(2.5, ge=0.5, le=100, description="of the line at a pressure of .5, in pixels")


class Drawing(BaseModel):
    """What was written on a screen; places are in its pixels, from its top-left corner."""

    model_config = ConfigDict(extra="forbid")

    width: int = Field(ge=8, le=_MAX_SCREEN_PX)
    height: int = Field(ge=8, le=_MAX_SCREEN_PX)
    strokes: list[PenStroke] = Field(min_length=1, max_length=_MAX_POINTS)


_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Drawing"}},
        "image/png": {"schema": {"type": "string", "format": "binary"}},
    },
}


def drawing_routes(parts: ApiParts, sender: Sender) -> APIRouter:
    """Return the route that sends a drawing to be read."""
    routes = APIRouter(tags=["documents in"])

    @routes.post(
        "/drawings", status_code=202, summary="Send what was written on a screen to be read",
        responses={**SENDING_RESPONSES, 415: {"model": Problem, "description": "neither a PNG nor strokes"}},
        openapi_extra={"requestBody": _BODY},
    )  # fmt: skip
    async def drawings(
        request: Request,
        response: Response,
        name: Annotated[str, Query(max_length=200, description="its path is drawing://name")] = "drawing",
        options: Options = "{}",
        again: Annotated[bool, Query(description="read it, though the same was read before")] = False,
        wait: Wait = 0,
    ) -> Sending:
        """Every line is read as handwriting, unless the options have another `kind_threshold` than 0."""
        given = {**_DEFAULTS, **checked_options(parts.settings, options)}
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("image/png", "application/json"):
            raise Refusal("unsupported-media-type", "send a PNG as image/png, or strokes as application/json")
        body = await request.body()
        content = partial(_png, body, parts) if kind == "image/png" else partial(_strokes, _parsed(body), parts)
        return await sender.send([(f"drawing://{name}", content)], given, response, again=again, wait_s=wait)

    return routes


@asynccontextmanager
async def _png(body: bytes, parts: ApiParts) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    if not body.startswith(_PNG):
        raise Refusal("unsupported-media-type", "the body is no PNG")
    check_size(len(body), parts.settings)

    async def read() -> bytes:
        return body

    yield read


@asynccontextmanager
async def _strokes(drawing: Drawing, parts: ApiParts) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    strokes = [Stroke([(p.x, p.y, p.pressure) for p in one.points], one.width) for one in drawing.strokes]
    drawn = await parts.originals.run(
        reader_process.strokes_picture, drawing.width, drawing.height, strokes, timeout_s=_DRAWN_WITHIN_S
    )
    check_size(len(drawn), parts.settings)

    async def read() -> bytes:
        return drawn

    yield read


def _parsed(body: bytes) -> Drawing:
    if len(body) > _MAX_STROKES_BYTES:
        raise Refusal("too-large", f"strokes may have {_MAX_STROKES_BYTES} bytes; send a PNG instead")
    try:
        drawing = Drawing.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)[:3]
        detail = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise Refusal("malformed-request", detail) from error
    if sum(len(one.points) for one in drawing.strokes) > _MAX_POINTS:
        raise Refusal("malformed-request", f"strokes: a drawing may have {_MAX_POINTS} points; send a PNG instead")
    return drawing
