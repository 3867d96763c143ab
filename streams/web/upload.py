"""Documents in over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Form, HTTPException, UploadFile

from streams.messages.codec import merge_options, parse_options
from streams.settings import Settings
from streams.sources.producer import FileProducer, SentFile

_OVERHEAD = 64 * 1024  # bytes: headers of the record, the form's own lines in the request

# Uploads on their way to Kafka at a time, each some three times in memory; the others wait on disk. With 40 of 33
# MB at once a worker took 2.2 GB.
_IN_MEMORY = 2


def largest_upload(settings: Settings) -> int:
    """Return the most bytes of a request to POST /files."""
    return settings.max_message_bytes + _OVERHEAD


def upload_routes(settings: Settings, producer: FileProducer) -> APIRouter:
    """Return the route that sends a document to be read."""
    routes = APIRouter(tags=["documents in"])
    turns = asyncio.Semaphore(_IN_MEMORY)

    @routes.post("/files", status_code=202, summary="Send a document to be read")
    async def files(
        file: Annotated[UploadFile, File(description="the document")],
        options: Annotated[
            str,
            Form(description="JSON object of reading options", examples=['{"languages": "eng+deu", "dpi": 200}']),
        ] = "{}",
    ) -> SentFile:
        if file.size is not None and file.size > settings.max_message_bytes - _OVERHEAD:
            raise HTTPException(
                413,
                f"larger than max_message_bytes ({settings.max_message_bytes}) lets through; put it where the "
                "workers can fetch it and produce a message with a content-ref header",
            )
        given = _options(settings, options)
        async with turns:
            return await producer.send_bytes(await file.read(), f"upload://{file.filename or 'unnamed'}", given)

    return routes


def _options(settings: Settings, text: str) -> dict[str, object]:
    """Return the options of a request. Raises OptionsError now, where a dead letter would come later."""
    given = parse_options(text, "options")
    merge_options(settings.read_options(), given)
    return given
