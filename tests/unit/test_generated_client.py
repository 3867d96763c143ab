"""A client that is generated from /openapi.json, and from nothing else, sends documents and asks what was read."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openapi_python_client
import pytest
from openapi_python_client.config import Config, ConfigFile, MetaType

from streams.web.api import create_api
from tests.unit.test_api import PDF, FilledTable, Outbox, parts_of, settings_in

_PACKAGE = "generated_inkstream_client"
_BYTES = (
    "image/png", "image/jpeg", "image/svg+xml", "application/pdf", "application/xml", "application/x-ndjson",
)  # fmt: skip


@dataclass
class Generated:
    """The package that was made, a client of it, and what the API has sent to Kafka."""

    client: Any
    outbox: Outbox

    def module(self, name: str) -> Any:
        return import_module(f"{_PACKAGE}.{name}")


@pytest.fixture
async def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Generated]:
    settings = settings_in(tmp_path)
    table, outbox = FilledTable(settings), Outbox(settings)
    await table.fill()
    async with parts_of(settings, table, outbox) as parts:
        transport, schema = httpx.ASGITransport(create_api(parts)), tmp_path / "openapi.json"
        async with httpx.AsyncClient(transport=transport, base_url="http://inkstream") as client:
            schema.write_bytes((await client.get("/openapi.json")).content)
        file = ConfigFile(post_hooks=[], content_type_overrides=dict.fromkeys(_BYTES, "application/octet-stream"))
        config = Config.from_sources(file, MetaType.NONE, schema, "utf-8", True, tmp_path / _PACKAGE)
        assert [fault.header for fault in openapi_python_client.generate(config=config)] == []
        monkeypatch.syspath_prepend(str(tmp_path))
        made = Generated(None, outbox)
        made.client = made.module("client").Client("http://inkstream", httpx_args={"transport": transport})
        yield made
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]


async def test_a_generated_client_sends_and_reads(generated: Generated) -> None:
    client, models, types = generated.client, generated.module("models"), generated.module("types")
    reading = "api.what_was_read"
    form = models.BodyFiles(
        [types.File(BytesIO(PDF), "a.pdf", "application/pdf")], options='{"dpi": 200}', again=True
    )
    sent = await generated.module("api.documents_in.files").asyncio(client=client, body=form)
    assert [(one.path, one.status) for one in sent.documents] == [("upload://a.pdf", "accepted")]
    assert generated.outbox.sent == [(PDF, "upload://a.pdf", {"dpi": 200})] and generated.outbox.again

    document = await generated.module(f"{reading}.document").asyncio("d", client=client)
    assert (document.status, document.total_pages) == ("done", 1)
    page = await generated.module(f"{reading}.page_of_document").asyncio("d", 0, client=client)
    assert (page.text, page.regions[0].polygon[2]) == ("an invoice", [9, 5])
    assert await generated.module(f"{reading}.document_as_text").asyncio("d", client=client) == "an invoice\n"
    asked = models.Query("SELECT pagenum FROM result WHERE result MATCH ?", parameters=["invoice"])
    assert (await generated.module(f"{reading}.query").asyncio(client=client, body=asked)).rows == [[0]]
    listed = await generated.module(f"{reading}.documents").asyncio(client=client, path="file://")
    assert [one.document_id for one in listed.documents] == ["d"]
    ready = await generated.module("api.operations.readyz").asyncio(client=client)
    assert ready.ready


async def test_a_generated_client_has_refusals_as_problems(generated: Generated) -> None:
    client, models = generated.client, generated.module("models")
    missing = await generated.module("api.what_was_read.document").asyncio("none", client=client)
    assert isinstance(missing, models.Problem) and missing.type_ == "/problems/not-found"
    asked = models.Query("DROP TABLE result")
    refused = await generated.module("api.what_was_read.query").asyncio(client=client, body=asked)
    assert isinstance(refused, models.Problem) and refused.type_ == "/problems/query"
