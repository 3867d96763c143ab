"""The HTTP API: SQL over everything read, documents in, health and metrics out."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI, Response
from fastapi.security import HTTPBearer

from streams.web.body_limit import MAX_REQUEST_BYTES, BodyLimit
from streams.web.callers import CallerGuard
from streams.web.corrections import correction_routes
from streams.web.deletion import deletion_routes
from streams.web.docs import docs_page
from streams.web.documents import document_routes
from streams.web.drawings import drawing_routes
from streams.web.events import event_routes
from streams.web.files_out import file_routes
from streams.web.openapi import described
from streams.web.operations import operations_routes
from streams.web.page.routes import page_routes
from streams.web.parts import ApiParts
from streams.web.problems import Problem, ProblemType, Refusal, add_problems, problem_types
from streams.web.sending import Sender
from streams.web.tables import table_routes
from streams.web.upload import largest_upload, upload_routes
from streams.web.urls import url_routes

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 413, 421, 422, 503)
}

_bearer = HTTPBearer(auto_error=False, description="needed where api_token is set; callers.py asks for it")


def create_api(parts: ApiParts) -> FastAPI:
    """Return the API of one worker."""
    settings, table, health = parts.settings, parts.table, parts.health
    api = FastAPI(
        title="inkstream",
        description="SQL over everything read; documents in. A refusal is a problem (RFC 9457).",
        version=version("inkstream"),
        responses=_REFUSALS,
        generate_unique_id_function=lambda route: route.name,  # names of a generated client's functions
        docs_url=None, redoc_url=None, openapi_url=None,  # below: without scripts of other sites, and by the token
    )  # fmt: skip
    add_problems(api)
    uploads = {
        "/files": largest_upload(settings), "/drawings": settings.max_message_bytes, "/urls": MAX_REQUEST_BYTES,
    }  # fmt: skip
    api.add_middleware(CallerGuard, settings=settings)
    api.add_middleware(BodyLimit, uploads=uploads, room=parts.room)

    def caught_up() -> None:
        if not table.ready:
            raise Refusal(
                "table-behind", "the memory table has not caught up with its topics yet", {"Retry-After": "1"}
            )

    def kafka_answers() -> None:
        if health.kafka_away_s:
            raise Refusal("kafka-away", "Kafka does not answer now", {"Retry-After": "5"})

    @api.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        return described(api)

    @api.get("/problems/{slug}", tags=["operations"], summary="What a type of problem means")
    async def problem_type(slug: str) -> ProblemType:
        if (found := problem_types().get(slug)) is None:
            raise Refusal("not-found", f"there is no problem {slug[:100]!r}")
        return found

    @api.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return docs_page(api)

    sender, written = Sender(parts), [Depends(_bearer), Depends(kafka_answers)]
    read = [Depends(_bearer), Depends(caught_up)]
    api.include_router(table_routes(table), dependencies=read)
    api.include_router(event_routes(parts), dependencies=read)
    api.include_router(file_routes(parts), dependencies=read)
    api.include_router(correction_routes(parts), dependencies=[*read, *written])
    api.include_router(document_routes(parts), dependencies=read)  # last: ids may have slashes
    api.include_router(upload_routes(parts, sender), dependencies=written)
    api.include_router(url_routes(parts, sender), dependencies=written)
    api.include_router(drawing_routes(parts, sender), dependencies=written)
    api.include_router(deletion_routes(parts), dependencies=[*read, *written])
    api.include_router(page_routes(parts, caught_up))
    api.include_router(operations_routes(settings, table, health, parts.metrics, parts.lags))
    return api
