"""What commands ask the SQL table of a running service about documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import httpx
import orjson

from streams.commands.service_answers import TIMEOUT_S, bearer, media_type_of, rows_of, service_errors
from streams.errors import BrokerError, QueryError
from streams.kafka.sent_again import ReadDocument

_UNREAD = "SELECT sum(max(total_pages - pages_read - pages_failed, 1)) FROM documents WHERE document_id IN ({})"


@dataclass(frozen=True, slots=True)
class DocumentState:
    """How far a document has come."""

    status: str
    sent: str | None
    pages_read: int
    exception: str | None


class ServiceTable:
    """The table of the service at a URL. An async context manager."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._headers = bearer(token)
        self._client: httpx.AsyncClient

    async def __aenter__(self) -> Self:
        with service_errors(self._url):
            self._client = httpx.AsyncClient(base_url=self._url, headers=self._headers, timeout=TIMEOUT_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def documents(self, where: str, limit: int | None) -> list[ReadDocument]:
        """Return the current documents of which a page meets an SQL condition, the oldest first.

        Raises:
            QueryError: The condition is refused.
            BrokerError, ConfigurationError: No service answers, or it asks for another token.
        """
        sql = (
            "SELECT document_id, path, reference, sent, sha256 FROM documents WHERE status <> 'reading'"
            f" AND document_id IN (SELECT document_id FROM result WHERE (\n{where}\n)) ORDER BY sent, document_id"
        )
        if limit is not None:
            sql += f" LIMIT {limit}"
        answer = await self._ask(sql, b"application/x-ndjson")
        if media_type_of(answer) != "application/x-ndjson":
            rows_of(answer, self._url)
            raise BrokerError(f"the service at {self._url} is of another version and exports nothing; update it")
        return [ReadDocument(**orjson.loads(line)) for line in answer.content.splitlines() if line]

    async def state(self, document_id: str) -> DocumentState | None:
        """Return how far a document has come; None where it is not there, or another took its place."""
        sql = f"SELECT status, sent, pages_read, exception FROM documents WHERE document_id = {_text(document_id)}"
        rows = rows_of(await self._ask(sql), self._url)["rows"]
        return DocumentState(*rows[0]) if rows else None

    async def pages_left(self, document_ids: list[str]) -> int:
        """Return how many pages of documents are not read yet; one at least of each."""
        sql = _UNREAD.format(", ".join(map(_text, document_ids)))
        rows: list[list[Any]] = rows_of(await self._ask(sql), self._url)["rows"]
        return int(rows[0][0] or 0)

    async def _ask(self, sql: str, media_type: bytes = b"application/json") -> httpx.Response:
        with service_errors(self._url):
            try:
                return await self._client.post("/query", json={"sql": sql}, headers={b"Accept": media_type})
            except httpx.RemoteProtocolError as error:
                raise QueryError(f"the answer ended before its end ({error}): the service's log has why") from error


def _text(value: str) -> str:
    """Return an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
