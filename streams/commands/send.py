"""`inkstream send`: files to raw-files, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import Broker, CreateTopics, Option, OptionsAsJson, Password, Prefix, given_options

if TYPE_CHECKING:
    from streams.messages.seal import Seal
    from streams.settings import Settings


def send(
    files: Annotated[
        list[Path], typer.Argument(help="Files to send, and folders with files; what `ignore` names is left out.")
    ],
    option: Option = None,
    options: OptionsAsJson = None,
    password: Password = None,
    again: Annotated[bool, typer.Option("--again", help="Read them, though the same were read before.")] = False,
    broker: Broker = None,
    prefix: Prefix = None,
    create_topics: CreateTopics = False,
) -> None:
    """Send files to be read, and print where Kafka put each.

    Example: inkstream send scans/*.pdf --option languages=eng+deu --option dpi=200
    """
    import asyncio

    from streams.commands.connection import agree_to_topics, settings_for
    from streams.messages.codec import merge_options

    settings = settings_for(broker, prefix)
    given = given_options(option, options)
    if password is not None:
        given["password"] = password
    chosen = merge_options(settings.read_options(), given).model_dump()
    typed = {name: chosen[name] for name in given}  # of their types now: a dpi is a number, a password is not
    found = _files(files, settings)
    agree_to_topics(settings, create=create_topics)
    if asyncio.run(_send(settings, found, typed, again=again)):
        raise typer.Exit(1)


def _seal(settings: Settings, options: dict[str, object]) -> Seal | None:
    """Return the service's seal; None, with a note where it matters, where its key is not known here."""
    from streams.addresses import address_in, broker_note
    from streams.messages.seal import Seal

    if "password" not in options:
        return None
    if settings.seal_keys or settings.broker == address_in(broker_note(settings.data_dir)):
        return Seal.of(settings)
    note = "note: the password goes to Kafka as it is; set INKSTREAM_SEAL_KEYS to the service's keys to seal it"
    print(note, file=sys.stderr)
    return None


async def _send(settings: Settings, files: list[Path], options: dict[str, object], *, again: bool) -> int:
    """Send each file; return how many could not be sent."""
    from rich.console import Console
    from rich.progress import track

    from streams.errors import FileUnreadable
    from streams.kafka.topics import wait_for_topics
    from streams.sources.producer import FileProducer
    from streams.terminal import printable

    failures = by_reference = 0
    await wait_for_topics(settings, timeout_s=10)
    bar = Console(stderr=True)
    async with FileProducer(settings, _seal(settings, options)) as producer:
        for file in track(
            files, "sending", console=bar, transient=True, disable=len(files) < 2 or not bar.is_terminal
        ):
            try:
                sent = await producer.send(file, options=options, again=again)
            except FileUnreadable as error:
                failures += 1
                print(f"error: {error.message}", file=sys.stderr)  # stderr escapes what it cannot print
                continue
            where = f"{sent.topic}/{sent.partition}/{sent.offset}"
            how = "" if sent.inline else "  (by reference)"
            by_reference += not sent.inline
            print(f"{printable(file)} → {where}  document {sent.document_id}{how}")
    if by_reference:
        note = (
            f"note: {by_reference} of these are too large for a message; workers fetch them only from the folders"
        )
        print(f"{note} in their INKSTREAM_CONTENT_REF_FOLDERS", file=sys.stderr)
    return failures


def _files(named: list[Path], settings: Settings) -> list[Path]:
    """Return the files named, and those in the folders named that the watcher would pick up as well."""
    from streams.errors import FileUnreadable
    from streams.sources.listing import files_in, ignored_names

    found: list[Path] = []
    for path in named:
        below = files_in(path, ignored_names(settings), _raise) if path.is_dir() else ()
        if str(path) == "-":
            raise FileUnreadable("standard input cannot be sent: write it into a file first, and name that")
        found += sorted(file for file, _ in below) if path.is_dir() else [path]
    if not found:
        raise FileUnreadable(f"no files to send in {', '.join(map(str, named))}")
    return found


def _raise(error: OSError) -> None:
    from streams.errors import FileUnreadable

    raise FileUnreadable(f"{error.filename} cannot be listed: {error.strerror}") from error
