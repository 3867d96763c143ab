"""`inkstream up`: everything in one process tree — Kafka, a worker, the folder watcher, records as they come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.model_choice import MODELS_HELP, handwritten_by


def up(
    folder: Annotated[Path | None, typer.Argument(help="Folder to watch; default: inbox.")] = None,
    broker: Annotated[
        str | None, typer.Option(help="Use this Kafka (host:port) instead of the embedded one.")
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of every topic and consumer group.")] = None,
    samples: Annotated[bool, typer.Option("--samples", help="Feed the sample documents.")] = False,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Read what is there, print a summary and exit.")
    ] = False,
    reader: Annotated[str | None, typer.Option(help="auto, tesseract or ppocr.")] = None,
    detector: Annotated[str | None, typer.Option(help="What finds lines: dbnet or craft.")] = None,
    models: Annotated[str | None, typer.Option(help=MODELS_HELP)] = None,
    processes: Annotated[int | None, typer.Option(help="Reader processes; default: one per core.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where Kafka's data, cache and ledgers are.")] = None,
    api_port: Annotated[int | None, typer.Option(help="Port of the API; 0 picks a free one.")] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Print records as JSON lines.")] = False,
) -> None:
    """Start everything: a real single-node Kafka, the worker, the folder watcher and the API.

    Drop documents into the folder; each page's record is printed as it comes. Ctrl-C stops it all; the next start
    goes on where this one stopped.

    Example: inkstream up inbox --reader ppocr
    """
    import asyncio

    from streams.monitoring.logs import configure_logging
    from streams.service.supervisor import UpOptions, run_up
    from streams.settings import load_settings

    settings = load_settings(
        broker=broker, topic_prefix=prefix, inbox=folder, reader=reader, detector=detector, processes=processes,
        data_dir=data_dir, api_port=api_port, handwritten=handwritten_by(models),
    )  # fmt: skip
    configure_logging("WARNING" if settings.log_level == "INFO" else settings.log_level)
    options = UpOptions(samples=samples, until_idle=until_idle, json_lines=json_lines)
    asyncio.run(run_up(settings, options))
