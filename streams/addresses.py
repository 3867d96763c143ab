"""Where a running service can be reached: it notes its addresses in its data folder, and commands look there.

A process that is killed leaves its notes behind: an address that nobody answers at, or that another has since.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.paths import private_file


def broker_note(data_dir: Path) -> Path:
    """Return the file that has host:port of the embedded Kafka."""
    return data_dir / "broker"


def api_note(data_dir: Path) -> Path:
    """Return the file that has the URL of the API."""
    return data_dir / "api"


@contextmanager
def noted(address: str, file: Path) -> Iterator[None]:
    """Keep an address in a file for the length of the block."""
    private_file(file)
    file.write_text(address + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def address_in(file: Path) -> str | None:
    """Return the address in a file, None where there is none."""
    return file.read_text().strip() if file.is_file() else None
