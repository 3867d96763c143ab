"""`inkstream up`: everything in one process tree — Kafka, a worker, the folder watcher, records as they come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.commands.options import (
    ApiPort,
    DataDir,
    Detector,
    JsonLines,
    Models,
    Prefix,
    Processes,
    Reader,
    handwritten_by,
)


def up(
    folder: Annotated[Path | None, typer.Argument(help="Folder to watch; default: inbox.")] = None,
    broker: Annotated[
        str | None, typer.Option(help="Use this Kafka (host:port) instead of the embedded one.")
    ] = None,
    prefix: Prefix = None,
    samples: Annotated[bool, typer.Option("--samples", help="Feed the sample documents.")] = False,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Read what is there, print a summary and exit.")
    ] = False,
    reader: Reader = None,
    detector: Detector = None,
    models: Models = None,
    processes: Processes = None,
    data_dir: DataDir = None,
    api_port: ApiPort = None,
    json_lines: JsonLines = False,
) -> None:
    """Start everything: a real single-node Kafka, the worker, the folder watcher and the API.

    Drop documents into the folder; each page's record is printed as it comes. Ctrl-C stops it all; the next start
    goes on where this one stopped. Exit codes: 4 where --until-idle read all and some documents failed, 2 for a
    wrong setting, 3 where Kafka or the worker does not run, 1 otherwise.

    Example: inkstream up inbox --reader ppocr
    """
    import asyncio

    from streams.monitoring.logs import configure_logging
    from streams.service.supervisor import SAMPLES, UpOptions, run_up
    from streams.settings import load_settings

    settings = load_settings(
        broker=broker, topic_prefix=prefix, inbox=folder, reader=reader, detector=detector, processes=processes,
        data_dir=data_dir, api_port=api_port, handwritten=handwritten_by(models),
    )  # fmt: skip
    configure_logging("WARNING" if settings.log_level == "INFO" else settings.log_level, settings.log_format)
    options = UpOptions(samples=SAMPLES if samples else None, until_idle=until_idle, json_lines=json_lines)
    asyncio.run(run_up(settings, options))
