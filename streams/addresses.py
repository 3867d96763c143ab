"""Where a running service can be reached: it notes its addresses in its data folder, and commands look there.

A note is locked while its process lives. One that a killed process left behind is not believed: nobody answers at
its address, or another service has it since.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.errors import ConfigurationError
from streams.paths import private_file


def broker_note(data_dir: Path) -> Path:
    """Return the file that has host:port of the embedded Kafka."""
    return data_dir / "broker"


def api_note(data_dir: Path) -> Path:
    """Return the file that has the URL of the API."""
    return data_dir / "api"


def worker_note(data_dir: Path) -> Path:
    """Return the file that is there once all roles of the worker run."""
    return data_dir / "worker"


@contextmanager
def noted(address: str, file: Path) -> Iterator[None]:
    """Keep an address in a file for the length of the block."""
    private_file(file)
    with file.open("r+") as note:
        fcntl.flock(note, fcntl.LOCK_SH)
        note.truncate()
        note.write(address + "\n")
        note.flush()
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def address_in(file: Path) -> str | None:
    """Return the address in a file; None where there is none, or the process that noted it has ended."""
    try:
        note = os.open(file, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(note, 4096).decode(errors="replace").strip() or None
    else:
        return None
    finally:
        os.close(note)


def listening_socket(host: str, port: int, setting: str = "api_port") -> socket.socket:
    """Return a socket that the API or the probes listen on; port 0 picks a free one.

    Args:
        setting: What the port is set by.

    Raises:
        ConfigurationError: The port is taken, or there is no such address.
    """
    try:
        server = socket.create_server((host, port))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({why}); choose another {setting}, or 0 for any free one"
        ) from error
    # asyncio sets this on sockets that it has made itself. Without it an answer's body waits until its headers are
    # acknowledged, which takes a client 40 ms: a query that runs for 2 ms was answered after 48.
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server
