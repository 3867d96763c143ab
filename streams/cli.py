"""The `inkstream` command. Each subcommand lives in streams/commands and imports what it needs when it runs."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer

from models.errors import InkstreamError
from streams.commands.dead_letters import dead_letters_app
from streams.commands.diff import diff
from streams.commands.evaluate import evaluate
from streams.commands.models import models_app
from streams.commands.progress import progress
from streams.commands.query import query
from streams.commands.read import read
from streams.commands.reprocess import reprocess
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
app.command("reprocess")(reprocess)
app.command("diff")(diff)
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


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")  # for as long as this process lives


def _open_missing_outputs() -> None:
    """Give whoever starts this without standard output or error (`>&-`) outputs that keep nothing."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def _leave_output() -> None:
    """Let what is left of standard output go nowhere: closing it at the end would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command line; an InkstreamError becomes one sentence on stderr and its exit code.

    So does an output that is full. One that nobody reads any more, as behind `head`, ends it without a word, and
    with the code of SIGPIPE.
    """
    _open_missing_outputs()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # or it fails where nothing can be done about it any more
    except InkstreamError as error:
        print(plain(f"error: {error.message}"), file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _leave_output()
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _leave_output()
        print(
            plain(f"error: {error.filename or 'the output'} cannot be written: {error.strerror}"), file=sys.stderr
        )
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
