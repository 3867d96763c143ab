"""The HTTP API: SQL over everything read, documents in, health and metrics out."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from models.errors import InkstreamError
from streams.codec import merge_options
from streams.errors import BrokerError, UndecodableMessage
from streams.health import Health
from streams.metrics import Metrics
from streams.settings import Settings
from streams.sinks.table_follower import TableFollower
from streams.sources.producer import FileProducer

_bearer = HTTPBearer(auto_error=False, description="needed where api_token is set")


class Query(BaseModel):
    """One SELECT, with ? for each parameter."""

    sql: str = Field(examples=["SELECT path, pagenum, text FROM result WHERE result MATCH 'invoice'"])
    parameters: list[str | int | float | None] = []


def create_api(
    settings: Settings, table: TableFollower, producer: FileProducer, health: Health, metrics: Metrics
) -> FastAPI:
    """Return the API of one worker."""
    api = FastAPI(title="inkstream", description="SQL over everything read; documents in.", version="0.1.0")
    api.add_exception_handler(InkstreamError, _as_json)

    def authorised(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        wanted = settings.api_token.get_secret_value() if settings.api_token else None
        if wanted is not None and not (given and secrets.compare_digest(given.credentials, wanted)):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    def caught_up() -> None:
        if not table.ready:
            raise HTTPException(503, "the memory table has not caught up with its topics yet", {"Retry-After": "1"})

    _add_tables(api, table, [Depends(authorised), Depends(caught_up)])
    _add_upload(api, settings, producer, [Depends(authorised)])
    _add_operations(api, table, health, metrics)
    return api


def _add_tables(api: FastAPI, table: TableFollower, guards: list[Any]) -> None:
    @api.post("/query", dependencies=guards, summary="Run one SELECT on result, regions or documents")
    async def query(query: Query) -> dict[str, Any]:
        return asdict(await table.ask(lambda t: t.query(query.sql, query.parameters)))

    @api.get("/pages/{document_id}/{pagenum}", dependencies=guards, summary="One page")
    async def page(document_id: str, pagenum: int) -> dict[str, Any]:
        found = await table.ask(lambda t: t.page(document_id, pagenum))
        if found is None:
            raise HTTPException(404, f"no page {pagenum} of a document {document_id} has been read")
        return found

    @api.get("/documents/{document_id}", dependencies=guards, summary="How far a document has come")
    async def document(document_id: str) -> dict[str, Any]:
        found = await table.ask(lambda t: t.query("SELECT * FROM documents WHERE document_id = ?", [document_id]))
        if not found.rows:
            raise HTTPException(404, f"no document {document_id} is known")
        return dict(zip(found.columns, found.rows[0], strict=True))


def _add_upload(api: FastAPI, settings: Settings, producer: FileProducer, guards: list[Any]) -> None:
    @api.post("/files", dependencies=guards, status_code=202, summary="Send a document to be read")
    async def files(
        file: Annotated[UploadFile, File(description="the document")],
        options: Annotated[str, Form(description="JSON object of ReadOptions fields")] = "{}",
    ) -> dict[str, Any]:
        if file.size is not None and file.size > settings.max_message_bytes - 64 * 1024:
            raise HTTPException(
                413, f"larger than max_message_bytes ({settings.max_message_bytes}); send a content-ref"
            )
        try:
            given = orjson.loads(options)
        except orjson.JSONDecodeError as error:
            raise UndecodableMessage(f"options is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise UndecodableMessage("options must be a JSON object")
        merge_options(settings.read_options(), given)  # told now, not by a dead letter later
        return asdict(await producer.send_bytes(await file.read(), f"upload://{file.filename or 'unnamed'}", given))


def _add_operations(api: FastAPI, table: TableFollower, health: Health, metrics: Metrics) -> None:
    @api.get("/healthz", summary="Whether the worker moves")
    async def healthz(response: Response) -> dict[str, Any]:
        report = health.report()
        response.status_code = 200 if report.healthy else 503
        return asdict(report)

    @api.get("/readyz", summary="Whether the memory table has caught up")
    async def readyz(response: Response) -> dict[str, Any]:
        response.status_code = 200 if table.ready else 503
        return {"ready": table.ready, "records_passed_over": table.passed_over}

    @api.get("/metrics", summary="Prometheus metrics")
    async def scrape() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _as_json(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InkstreamError)
    status = 503 if isinstance(error, BrokerError) else 400
    return JSONResponse({"error": error.reason, "message": error.message}, status)
