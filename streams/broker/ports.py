"""Ports of the embedded Kafka: the note of last time, which are free, and whether Kafka answers on one."""

from __future__ import annotations

import contextlib
import socket
import struct
from pathlib import Path


def ports_in(file: Path) -> list[int]:
    """Return the ports of last time; none where there was no last time, or its note was cut off."""
    try:
        return [int(word) for word in file.read_text().split()]
    except (FileNotFoundError, ValueError):
        return []


def is_free(port: int) -> bool:
    """Return whether a port may be listened on; one that does not exist may not."""
    if not 0 < port < 65_536:
        return False
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def answers(bootstrap: str) -> bool:
    """Return whether a broker answers there and counts itself among the living: before, it creates no topics."""
    host, _, port = bootstrap.partition(":")
    # Metadata, version 1, correlation 1, no client id, all topics → size, correlation, number of brokers, …
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection((host, int(port)), timeout=0.5) as connection:
            connection.settimeout(2.0)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb").read(12)
    except OSError:
        return False
    return len(answer) == 12 and struct.unpack(">iii", answer)[2] > 0


def listens(bootstrap: str) -> bool:
    """Return whether somebody accepts connections there: all that can be asked where a password is needed."""
    host, _, port = bootstrap.partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=0.5):
        return True
    return False
