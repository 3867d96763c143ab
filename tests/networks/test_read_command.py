"""`inkstream read` with a page that cannot be read, and with pages that are not there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pymupdf
import pytest
from typer.testing import CliRunner, Result

from streams.cli import app


@pytest.fixture
def four_pages(tmp_path: Path) -> Path:
    """A PDF with four pages, of which the second shows nothing but a picture that does not decode."""
    document = pymupdf.open()
    for number in range(4):
        page = document.new_page(width=300, height=200)
        if number != 1:
            page.insert_text((40, 60), f"This is page number {number}.")
            continue
        picture = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 200, 100))
        picture.clear_with(120)
        image = page.insert_image(page.rect, pixmap=picture)
        document.update_stream(image, b"no picture at all", compress=False)
        document.xref_set_key(image, "Filter", "/DCTDecode")
    file = tmp_path / "four.pdf"
    file.write_bytes(document.tobytes())
    return file


def read(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["read", *map(str, arguments)])


def test_a_page_that_cannot_be_read_costs_that_page(four_pages: Path) -> None:
    result = read(four_pages, "--format", "jsonl")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["pagenum"] for record in records] == [0, 1, 2, 3]
    assert [record["text"] for record in records if record["exception"] is None] == [
        f"This is page number {number}." for number in (0, 2, 3)
    ]
    assert records[1]["exception"].startswith("read: CorruptFile: ")
    assert result.exit_code == 1
    assert re.search(r"error: .*four\.pdf, page 2: read: CorruptFile", result.stderr)


def test_a_page_that_is_not_there_is_an_error(four_pages: Path) -> None:
    result = read(four_pages, "--pages", "4,9-11")
    assert result.stdout.replace("\f", "").strip() == "This is page number 3."
    assert "it has 4 pages, and no page 9-11" in result.stderr
    assert result.exit_code == 1


def test_a_folder_that_is_not_there_is_named(four_pages: Path, tmp_path: Path) -> None:
    result = read(four_pages, "-o", tmp_path / "nowhere/out.txt")
    assert result.exit_code != 0
    assert "nowhere/out.txt cannot be written" in str(result.exception or result.stderr)
