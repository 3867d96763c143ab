"""Documents in over HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from models.documents.media_types import HEAD_BYTES, checked_media_type
from models.recognition.tesseract.data import check_languages
from streams.messages.codec import decode_headers, merge_options, parse_options
from streams.settings import Settings
from streams.sources.producer import FileProducer, SentFile
from streams.web.accepted import AcceptedDocuments
from streams.web.problems import Problem, Refusal

_OVERHEAD = 64 * 1024  # bytes: headers of the record, the form's own lines in the request

# Uploads on their way to Kafka at a time, each some three times in memory; the others wait on disk. With 40 of 33
# MB at once a worker took 2.2 GB.
_IN_MEMORY = 2

_FIELDS = ("file", "options", "again")


def largest_upload(settings: Settings) -> int:
    """Return the most bytes of a request to POST /files."""
    return settings.max_message_bytes + _OVERHEAD


def upload_routes(settings: Settings, producer: FileProducer, accepted: AcceptedDocuments) -> APIRouter:
    """Return the route that sends a document to be read."""
    routes = APIRouter(tags=["documents in"])
    turns = asyncio.Semaphore(_IN_MEMORY)

    @routes.post(
        "/files",
        status_code=202,
        summary="Send a document to be read",
        dependencies=[Depends(_one_of_each)],
        responses={
            202: {"headers": {"Location": {"description": "the document", "schema": {"type": "string"}}}},
            415: {"model": Problem, "description": "no document of a kind that is read"},
            422: {"model": Problem, "description": "an empty file, a wrong form, or options that do not exist"},
        },
    )
    async def files(
        response: Response,
        file: Annotated[UploadFile, File(description="the document")],
        options: Annotated[
            str,
            Form(description="JSON object of reading options", examples=['{"languages": "eng+deu", "dpi": 200}']),
        ] = "{}",
        again: Annotated[bool, Form(description="read it, though the same was read before")] = False,
    ) -> SentFile:
        if file.size is not None and file.size > settings.max_message_bytes - _OVERHEAD:
            raise Refusal(
                "too-large",
                f"larger than max_message_bytes ({settings.max_message_bytes}) lets through; put it where the "
                "workers can fetch it and produce a message with a content-ref header",
            )
        path = f"upload://{file.filename or 'unnamed'}"
        given = _checked_options(settings, path, options)
        checked_media_type(await file.read(HEAD_BYTES))
        await file.seek(0)
        async with turns:
            sent = await producer.send_bytes(await file.read(), path, given, again=again)
        accepted.note(sent)
        response.headers["Location"] = f"/documents/{quote(sent.document_id, safe='')}"
        return sent

    return routes


async def _one_of_each(request: Request) -> None:
    """Refuse a form with a field that does not exist, or with one twice: a form keeps the last of a name only."""
    form = await request.form()
    for name, count in Counter(name for name, _ in form.multi_items()).items():
        if name not in _FIELDS:
            raise Refusal(
                "malformed-request",
                f"there is no field {name[:100]!r}: a request has `file`, `again`, and `options`, a JSON object of "
                'reading options, as options={"languages": "eng+deu"}',
            )
        if count > 1:
            raise Refusal("malformed-request", f"there are {count} fields `{name}`: send one document a request")
    if isinstance(form.get("file"), str):
        raise Refusal("malformed-request", "`file` is text, not a file: send it as `curl -F file=@scan.pdf` does")


def _checked_options(settings: Settings, path: str, text: str) -> dict[str, object]:
    """Return the options of a request, checked now, where a dead letter would come later.

    Raises:
        UndecodableMessage: The name is too long.
        OptionsError: They are no JSON object, or one does not exist, or is out of range.
        LanguageMissing: There is no such language.
    """
    decode_headers([("path", path.encode())])
    given = parse_options(text, "options")
    options = merge_options(settings.read_options(), given)
    if "languages" in given:
        check_languages(options.languages)
    return given
