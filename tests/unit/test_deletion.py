"""Which documents a deletion takes along, and which it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path

import httpx
import pytest

from streams.settings import Settings
from tests.unit.test_api import DOCUMENT, PAGE, FilledTable, Outbox, client_of, refusal, settings_in


class Eraser(Outbox):
    """Notes what is deleted, and has the table forget it at once."""

    table: FilledTable

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.deleted: list[tuple[str, list[int]]] = []

    async def delete(self, document_id: str, pagenums: Sequence[int], known: Collection[int] = ()) -> None:
        self.deleted.append((document_id, list(pagenums)))
        keys = [(f"{document_id}/{number}", None) for number in pagenums]
        await self.table.ask(lambda t: t.apply(keys, [(document_id, None)]))


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Eraser]]:
    """A document whose place a second one took, then a third; and one that is being read."""
    settings = settings_in(tmp_path)
    table, eraser = FilledTable(settings), Eraser(settings)
    eraser.table = table
    given = [("a", 1, []), ("b", 2, ["a"]), ("c", 3, ["b"])]
    documents = [
        DOCUMENT.model_copy(update={"document_id": name, "sent": f"2026-11-0{day}", "supersedes": earlier})
        for name, day, earlier in given
    ]
    pages = [PAGE.model_copy(update={"document_id": name, "sent": f"2026-11-0{day}"}) for name, day, _ in given]
    reading = DOCUMENT.model_copy(update={"document_id": "reading", "status": "reading"})
    await table.ask(
        lambda t: t.apply(
            [(f"{page.document_id}/0", page) for page in pages],
            [(one.document_id, one) for one in [*documents, reading]],
        )
    )
    async with client_of(settings, table, eraser) as client:
        yield client, eraser


async def test_earlier_documents_go_with_the_one_that_took_their_place(
    made: tuple[httpx.AsyncClient, Eraser],
) -> None:
    client, eraser = made
    answer = await client.delete("/documents/c")
    assert answer.json()["documents"] == [{"document_id": name, "pages": 1} for name in "cba"]
    assert eraser.deleted == [("c", [0]), ("b", [0]), ("a", [0])]
    listed = (await client.get("/documents")).json()["documents"]
    assert [one["document_id"] for one in listed] == ["reading"]


async def test_an_earlier_document_may_become_current_again(made: tuple[httpx.AsyncClient, Eraser]) -> None:
    client, eraser = made
    await client.delete("/documents/c?earlier=false")
    assert eraser.deleted == [("c", [0])]
    listed = (await client.get("/documents")).json()["documents"]
    assert {one["document_id"] for one in listed} == {"reading", "b"}


async def test_what_is_being_read_is_deleted_only_by_force(made: tuple[httpx.AsyncClient, Eraser]) -> None:
    client, eraser = made
    assert refusal(await client.delete("/documents/reading")) == (409, "not-finished")
    assert refusal(await client.delete("/documents/none")) == (404, "not-found")
    assert eraser.deleted == []
    assert (await client.delete("/documents/reading?force=true")).status_code == 200
    assert eraser.deleted == [("reading", [])]


async def test_a_page_of_another_site_deletes_nothing(made: tuple[httpx.AsyncClient, Eraser]) -> None:
    client, eraser = made
    answer = await client.delete("/documents/c", headers={"origin": "https://evil.example"})
    assert refusal(answer) == (403, "other-origin")
    assert eraser.deleted == []


async def test_the_answer_names_what_stays(made: tuple[httpx.AsyncClient, Eraser]) -> None:
    client, _ = made
    remains = (await client.delete("/documents/c")).json()["remains"]
    assert any(one.startswith("page-text, documents, corrections: ") for one in remains)
    assert "r: the file itself" in remains
