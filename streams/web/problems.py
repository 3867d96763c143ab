"""What a refusal looks like over HTTP: {"error": a stable slug, "message": a sentence}, never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from models.errors import EmptyDocument, InkstreamError, LanguageMissing, OptionsError, UnsupportedFile
from streams.errors import RecordTooLarge, UndecodableMessage

_SLUGS = {413: "too-large", 422: "malformed-request"}  # their phrases depend on Python's version
_STATUSES: dict[type[InkstreamError], int] = {
    RecordTooLarge: 413,
    UnsupportedFile: 415,
    EmptyDocument: 422,
    LanguageMissing: 422,
    OptionsError: 422,
    UndecodableMessage: 422,
}


class Problem(BaseModel):
    """Why a request was not served."""

    error: str = Field(description="a stable slug", examples=["query"])
    message: str = Field(description="a sentence for a person", examples=["no such column: txt"])


def add_problems(api: FastAPI) -> None:
    """Make every refusal a Problem: ours, the framework's, and those of malformed requests."""
    api.add_exception_handler(InkstreamError, _ours)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(Exception, _defect)


def problem(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(Problem(error=error, message=message).model_dump(), status, headers)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InkstreamError)
    if error.retriable:
        return problem(503, error.reason, error.message, {"Retry-After": "1"})
    return problem(_STATUSES.get(type(error), 400), error.reason, error.message)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    slug = _SLUGS.get(error.status_code) or HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return problem(error.status_code, slug, error.detail, error.headers)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return problem(422, "malformed-request", "; ".join(faults))


async def _defect(_: Request, error: Exception) -> JSONResponse:
    # the server still raises it afterwards, so the log has the traceback
    return problem(500, "internal-server-error", f"a defect of ours: {type(error).__name__}; the log has more")
