"""`inkstream seal`: a password as a token that only the service opens."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.commands.options import DataDir


def seal(
    data_dir: DataDir = None,
    options: Annotated[
        bool, typer.Option("--options", help="Print the whole options header instead of the token alone.")
    ] = False,
) -> None:
    """Seal a document's password for the options header of a Kafka client of your own.

    The password is asked for on a terminal, and is the first line of standard input elsewhere. The service's key
    seals it: run this in its folder, or with its INKSTREAM_SEAL_KEYS.

    Example: inkstream seal --options < password.txt
    """
    import json
    import sys

    from streams.errors import ConfigurationError
    from streams.messages.seal import Seal
    from streams.paths import SEAL_KEY
    from streams.settings import load_settings

    settings = load_settings(data_dir=data_dir)
    file = settings.data_dir / SEAL_KEY
    if not settings.seal_keys and not file.is_file():
        raise ConfigurationError(
            f"{file} does not exist: run this where the service was started, name its --data-dir, or set "
            "INKSTREAM_SEAL_KEYS as it has them"
        )
    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, err=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise ConfigurationError("there is no password on standard input")
    token = Seal.of(settings).seal(password)
    print(json.dumps({"password": token}) if options else token)
