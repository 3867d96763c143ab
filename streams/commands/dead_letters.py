"""`inkstream dead-letters`: what could not be read, why, and once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import Broker, Prefix

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.kafka.replay import StoredLetter
    from streams.settings import Settings

dead_letters_app = typer.Typer(no_args_is_help=True, help="What could not be processed: list, show, replay.")

Reason = Annotated[str | None, typer.Option(help="Only those with this reason, as encrypted-file.")]


@dead_letters_app.command("list")
def list_letters(
    reason: Reason = None,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those that have been replayed, too.")] = False,
    broker: Broker = None,
    prefix: Prefix = None,
) -> None:
    """List dead letters, oldest first: offset, when, reason, stage, which file, what happened.

    What has been replayed is left out: where it fails again, that is a letter of its own.

    Example: inkstream dead-letters list --reason encrypted-file
    """
    from streams.terminal import print_table

    found, replays = _letters(broker, prefix, lambda stored: reason in (None, stored.letter.reason))
    shown = [stored for stored in found if replayed or stored.offset not in replays]
    columns = [
        "offset",
        "when",
        "reason",
        "stage",
        "document",
        "what happened",
        *(["replayed"] if replayed else []),
    ]
    ends = ((replays.get(stored.offset, ""),) if replayed else () for stored in shown)
    print_table(columns, [(*_row(stored), *end) for stored, end in zip(shown, ends, strict=True)])
    hidden = len(found) - len(shown)
    print(f"{len(shown)} dead letters" + (f", and {hidden} that were replayed (--replayed)" if hidden else ""))


def _row(stored: StoredLetter) -> tuple[object, ...]:
    letter = stored.letter
    page = "" if letter.pagenum is None else f" page {letter.pagenum}"
    name = (letter.path or "?").rsplit("/", 1)[-1] + page
    return stored.offset, letter.timestamp, letter.reason, letter.stage, name, letter.exception


@dead_letters_app.command("show")
def show(
    offset: Annotated[int, typer.Argument(help="The letter's offset, as `list` prints it.")],
    broker: Broker = None,
    prefix: Prefix = None,
) -> None:
    """Print one dead letter whole, with its traceback.

    Example: inkstream dead-letters show 12
    """
    from streams.errors import ConfigurationError
    from streams.escapes import plain

    found, replays = _letters(broker, prefix, lambda stored: stored.offset == offset)
    if not found:
        raise ConfigurationError(f"there is no dead letter {offset}; `inkstream dead-letters list` shows them")
    letter = found[0].letter
    for name, value in letter.model_dump(exclude={"traceback"}).items():
        print(plain(f"{name}: {value}"))
    if offset in replays:
        print(plain(f"replayed: {replays[offset]}"))
    print(plain(letter.traceback))


@dead_letters_app.command("replay")
def replay(
    offsets: Annotated[list[int] | None, typer.Argument(help="Offsets, as `list` prints them.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every dead letter that has not been replayed.")
    ] = False,
    reason: Reason = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be replayed.")] = False,
    broker: Broker = None,
    prefix: Prefix = None,
) -> None:
    """Put the messages of dead letters back on their topic, once what was wrong is mended.

    A letter that was replayed is replayed again only by its offset.

    Example: inkstream dead-letters replay --reason source-unavailable
    """
    import asyncio

    from streams.errors import ConfigurationError

    if not (offsets or everything or reason):
        raise ConfigurationError("name letters: offsets, --reason REASON or --all")
    wanted = set(offsets or ())
    found, replays = _letters(
        broker, prefix, lambda s: (not wanted or s.offset in wanted) and reason in (None, s.letter.reason)
    )
    missing = wanted - {stored.offset for stored in found}
    if missing:
        names = ", ".join(map(str, sorted(missing)))
        raise ConfigurationError(f"there is no dead letter {names}; `inkstream dead-letters list` shows them")
    found = [stored for stored in found if wanted or stored.offset not in replays]
    if not found:
        print("nothing to replay")
    if asyncio.run(_replay(_settings(broker, prefix), found, dry_run)):
        raise typer.Exit(1)


async def _replay(settings: Settings, letters: list[StoredLetter], dry_run: bool) -> int:
    """Replay the letters; return how many could not be."""
    import sys

    from models.errors import InkstreamError
    from streams.escapes import plain
    from streams.kafka.replay import Replayer

    failures = 0
    async with Replayer(settings) as replayer:
        for stored in letters:
            letter = stored.letter
            where = f"{letter.topic}/{letter.partition}/{letter.offset}"
            if dry_run:
                print(f"{stored.offset}: {where} ({letter.reason}) would be replayed")
                continue
            try:
                print(f"{stored.offset}: {where} → {await replayer.replay(letter)}")
                await replayer.mark(stored)
            except InkstreamError as error:
                failures += 1
                print(plain(f"error: {stored.offset}: {error.message}"), file=sys.stderr)
    return failures


def _letters(
    broker: str | None, prefix: str | None, wanted: Callable[[StoredLetter], bool]
) -> tuple[list[StoredLetter], dict[int, str]]:
    """Return the letters that are wanted, and when each that was replayed was, by its offset."""
    import asyncio

    from streams.kafka.replay import stored_letters

    replays: dict[int, str] = {}

    async def collect() -> list[StoredLetter]:
        return [stored async for stored in stored_letters(_settings(broker, prefix), replays) if wanted(stored)]

    return asyncio.run(collect()), replays


def _settings(broker: str | None, prefix: str | None) -> Settings:
    from streams.commands.connection import settings_for

    return settings_for(broker, prefix)
