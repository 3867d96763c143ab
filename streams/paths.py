"""Where a user's files are, by the XDG Base Directory specification; and folders closed to other users."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from streams.errors import ConfigurationError

PRIVATE_UMASK = 0o077
SEAL_KEY = "seal.key"
_OURS = ("kafka", "documents", "ledgers", "faust", "attempts.db", SEAL_KEY)  # in data_dir


def user_cache(name: str) -> Path:
    """Return inkstream's cache folder of that name: what is in it can be fetched or made again."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "inkstream" / name


def private_folder(folder: Path) -> None:
    """Make a folder that its owner alone can look into, or make one such that is there.

    Raises:
        OSError: It cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(PermissionError):  # somebody else's, who gave it to us
        folder.chmod(0o700)


def private_file(file: Path) -> None:
    """Make an empty file that its owner alone can read, or make one such that is there. Raises OSError."""
    file.touch(mode=0o600)
    with suppress(PermissionError):
        file.chmod(0o600)


def private_data_dir(data_dir: Path) -> None:
    """Close the data folder to other users: documents, their text and passwords are in it.

    A folder that has files of others only is left as it is: whoever named it did not mean it for us alone.

    Raises:
        ConfigurationError: It cannot be made, or is no folder.
    """
    try:
        found = {entry.name for entry in data_dir.iterdir()} if data_dir.exists() else set()
        if not found or not found.isdisjoint(_OURS):
            private_folder(data_dir)
        for entry in (data_dir / name for name in _OURS):
            if entry.is_dir():
                private_folder(entry)
            elif entry.exists():
                private_file(entry)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder {data_dir} cannot be used: {error.strerror}; choose another --data-dir"
        ) from error
