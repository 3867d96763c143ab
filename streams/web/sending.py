"""Documents on their way to Kafka: sent a few at a time, each accepted or refused by itself, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from time import monotonic
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import HTTPException, Query, Response
from pydantic import BaseModel, Field

from models.errors import InkstreamError, OptionsError
from models.recognition.tesseract.data import check_languages
from streams.kafka.record_reader import address_in
from streams.messages.codec import decode_headers, merge_options, parse_options
from streams.messages.records import DocumentRecord, now
from streams.settings import Settings
from streams.sources.producer import SentFile
from streams.table.memory_table import MemoryTable
from streams.web.forms import exported, pieces
from streams.web.parts import ApiParts
from streams.web.problems import Problem, Refusal, problem_of

# Documents on their way to Kafka at a time, each some three times in memory; the others wait on disk. With 40 of 33
# MB at once a worker took 2.2 GB.
_IN_MEMORY = 2
_MAX_WAIT_S = 60.0
_LOOK_AGAIN_S = 1.0
_MAX_TEXT_BYTES = 4 * 1024 * 1024  # of an answer; longer texts are at `url`/text
_FINISHED = ("done", "partial", "failed", "superseded")

Options = Annotated[str, Query(description="JSON object of reading options", examples=['{"languages": "eng+deu"}'])]
Wait = Annotated[
    float,
    Query(ge=0, le=_MAX_WAIT_S, description="seconds to wait for the texts; 202 where that is not long enough"),
]


class SentDocument(BaseModel):
    """A document that Kafka has."""

    document_id: str
    path: str
    reference: str = Field(description="its message on raw-files")
    accepted: str = Field(description="by when Kafka had it, ISO 8601 UTC with milliseconds")
    url: str = Field(description="the document, of this API")
    status: Literal["accepted", "reading", "done", "partial", "failed", "superseded"] = Field(
        description="as it was at the end of the wait"
    )
    text: str | None = Field(None, description="once it was waited for, and has 4 MiB at most: what was read")
    exception: str | None = Field(None, description="why it, or some of its pages, failed")


class RefusedDocument(BaseModel):
    """A document that was not sent."""

    path: str
    status: Literal["refused"] = "refused"
    problem: Problem


class Sending(BaseModel):
    """What became of the documents of a request, in their order."""

    documents: list[SentDocument | RefusedDocument]


Content = Callable[[], AbstractAsyncContextManager[Callable[[], Awaitable[bytes]]]]
"""Entered, it has a document on disk, and yields the function that returns its bytes: that waits for its turn.

Raises InkstreamError or Refusal where the document is not to be had.
"""


class Sender:
    """Sends documents for the routes. Lives on one event loop."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._turns = asyncio.Semaphore(_IN_MEMORY)

    async def send(
        self,
        documents: Sequence[tuple[str, Content]],
        options: Mapping[str, object],
        response: Response,
        *,
        again: bool,
        wait_s: float,
    ) -> Sending:
        """Send documents, given as paths and where their bytes come from, and wait for them.

        Raises:
            Refusal, InkstreamError: None of them was accepted.
        """
        sent = await asyncio.gather(
            *(self._sent(path, content, options, again=again) for path, content in documents)
        )
        moment, accepted = now(), [one for one in sent if isinstance(one, SentFile)]
        if not accepted:
            raise _none_accepted([(path, one) for (path, _), one in zip(documents, sent, strict=True)])
        states = await self._waited_for(accepted, wait_s)
        if wait_s and len(accepted) == len(sent) and len(states) == len(accepted):
            response.status_code = 200
        answers: list[SentDocument | RefusedDocument] = []
        for (path, _), one in zip(documents, sent, strict=True):
            if isinstance(one, SentFile):
                answers.append(await self._answer(one, moment, states.get(one.reference)))
            else:
                answers.append(RefusedDocument(path=path, problem=problem_of(one)))
        if len(documents) == 1 and isinstance(answers[0], SentDocument):
            response.headers["Location"] = answers[0].url
        return Sending(documents=answers)

    async def _sent(
        self, path: str, content: Content, options: Mapping[str, object], *, again: bool
    ) -> SentFile | InkstreamError | HTTPException:
        try:
            decode_headers([("path", path.encode(errors="surrogateescape"))])
            async with content() as read, self._turns:
                sent = await self._parts.producer.send_bytes(await read(), path, options, again=again)
        except (InkstreamError, HTTPException) as error:
            return error
        self._parts.accepted.note(sent)
        return sent

    async def _waited_for(self, sent: Sequence[SentFile], wait_s: float) -> dict[str, DocumentRecord]:
        """Return the records of the documents that are finished in time, by the references of their messages."""
        deadline, table = monotonic() + wait_s, self._parts.table
        ids, finished = {one.document_id for one in sent}, dict[str, DocumentRecord]()
        with table.changes.listening(lambda change: change.document_id in ids) as listener:
            while wait_s:
                for one in [one for one in sent if one.reference not in finished]:
                    if (record := await table.ask(partial(_finished, one))) is not None:
                        finished[one.reference] = record
                left_s = min(deadline - monotonic(), _LOOK_AGAIN_S)
                if len(finished) == len(sent) or left_s <= 0:
                    break
                if listener.dropped is not None:  # more came than it could hold
                    await asyncio.sleep(left_s)
                await listener.next(left_s)
        return finished

    async def _answer(self, sent: SentFile, accepted: str, state: DocumentRecord | None) -> SentDocument:
        text = None if state is None else await self._text(state)
        return SentDocument(
            document_id=sent.document_id, path=sent.path, reference=sent.reference, accepted=accepted,
            url=f"/documents/{quote(sent.document_id, safe='')}",
            status="accepted" if state is None else state.status, text=text,
            exception=None if state is None else state.exception,
        )  # fmt: skip

    async def _text(self, document: DocumentRecord) -> str | None:
        table, text = self._parts.table, bytearray()
        pages = await table.ask(lambda t: t.page_numbers(document.document_id))
        async for piece in pieces(table, await exported(table, document, pages, "text")):
            text += piece
            if len(text) > _MAX_TEXT_BYTES:
                return None
        return text.decode(errors="replace")


def checked_options(settings: Settings, text: str) -> dict[str, object]:
    """Return the options of a request, checked now, where a dead letter would come later.

    Raises:
        OptionsError: They are no JSON object, or one does not exist, or is out of range.
        LanguageMissing: There is no such language.
    """
    given = parse_options(text, "options")
    options = merge_options(settings.read_options(), given)
    if options.webhook is not None and settings.webhook_secret is None:
        raise OptionsError("webhook: the service makes no calls; set webhook_secret, which they are signed with")
    if "languages" in given:
        check_languages(options.assumed_languages)
    return given


def _finished(sent: SentFile, table: MemoryTable) -> DocumentRecord | None:
    """Return the record of a document that was finished after it was sent, and all of whose pages are here."""
    record = table.document(sent.document_id)
    if record is None or record.status not in _FINISHED:
        return None
    address = address_in(record.reference)
    if address is None or (address.topic, address.partition) != (sent.topic, sent.partition):
        return None
    if address.offset < sent.offset or len(table.page_numbers(sent.document_id)) < record.total_pages:
        return None
    return record


def _none_accepted(refused: Sequence[tuple[str, SentFile | InkstreamError | HTTPException]]) -> Exception:
    if len(refused) == 1 and isinstance(refused[0][1], Exception):
        return refused[0][1]
    problems = [f"{path}: {problem_of(one).detail}" for path, one in refused if isinstance(one, Exception)]
    return Refusal("nothing-accepted", "; ".join(problems))
