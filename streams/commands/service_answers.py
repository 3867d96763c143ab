"""What the API of a service answers to a query, and what went wrong where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from streams.errors import BrokerError, ConfigurationError, QueryError

TIMEOUT_S = 60  # the service ends a query itself, long before


def bearer(token: str | None) -> dict[bytes, bytes]:
    """Return the header that carries a token; as text it could be ASCII only."""
    return {b"Authorization": f"Bearer {token}".encode()} if token else {}


@contextmanager
def service_errors(address: str) -> Iterator[None]:
    """Raise ConfigurationError where the block finds that an address is none, BrokerError where nothing answers."""
    try:
        yield
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"--url {address}: {error}; write it as http://localhost:8321") from error
    except (httpx.TransportError, UnicodeError) as error:
        raise BrokerError(f"Nothing answers at {address} ({error}). Is `inkstream up` running?") from error


def media_type_of(answer: httpx.Response) -> str:
    """Return the media type of an answer, without parameters."""
    return str(answer.headers.get("content-type", "")).partition(";")[0]


def rows_of(answer: httpx.Response, address: str) -> dict[str, Any]:
    """Return what was answered, where it is no export.

    Raises:
        BrokerError: It is no service of ours, or cannot answer now.
        ConfigurationError: It asks for another token, or is not called by this name.
        QueryError: It refuses the query.
    """
    found = answer.json() if media_type_of(answer) in ("application/json", "application/problem+json") else None
    if not isinstance(found, dict) or not ({"type", "columns"} & set(found)):
        raise BrokerError(f"what answers at {address} is not inkstream ({answer.status_code}): name another --url")
    if answer.status_code == 200:
        return found
    message = str(found.get("detail"))
    if answer.status_code in (401, 403, 421):
        raise ConfigurationError(f"{message}: give --token, or set INKSTREAM_API_TOKEN")
    if answer.status_code == 503:
        raise BrokerError(f"{message}; try again")
    raise QueryError(message)
