"""`inkstream progress`: how fast, how far behind, how long still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import Broker, Prefix

if TYPE_CHECKING:
    from streams.kafka.progress import StageProgress
    from streams.settings import Settings


def progress(
    interval: Annotated[float, typer.Option(help="Seconds between the two looks that rates are taken from.")] = 2.0,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines with the fields of Spark's lastProgress.")
    ] = False,
    broker: Broker = None,
    prefix: Prefix = None,
) -> None:
    """Show each stage's rate, lag and time left.

    Example: inkstream progress --watch --interval 5
    """
    import asyncio

    from streams.commands.connection import settings_for
    from streams.errors import ConfigurationError

    if interval <= 0:
        raise ConfigurationError("--interval must be above 0 seconds")
    asyncio.run(_progress(settings_for(broker, prefix), interval, watch, as_json))


async def _progress(settings: Settings, interval_s: float, watch: bool, as_json: bool) -> None:
    import asyncio
    from time import monotonic

    from streams.kafka.lag import LagReader
    from streams.kafka.progress import as_spark, between

    async with LagReader(settings) as reader:
        before, moment, batch = await reader.stages(), monotonic(), 0
        while True:
            await asyncio.sleep(interval_s)
            after, later = await reader.stages(), monotonic()
            stages = between(before, after, later - moment)
            if as_json:
                spark = as_spark(f"{settings.topic_prefix}inkstream", batch, stages)
                print(spark.model_dump_json(by_alias=True), flush=True)
            else:
                _show(stages)
            if not watch:
                return
            before, moment, batch = after, later, batch + 1


def _show(stages: list[StageProgress]) -> None:
    from streams.terminal import print_table

    columns = ("stage", "reads", "arrived/s", "processed/s", "processed", "lag", "time left")
    print_table(columns, [_row(stage) for stage in stages])


def _row(stage: StageProgress) -> tuple[str, ...]:
    left = "does not move" if stage.eta_s is None else f"{stage.eta_s:.0f} s" if stage.eta_s else "–"
    return (
        stage.after.stage, stage.after.topic, f"{stage.arrived_per_s:.2f}", f"{stage.processed_per_s:.2f}",
        str(stage.after.processed), str(stage.after.lag), left,
    )  # fmt: skip
