"""The tables of settings and columns in the documentation are those of the code."""

from __future__ import annotations

from deploy.tables import pages
from streams.settings import Settings


def test_every_page_that_is_made_from_code_is_current() -> None:
    for file, text in pages().items():
        assert file.read_text(encoding="utf-8") == text, f"{file.name} is not current: make tables"


def test_every_setting_has_a_row_with_its_meaning() -> None:
    settings = next(text for file, text in pages().items() if file.name == "settings.md")
    rows = [line.split(" | ") for line in settings.splitlines() if line.startswith("| `INKSTREAM_")]
    assert {row[0].strip("| `").removeprefix("INKSTREAM_").lower() for row in rows} == set(Settings.model_fields)
    assert [row[0] for row in rows if len(row[2]) < 5] == []
