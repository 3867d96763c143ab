"""`inkstream topics`: create them, and see how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from streams.commands.options import Broker, Prefix

if TYPE_CHECKING:
    from streams.settings import Settings

topics_app = typer.Typer(no_args_is_help=True, help="The six topics: create, list.")


@topics_app.command("create")
def create(broker: Broker = None, prefix: Prefix = None) -> None:
    """Create the topics that are missing, with the right configuration. Workers do so too.

    Example: INKSTREAM_REPLICATION=3 inkstream topics create --broker kafka:9092
    """
    import asyncio

    from streams.commands.connection import settings_for
    from streams.kafka.topics import create_topics, topic_specs

    settings = settings_for(broker, prefix)
    created = asyncio.run(create_topics(settings))
    for spec in topic_specs(settings):
        print(f"{spec.name}: {'created' if spec.name in created else 'was there'}")


@topics_app.command("list")
def list_topics(broker: Broker = None, prefix: Prefix = None) -> None:
    """List the topics with their partitions and how many records they hold.

    Example: inkstream topics list
    """
    import asyncio

    from streams.commands.connection import settings_for

    asyncio.run(_list(settings_for(broker, prefix)))


async def _list(settings: Settings) -> None:
    from streams.kafka.lag import LagReader
    from streams.kafka.topics import topic_specs
    from streams.terminal import print_table

    rows = []
    async with LagReader(settings) as reader:
        for spec in topic_specs(settings):
            ends = await reader.end_offsets(spec.name)
            config = ", ".join(f"{key}={value}" for key, value in spec.config.items())
            rows.append((spec.name, len(ends) or "missing", sum(ends.values()), config))
    print_table(("topic", "partitions", "records so far", "created with"), rows)
