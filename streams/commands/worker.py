"""`inkstream worker`: the processing part, against a Kafka that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import (
    ApiPort,
    Broker,
    DataDir,
    Detector,
    Models,
    Prefix,
    Processes,
    Reader,
    handwritten_by,
)

if TYPE_CHECKING:
    from streams.kafka.topics import Role

_ROLE_HELP = (
    "all, or one or more of split (files → pages), read (pages → text), track (progress), web (SQL and API)"
)


def worker(
    role: Annotated[list[str] | None, typer.Option(help=_ROLE_HELP + "; may be repeated.")] = None,
    broker: Broker = None,
    prefix: Prefix = None,
    processes: Processes = None,
    reader: Reader = None,
    detector: Detector = None,
    models: Models = None,
    data_dir: DataDir = None,
    api_port: ApiPort = None,
) -> None:
    """Split files, read pages, track documents and answer SQL, until Ctrl-C or SIGTERM.

    Start as many as there are machines, with the same --broker. Every other setting is an INKSTREAM_* variable or
    a key in inkstream.toml.

    Example: inkstream worker --broker kafka:9092 --role read --role split
    """
    from streams.commands.connection import settings_for
    from streams.service.worker_main import start_worker
    from streams.service.worker_spec import WorkerSpec

    roles, web = _roles(role or ["all"])
    settings = settings_for(
        broker, prefix, processes=processes, reader=reader, detector=detector, data_dir=data_dir, api_port=api_port,
        handwritten=handwritten_by(models),
    )  # fmt: skip
    start_worker(WorkerSpec(settings=settings, roles=roles, web=web))


def _roles(named: list[str]) -> tuple[tuple[Role, ...], bool]:
    from streams.errors import ConfigurationError
    from streams.kafka.topics import ROLES

    unknown = set(named) - {*ROLES, "web", "all"}
    if unknown:
        raise ConfigurationError(f"no role {', '.join(sorted(unknown))}: use {_ROLE_HELP}")
    everything = "all" in named
    return tuple(name for name in ROLES if everything or name in named), everything or "web" in named
