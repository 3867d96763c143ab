"""`inkstream reprocess`: documents that SQL selects, read again behind what comes."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import Broker, Option, OptionsAsJson, Prefix, given_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.commands.service_table import ServiceTable
    from streams.kafka.lag import LagReader
    from streams.kafka.sent_again import AgainSender, ReadDocument
    from streams.settings import Settings

_POLL_S = 0.5


def reprocess(
    where: Annotated[
        str, typer.Option(help="SQL condition on pages, the table result, as confidence < .7; one page is enough.")
    ],
    option: Option = None,
    options: OptionsAsJson = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be read again.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Documents at most, the oldest first.")] = None,
    at_a_time: Annotated[int, typer.Option(min=1, help="Documents in work at a time.")] = 2,
    url: Annotated[str | None, typer.Option(help="The service; default: the one of this folder.")] = None,
    token: Annotated[str | None, typer.Option(help="Bearer token, where the service asks for one.")] = None,
    broker: Broker = None,
    prefix: Prefix = None,
) -> None:
    """Read documents again, from the files that are stored, while nothing else waits.

    Each is read as it was sent, with the options given here before its own. What arrives meanwhile goes first:
    the next document is sent only once no other file or page waits. Exit codes: 1 where one is no longer stored or
    was not read whole, 3 where Kafka or the service does not answer.

    Example: inkstream reprocess --where "confidence < .7" --options '{"handwritten": "official"}'
    """
    from streams.commands.connection import api_secret, api_url, settings_for
    from streams.commands.service_table import ServiceTable
    from streams.errors import ConfigurationError
    from streams.messages.codec import merge_options

    settings = settings_for(broker, prefix)
    given = given_options(option, options)
    if {"password", "webhook"} & given.keys():
        raise ConfigurationError("a document keeps the password and the webhook it came with; leave them out")
    chosen = merge_options(settings.read_options(), given).model_dump()
    typed = {name: value if isinstance(value, dict) else chosen[name] for name, value in given.items()}
    table = ServiceTable(url or api_url(settings), api_secret(settings, token))
    if asyncio.run(_reprocess(settings, table, where, limit, typed, dry_run=dry_run, at_a_time=at_a_time)):
        raise typer.Exit(1)


async def _reprocess(
    settings: Settings,
    table: ServiceTable,
    where: str,
    limit: int | None,
    options: Mapping[str, object],
    *,
    dry_run: bool,
    at_a_time: int,
) -> int:
    """Read the documents again; return how many could not be."""
    from streams.kafka.lag import LagReader
    from streams.kafka.sent_again import AgainSender

    async with table, LagReader(settings) as lags, AgainSender(settings) as sender:
        documents = await table.documents(where, limit)
        run = _Run(settings, table, lags, sender, options, dry_run=dry_run)
        await run.all(deque(documents), at_a_time)
    print(f"{len(documents)} documents selected, {run.done} {'would be ' if dry_run else ''}read again")
    return run.failures


async def is_idle(lags: LagReader, pages_left: int) -> bool:
    """Return whether nothing waits but what was sent to be read again.

    Args:
        pages_left: How many pages of that are not read yet. No more tasks wait for them.
    """
    split, read, _ = await lags.stages()
    # a broker that has just started knows no partitions yet
    return bool(read.partitions) and not split.lag and read.lag <= pages_left


class _Run:
    """Documents one after the other, few in work at a time."""

    def __init__(
        self,
        settings: Settings,
        table: ServiceTable,
        lags: LagReader,
        sender: AgainSender,
        options: Mapping[str, object],
        *,
        dry_run: bool,
    ) -> None:
        self._table, self._lags, self._sender, self._options = table, lags, sender, options
        self._settings, self._dry_run = settings, dry_run
        self._in_work: dict[str, tuple[ReadDocument, str]] = {}  # with when Kafka took its message
        self.done = self.failures = 0

    async def all(self, waiting: deque[ReadDocument], at_a_time: int) -> None:
        """Read all of them again."""
        while waiting or self._in_work:
            for document, sent in list(self._in_work.values()):
                await self._look(document, sent)
            free = len(self._in_work) < at_a_time
            if waiting and (self._dry_run or (free and await self._is_idle())):
                await self._begin(waiting.popleft())
            elif waiting or self._in_work:
                await asyncio.sleep(_POLL_S)

    async def _is_idle(self) -> bool:
        pages_left = await self._table.pages_left(list(self._in_work)) if self._in_work else 0
        return await is_idle(self._lags, pages_left)

    async def _begin(self, document: ReadDocument) -> None:
        from models.errors import InkstreamError
        from streams.commands.stored_files import check_file

        try:
            message = await self._sender.stored(document, self._options)
            if (elsewhere := message.content_ref) is not None:
                await check_file(self._settings, elsewhere, document.sha256)
            # last of all: one that was sent behind its successor would be current again
            state = await self._table.state(document.document_id)
            if state is None or state.sent != document.sent or state.status == "reading":
                _print(document, "left out: sent again, replaced or deleted meanwhile")
                return
            how = ", with the options given here alone: its own are no longer stored" if message.is_rebuilt else ""
            if self._dry_run:
                self.done += 1
                _print(document, f"would be read again{how}")
                return
            self._in_work[document.document_id] = document, await self._sender.send(message)
            _print(document, f"is sent{how}")
        except InkstreamError as error:
            if error.exit_code == 3:  # Kafka or the service is away: nothing of this document
                raise
            self._fail(document, error.message)

    async def _look(self, document: ReadDocument, sent: str) -> None:
        """Print what became of a document in work, where that is known."""
        state = await self._table.state(document.document_id)
        if state is None:
            _print(document, "left out: replaced or deleted meanwhile")
        elif state.status == "reading" or (state.sent or "") < sent:
            return
        elif state.status == "done":
            self.done += 1
            _print(document, f"is read again: {state.pages_read} pages")
        else:
            self._fail(document, f"{state.status}: {state.exception}")
        del self._in_work[document.document_id]

    def _fail(self, document: ReadDocument, why: str) -> None:
        from streams.escapes import plain

        self.failures += 1
        print(plain(f"error: {document.document_id}  {document.path}: {why}"), file=sys.stderr)


def _print(document: ReadDocument, what: str) -> None:
    from streams.escapes import plain

    print(plain(f"{document.document_id}  {document.path}: {what}"), flush=True)
