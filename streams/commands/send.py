"""`inkstream send`: files to raw-files, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streams.settings import Settings


def send(
    files: Annotated[list[Path], typer.Argument(help="Files to send; folders are searched for files.")],
    option: Annotated[
        list[str] | None,
        typer.Option("--option", help="How to read them: key=value, as languages=deu; may be repeated."),
    ] = None,
    password: Annotated[str | None, typer.Option(help="Opens them, if they are encrypted.")] = None,
    broker: Annotated[str | None, typer.Option(help="Kafka as host:port.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of the topics.")] = None,
) -> None:
    """Send files to be read, and print where Kafka put each.

    Example: inkstream send scans/*.pdf --option languages=eng+deu --option dpi=200
    """
    import asyncio

    from streams.codec import merge_options
    from streams.commands.connection import settings_for

    settings = settings_for(broker, prefix)
    options = _options(option or [], password)
    merge_options(settings.read_options(), options)
    failures = asyncio.run(_send(settings, _files(files), options))
    if failures:
        raise typer.Exit(1)


async def _send(settings: Settings, files: list[Path], options: dict[str, Any]) -> int:
    """Send each file; return how many could not be sent."""
    import sys

    from rich.console import Console
    from rich.progress import track

    from streams.errors import FileUnreadable
    from streams.sources.producer import FileProducer

    failures = 0
    bar = Console(stderr=True)
    async with FileProducer(settings) as producer:
        for file in track(
            files, "sending", console=bar, transient=True, disable=len(files) < 2 or not bar.is_terminal
        ):
            try:
                sent = await producer.send(file, options=options)
            except FileUnreadable as error:
                failures += 1
                print(f"error: {error.message}", file=sys.stderr)
                continue
            where = f"{sent.topic}/{sent.partition}/{sent.offset}"
            print(f"{file} → {where}  document {sent.document_id}{'' if sent.inline else '  (by reference)'}")
    return failures


def _files(named: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in named:
        found += sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return found


def _options(pairs: list[str], password: str | None) -> dict[str, Any]:
    """Return key=value pairs as options; values that are JSON (300, true) count as such."""
    import json

    from models.errors import OptionsError

    options: dict[str, Any] = {} if password is None else {"password": password}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise OptionsError(f"--option {pair}: write it as key=value, as in --option dpi=200")
        try:
            options[key] = json.loads(value)
        except json.JSONDecodeError:
            options[key] = value
    return options
