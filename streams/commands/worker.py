"""`inkstream worker`: the processing part, against a Kafka that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import ApiPort, Broker, DataDir, Detector, Models, Prefix, Processes, Reader
from streams.model_choice import handwritten_by

if TYPE_CHECKING:
    from streams.app import Role

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
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Split files, read pages, track documents and answer SQL, until Ctrl-C or SIGTERM.

    Start as many as there are machines, with the same --broker. Every other setting is an INKSTREAM_* variable or
    a key in inkstream.toml.

    Example: inkstream worker --broker kafka:9092 --role read --role split
    """
    import asyncio
    import os

    from streams.commands.connection import settings_for
    from streams.monitoring.logs import configure_logging
    from streams.service.worker import run_worker
    from streams.signals import die_with

    settings = settings_for(
        broker, prefix, processes=processes, reader=reader, detector=detector, data_dir=data_dir, api_port=api_port,
        handwritten=handwritten_by(models),
    )  # fmt: skip
    configure_logging("WARNING" if supervised and settings.log_level == "INFO" else settings.log_level)
    if supervised:
        die_with(os.getppid())
    roles, web = _roles(role or ["all"])
    asyncio.run(run_worker(settings, roles, web=web))


def _roles(named: list[str]) -> tuple[tuple[Role, ...], bool]:
    from streams.app import ROLES
    from streams.errors import ConfigurationError

    unknown = set(named) - {*ROLES, "web", "all"}
    if unknown:
        raise ConfigurationError(f"no role {', '.join(sorted(unknown))}: use {_ROLE_HELP}")
    everything = "all" in named
    return tuple(name for name in ROLES if everything or name in named), everything or "web" in named
