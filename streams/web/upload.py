"""Documents in over HTTP: as files of a form."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from models.documents.media_types import HEAD_BYTES, checked_media_type
from streams.settings import Settings
from streams.web.parts import ApiParts
from streams.web.problems import Problem, Refusal
from streams.web.sending import Sender, Sending, Wait, checked_options
from streams.web.upload_room import MAX_UPLOADS, UploadRoom

OVERHEAD_BYTES = 64 * 1024  # headers of the record, the form's own lines in the request
_MAX_FILES = 100
_FULL_FILES = 4  # a request has room for so many files of the largest size
_FULL_UPLOADS = 4  # there is room for so many of the largest size

_FIELDS = ("file", "options", "again")
SENDING_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": Sending, "description": "`wait` was long enough: all of them are finished"},
    202: {"headers": {"Location": {"description": "of one document", "schema": {"type": "string"}}}},
    415: {"model": Problem, "description": "no document of a kind that is read"},
    422: {"model": Problem, "description": "an empty file, a wrong form, or options that do not exist"},
}


def largest_file(settings: Settings) -> int:
    """Return the most bytes of a document that is sent inside Kafka."""
    return settings.max_message_bytes - OVERHEAD_BYTES


def largest_upload(settings: Settings) -> int:
    """Return the most bytes of a request to POST /files."""
    return _FULL_FILES * settings.max_message_bytes + OVERHEAD_BYTES


def upload_room(settings: Settings) -> UploadRoom:
    """Return the room of all uploads: 512 MiB, where `max_message_bytes` is not set."""
    return UploadRoom(MAX_UPLOADS, _FULL_UPLOADS * largest_upload(settings))


def upload_routes(parts: ApiParts, sender: Sender) -> APIRouter:
    """Return the route that sends files to be read."""
    routes = APIRouter(tags=["documents in"])
    settings = parts.settings

    @routes.post(
        "/files", status_code=202, summary="Send documents to be read",
        dependencies=[Depends(_known_fields)], responses=SENDING_RESPONSES,
    )  # fmt: skip
    async def files(
        response: Response,
        file: Annotated[list[UploadFile], File(description="the documents, 100 at most")],
        options: Annotated[
            str,
            Form(description="JSON object of reading options", examples=['{"languages": "eng+deu", "dpi": 200}']),
        ] = "{}",
        again: Annotated[bool, Form(description="read them, though the same were read before")] = False,
        wait: Wait = 0,
    ) -> Sending:
        """Each file is accepted or refused by itself; where none is accepted, the answer is a problem."""
        if len(file) > _MAX_FILES:
            raise Refusal("malformed-request", f"there are {len(file)} files: send {_MAX_FILES} a request")
        given = checked_options(settings, options)
        documents = [(f"upload://{one.filename or 'unnamed'}", partial(_content, one, settings)) for one in file]
        return await sender.send(documents, given, response, again=again, wait_s=wait)

    return routes


@asynccontextmanager
async def _content(file: UploadFile, settings: Settings) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """Yield what reads a file. Raises Refusal, EmptyDocument or UnsupportedFile."""
    check_size(file.size or 0, settings)
    checked_media_type(await file.read(HEAD_BYTES))
    await file.seek(0)
    yield file.read


def check_size(size: int, settings: Settings) -> None:
    """Raise Refusal where a document of so many bytes fits into no message."""
    if size > largest_file(settings):
        raise Refusal(
            "too-large",
            f"larger than max_message_bytes ({settings.max_message_bytes}) lets through; put it where the "
            "workers can fetch it and produce a message with a content-ref header",
        )


async def _known_fields(request: Request) -> None:
    """Refuse a form with a field that does not exist, or with one twice: a form keeps the last of a name only."""
    form = await request.form()
    for name, count in Counter(name for name, _ in form.multi_items()).items():
        if name not in _FIELDS:
            raise Refusal(
                "malformed-request",
                f"there is no field {name[:100]!r}: a request has `file`, `again`, and `options`, a JSON object of "
                'reading options, as options={"languages": "eng+deu"}',
            )
        if count > 1 and name != "file":
            raise Refusal("malformed-request", f"there are {count} fields `{name}`")
    if any(isinstance(one, str) for one in form.getlist("file")):
        raise Refusal("malformed-request", "`file` is text, not a file: send it as `curl -F file=@scan.pdf` does")
