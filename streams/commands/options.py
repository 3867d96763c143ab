"""The command line options that several commands have, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from streams.errors import ConfigurationError

Broker = Annotated[str | None, typer.Option(help="Kafka as host:port[,host:port…].")]
Prefix = Annotated[str | None, typer.Option(help="Prefix of every topic and consumer group.")]
CreateTopics = Annotated[
    bool, typer.Option("--create-topics", help="Create the topics where they are missing; otherwise it is asked.")
]
Reader = Annotated[str | None, typer.Option(help="auto, tesseract or ppocr.")]
Detector = Annotated[str | None, typer.Option(help="What finds lines: dbnet or craft.")]
Models = Annotated[
    str | None,
    typer.Option(help="What reads handwriting: own, or official, the published TrOCR once it is exported."),
]
Option = Annotated[
    list[str] | None,
    typer.Option("--option", help="A reading option: key=value, as languages=deu; may be repeated."),
]
OptionsAsJson = Annotated[
    str | None, typer.Option("--options", help="Reading options as JSON; --option goes first.")
]
Password = Annotated[str | None, typer.Option(help="Opens encrypted documents.")]
Processes = Annotated[int | None, typer.Option(help="Reader processes; default: one per core.")]
DataDir = Annotated[Path | None, typer.Option(help="Where Kafka's data, the document cache and ledgers are.")]
ApiPort = Annotated[int | None, typer.Option(help="Port of the API; 0 picks a free one.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print records as JSON lines.")]


def given_options(pairs: list[str] | None, text: str | None) -> dict[str, object]:
    """Return the reading options of --option, all of them text, and of --options.

    Raises:
        OptionsError: One is no key=value, or the text is no JSON object.
    """
    from models.errors import OptionsError
    from streams.messages.codec import parse_options

    options: dict[str, object] = {} if text is None else dict(parse_options(text, f"--options {text}"))
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise OptionsError(f"--option {pair}: write it as key=value, as in --option dpi=200")
        options[key] = value
    return options


_HANDWRITTEN = {"own": "handwriting", "official": "official"}


def handwritten_by(models: str | None) -> str | None:
    """Return the value of the setting `handwritten` that --models stands for, None where it was not given.

    Raises:
        ConfigurationError: It is neither own nor official.
    """
    if models is None:
        return None
    if models not in _HANDWRITTEN:
        raise ConfigurationError(f"no models {models}: use {' or '.join(_HANDWRITTEN)}")
    return _HANDWRITTEN[models]


def one_of(what: str, *allowed: str) -> Callable[[str | None], str | None]:
    """Return the callback of an option or argument that refuses every value but these. `what` is its name."""

    def check(value: str | None) -> str | None:
        if value not in (None, *allowed):
            raise ConfigurationError(f"no {what} {value}: use {', '.join(allowed[:-1])} or {allowed[-1]}")
        return value

    return check
