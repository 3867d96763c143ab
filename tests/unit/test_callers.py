"""Who may call the API: no other site's page, no machine beyond this one without a token, and nobody without it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.errors import ConfigurationError
from streams.settings import Settings
from streams.web.callers import check_exposure
from tests.unit.test_api import FilledTable, Outbox, client_of, refusal, settings_in

SQL = {"sql": "SELECT 1"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(tmp_path, api_hosts="ocr.example.com")
    async with client_of(settings, FilledTable(settings), Outbox(settings)) as made:
        yield made


@pytest.mark.parametrize(
    "host",
    ["localhost:8321", "127.0.0.1:8321", "[::1]:8321", "10.0.0.7", "inkstream", "OCR.example.com:80"],
)
async def test_its_own_names_are_served(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.post("/query", json=SQL, headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8321", "127.0.0.1.evil.example", "", "a.b:x", "[::1.x"]
)
@pytest.mark.parametrize("path", ["/query", "/docs", "/metrics"])
async def test_a_name_that_was_made_to_lead_here_is_refused(
    client: httpx.AsyncClient, host: str, path: str
) -> None:
    answer = await client.request("POST" if path == "/query" else "GET", path, headers={"host": host})
    assert refusal(answer) == (421, "other-host")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8321", 202), (None, 202), ("https://evil.example", 403), ("null", 403),
        ("http://localhost:3000", 403), ("http://localhost:8321.evil.example", 403),
    ],
)  # fmt: skip
async def test_a_page_of_another_site_sends_nothing(
    client: httpx.AsyncClient, origin: str | None, status: int
) -> None:
    headers = {"host": "localhost:8321"} | ({"origin": origin} if origin else {})
    answer = await client.post("/files", files={"file": ("a.pdf", b"%PDF-1.7 x")}, headers=headers)
    assert answer.status_code == status


async def test_without_the_token_a_body_is_not_read(tmp_path: Path) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 1024

    settings = settings_in(tmp_path, api_token="secret")
    async with client_of(settings, FilledTable(settings), Outbox(settings)) as client:
        answer = await client.post(
            "/files", content=body(), headers={"content-type": "multipart/form-data; boundary=x"}
        )
    assert refusal(answer) == (401, "unauthorized")
    assert read <= 1


@pytest.mark.parametrize("public", ["", "metrics", "docs", "metrics,docs"])
async def test_metrics_and_docs_follow_the_token_unless_they_are_public(tmp_path: Path, public: str) -> None:
    settings = settings_in(tmp_path, api_token="secret", api_public=public)
    async with client_of(settings, FilledTable(settings), Outbox(settings)) as client:
        for part, path in (("metrics", "/metrics"), ("docs", "/docs"), ("docs", "/openapi.json")):
            assert (await client.get(path)).status_code == (200 if part in public else 401)
            assert (await client.get(path, headers={"authorization": "Bearer secret"})).status_code == 200


async def test_the_docs_fetch_nothing_and_run_nothing(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text and "https://" not in page.text
    assert "POST /query" in page.text and "POST /files" in page.text


@pytest.mark.parametrize(
    ("given", "is_refused"),
    [
        ({}, False), ({"api_host": "::1"}, False), ({"api_host": "localhost"}, False),
        ({"api_host": "0.0.0.0"}, True), ({"api_host": "::"}, True), ({"api_host": "10.0.0.7"}, True),
        ({"api_host": "ocr.example.com"}, True), ({"api_host": "0.0.0.0", "api_token": "secret"}, False),
        ({"api_host": "0.0.0.0", "api_open": True}, False),
    ],
)  # fmt: skip
def test_an_api_beyond_this_machine_needs_a_token_or_a_word(given: dict[str, Any], is_refused: bool) -> None:
    settings = Settings(**given)
    if is_refused:
        with pytest.raises(ConfigurationError, match="api_token"):
            check_exposure(settings)
    else:
        check_exposure(settings)
