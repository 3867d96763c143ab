"""What a refusal looks like over HTTP: a problem (RFC 9457) whose type is stable, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as AnyHTTPException

from models.errors import (
    CorruptFile,
    EmptyDocument,
    EncryptedFile,
    InkstreamError,
    LanguageMissing,
    OptionsError,
    PageTooLarge,
    ReaderFailed,
    RecognitionTimeout,
    UnsupportedFile,
    WorkerDied,
)
from streams.errors import (
    RecordTooLarge,
    SourceFailed,
    SourceForbidden,
    SourceGivenUp,
    SourceGone,
    SourceTooLarge,
    SourceUnsupported,
    UndecodableMessage,
    WordsMissing,
)

PROBLEM_TYPE = "application/problem+json"
_BASE = "/problems/"

# Refusals of the API itself, by slug; those of all other rooms are InkstreamErrors, whose reason is the slug.
_REFUSALS: Mapping[str, tuple[int, str]] = {
    "malformed-request": (422, "The request is not what this route takes."),
    "too-large": (413, "The request has more bytes than this route takes."),
    "unauthorized": (401, "A bearer token is needed."),
    "other-origin": (403, "A page of another site may not send to this API."),
    "other-host": (421, "The request names a host that this API is not called by."),
    "unsupported-media-type": (415, "The body is not of a kind that this route takes."),
    "not-found": (404, "There is nothing here."),
    "method-not-allowed": (405, "The route does not take this method."),
    "nothing-accepted": (422, "None of the documents of the request was accepted."),
    "bad-request": (400, "The request cannot be read."),
    "not-finished": (409, "Not all pages of the document are read yet."),
    "too-many-listeners": (503, "So many others listen to events that there is no room for one more."),
    "too-many-uploads": (503, "So much is being uploaded that there is no room for more."),
    "table-behind": (503, "The SQL table has not caught up with its topics yet."),
    "kafka-away": (503, "Kafka does not answer now."),
    "internal-server-error": (500, "A defect of inkstream."),
}

_STATUSES: dict[type[InkstreamError], int] = {
    CorruptFile: 422,
    EmptyDocument: 422,
    EncryptedFile: 409,
    LanguageMissing: 422,
    OptionsError: 422,
    PageTooLarge: 422,
    ReaderFailed: 500,
    RecognitionTimeout: 504,
    RecordTooLarge: 413,
    SourceFailed: 502,
    SourceForbidden: 403,
    SourceGivenUp: 504,
    SourceGone: 410,
    SourceTooLarge: 413,
    SourceUnsupported: 422,
    UndecodableMessage: 422,
    UnsupportedFile: 415,
    WordsMissing: 409,
    WorkerDied: 500,
}


class Problem(BaseModel):
    """Why a request was not served (RFC 9457)."""

    type: str = Field(description="what kind of refusal, stable; a GET describes it", examples=["/problems/query"])
    title: str = Field(description="the same for all of this type", examples=["SQL that is wrong, …"])
    status: int = Field(description="the answer's HTTP status", examples=[400])
    detail: str = Field(description="what is wrong here, and what to do", examples=["no such column: txt"])


class ProblemType(BaseModel):
    """One kind of refusal."""

    type: str
    title: str
    status: int


class Refusal(HTTPException):
    """A refusal of the API itself."""

    def __init__(self, slug: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Create it; `slug` is a key of _REFUSALS."""
        super().__init__(_REFUSALS[slug][0], detail, dict(headers or {}))
        self.slug = slug


def problem_types() -> dict[str, ProblemType]:
    """Return all kinds of refusals by their slugs."""
    own = {
        slug: ProblemType(type=_BASE + slug, title=title, status=status)
        for slug, (status, title) in _REFUSALS.items()
    }
    ours = {
        one.reason: ProblemType(type=_BASE + one.reason, title=_title(one), status=_status(one))
        for one in _subclasses(InkstreamError)
    }
    return {**ours, **own}


def add_problems(api: FastAPI) -> None:
    """Make every refusal a Problem: ours, the framework's, and those of malformed requests."""
    api.add_exception_handler(InkstreamError, _ours)
    api.add_exception_handler(AnyHTTPException, _http)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(Exception, _defect)


def problem(slug: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer of one of the API's own refusals."""
    status, title = _REFUSALS[slug]
    return _answer(Problem(type=_BASE + slug, title=title, status=status, detail=detail), headers)


def problem_of(error: InkstreamError | AnyHTTPException) -> Problem:
    """Return an error as a problem."""
    if isinstance(error, InkstreamError):
        return Problem(
            type=_BASE + error.reason, title=_title(type(error)), status=_status(type(error)), detail=error.message
        )
    if isinstance(error, Refusal):
        slug = error.slug
    else:  # the framework's
        slug = next((slug for slug, (status, _) in _REFUSALS.items() if status == error.status_code), "")
    status = error.status_code
    title = _REFUSALS[slug][1] if slug else HTTPStatus(status).phrase
    return Problem(type=_BASE + slug if slug else "about:blank", title=title, status=status, detail=error.detail)


def _answer(found: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(found.model_dump(), found.status, headers, media_type=PROBLEM_TYPE)


def _status(kind: type[InkstreamError]) -> int:
    return 503 if kind.retriable else _STATUSES.get(kind, 400)


def _title(kind: type[InkstreamError]) -> str:
    return (kind.__doc__ or kind.__name__).partition("\n")[0]


def _subclasses(kind: type[InkstreamError]) -> Iterator[type[InkstreamError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InkstreamError)
    return _answer(problem_of(error), {"Retry-After": "1"} if error.retriable else None)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AnyHTTPException)
    return _answer(problem_of(error), error.headers)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return problem("malformed-request", "; ".join(faults))


async def _defect(_: Request, error: Exception) -> JSONResponse:
    # the server still raises it afterwards, so the log has the traceback
    return problem("internal-server-error", f"a defect of ours: {type(error).__name__}; the log has more")
