"""The command line options that several commands have, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from streams.errors import ConfigurationError
from streams.model_choice import MODELS_HELP

Broker = Annotated[str | None, typer.Option(help="Kafka as host:port[,host:port…].")]
Prefix = Annotated[str | None, typer.Option(help="Prefix of every topic and consumer group.")]
Reader = Annotated[str | None, typer.Option(help="auto, tesseract or ppocr.")]
Detector = Annotated[str | None, typer.Option(help="What finds lines: dbnet or craft.")]
Models = Annotated[str | None, typer.Option(help=MODELS_HELP)]
Password = Annotated[str | None, typer.Option(help="Opens encrypted documents.")]
Processes = Annotated[int | None, typer.Option(help="Reader processes; default: one per core.")]
DataDir = Annotated[Path | None, typer.Option(help="Where Kafka's data, the document cache and ledgers are.")]
ApiPort = Annotated[int | None, typer.Option(help="Port of the API; 0 picks a free one.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print records as JSON lines.")]


def one_of(what: str, *allowed: str) -> Callable[[str | None], str | None]:
    """Return the callback of an option or argument that refuses every value but these. `what` is its name."""

    def check(value: str | None) -> str | None:
        if value not in (None, *allowed):
            raise ConfigurationError(f"no {what} {value}: use {', '.join(allowed[:-1])} or {allowed[-1]}")
        return value

    return check
