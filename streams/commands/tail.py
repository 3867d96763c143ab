"""`inkstream tail`: page-text records as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import Broker, JsonLines, Prefix

if TYPE_CHECKING:
    from streams.settings import Settings


def tail(
    from_beginning: Annotated[bool, typer.Option(help="Print what is there already as well.")] = False,
    count: Annotated[int | None, typer.Option("-n", "--count", help="Stop after so many records.")] = None,
    json_lines: JsonLines = False,
    broker: Broker = None,
    prefix: Prefix = None,
) -> None:
    """Print each page's record as it is read: when, which file, which page, how sure, and the first words.

    Example: inkstream tail --from-beginning -n 10
    """
    import asyncio

    from streams.commands.connection import settings_for

    asyncio.run(_tail(settings_for(broker, prefix), from_beginning, count, json_lines))


async def _tail(settings: Settings, from_beginning: bool, count: int | None, json_lines: bool) -> None:
    import shutil
    from contextlib import aclosing

    from streams.kafka.follower import follow
    from streams.kafka.topics import TopicNames
    from streams.messages.records import PageText
    from streams.terminal import format_record

    shown = 0
    width = shutil.get_terminal_size((120, 24)).columns
    records = follow(settings, TopicNames.of(settings).page_text, PageText, from_beginning=from_beginning)
    async with aclosing(records):  # its connection is closed here, not when the generator is collected
        async for record in records:
            print(record.model_dump_json() if json_lines else format_record(record, width), flush=True)
            shown += 1
            if shown == count:
                return
