"""Regions drawn on a page by a reader process, as a client of the API sees them."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

from PIL import Image

from streams.table.memory_table import MemoryTable
from tests.unit.test_api import DOCUMENT, PAGE, FilledTable, Outbox, client_of, refusal, settings_in


async def test_regions_are_drawn_on_the_page_and_not_where_its_document_is_gone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, content_ref_folders=(str(tmp_path),))
    table = FilledTable(settings)
    here = tmp_path / "a.png"
    Image.new("RGB", (100, 100), "white").save(here)
    for name, reference in {"here": here.as_uri(), "gone": (tmp_path / "b.png").as_uri()}.items():
        document = DOCUMENT.model_copy(update={"document_id": name, "reference": reference})
        page = PAGE.model_copy(update={"document_id": name})
        await table.ask(partial(MemoryTable.apply, pages=[(f"{name}/0", page)], documents=[(name, document)]))
    async with client_of(settings, table, Outbox(settings)) as client:
        plain = await client.get("/documents/here/pages/0.png?width=100")
        drawn = await client.get("/documents/here/pages/0.png?width=100&regions=lines&color.printed=ff0000")
        assert Image.open(io.BytesIO(plain.content)).getpixel((45, 0)) == (255, 255, 255)
        assert Image.open(io.BytesIO(drawn.content)).getpixel((45, 0)) in [(255, n, n) for n in range(60)]
        svg = await client.get("/documents/here/pages/0.svg?regions=lines")
        assert "data:image/jpeg;base64," in svg.text and "<polygon" in svg.text
        found = await client.get("/documents/gone/pages/0.png?regions=lines")
        assert refusal(found) == (410, "source-gone")
