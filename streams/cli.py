"""The `inkstream` command. Each subcommand lives in streams/commands and imports what it needs when it runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from models.errors import InkstreamError
from streams.commands.dead_letters import dead_letters_app
from streams.commands.evaluate import evaluate
from streams.commands.models import models_app
from streams.commands.progress import progress
from streams.commands.query import query
from streams.commands.read import read
from streams.commands.seal import seal
from streams.commands.send import send
from streams.commands.tail import tail
from streams.commands.topics import topics_app
from streams.commands.up import up
from streams.commands.watch import watch
from streams.commands.worker import worker
from streams.escapes import plain

app = typer.Typer(
    name="inkstream",
    help="A stream of documents becomes a stream of text: OCR on Kafka.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("up")(up)
app.command("worker")(worker)
app.command("watch")(watch)
app.command("send")(send)
app.command("seal")(seal)
app.command("read")(read)
app.command("evaluate")(evaluate)
app.command("query")(query)
app.command("tail")(tail)
app.command("progress")(progress)
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(topics_app, name="topics")
app.add_typer(models_app, name="models")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"inkstream {version('inkstream')}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """A stream of documents becomes a stream of text: OCR on Kafka."""


def main() -> None:
    """Run the command line; an InkstreamError becomes one sentence on stderr and its exit code."""
    try:
        app()
    except InkstreamError as error:
        print(plain(f"error: {error.message}"), file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
