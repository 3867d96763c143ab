"""`inkstream read` with a page that cannot be read, and with pages that are not there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest
from typer.testing import CliRunner, Result

from streams.agents.attachments import attachment_id
from streams.cli import app
from streams.errors import ConfigurationError


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


def test_what_is_attached_to_a_portfolio_is_read_behind_it(tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "This is the cover of all.")
    inside = pymupdf.open()
    inside.new_page().insert_text((72, 72), "This is the first letter.")
    document.embfile_add("1", inside.tobytes(), filename="letter one.pdf")
    document.embfile_add("2", b"<data/>", filename="data.xml")
    document.xref_set_key(document.pdf_catalog(), "Collection", "<</Type/Collection>>")
    document.save(tmp_path / "portfolio.pdf")
    result = read(tmp_path / "portfolio.pdf", "--format", "jsonl")
    assert "data.xml (HTML or XML" in result.stderr
    cover, letter = (json.loads(line) for line in result.stdout.splitlines())
    assert (cover["text"], letter["text"]) == ("This is the cover of all.", "This is the first letter.")
    assert letter["path"] == cover["path"] + "#attachment=letter%20one.pdf"
    assert letter["document_id"] == attachment_id(cover["document_id"], "letter one.pdf")
    assert "data.xml" in cover["warnings"][0] and result.exit_code == 0
    alone = read(tmp_path / "portfolio.pdf", "--pages", "1")
    assert alone.stdout.replace("\f", "").strip() == "This is the cover of all."


def test_a_page_that_is_not_there_is_an_error(four_pages: Path) -> None:
    result = read(four_pages, "--pages", "4,9-11")
    assert result.stdout.replace("\f", "").strip() == "This is page number 3."
    assert "it has 4 pages, and no page 9-11" in result.stderr
    assert result.exit_code == 1


def test_a_folder_that_is_not_there_is_named(four_pages: Path, tmp_path: Path) -> None:
    result = read(four_pages, "-o", tmp_path / "nowhere/out.txt")
    assert result.exit_code != 0
    assert "nowhere/out.txt cannot be written" in str(result.exception or result.stderr)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two documents, one of them in a folder inside, and files that are none."""
    inner = tmp_path / "scans" / "inner"
    inner.mkdir(parents=True)
    for file, text in ((inner / "b.pdf", "Second document"), (tmp_path / "scans" / "a.pdf", "First document")):
        document = pymupdf.open()
        document.new_page(width=300, height=200).insert_text((40, 60), text)
        file.write_bytes(document.tobytes())
    (tmp_path / "scans" / "notes.txt").write_text("These are notes and no document")
    (tmp_path / "scans" / ".hidden.pdf").write_bytes(b"not looked at")
    return tmp_path / "scans"


def test_a_folder_is_read_and_what_is_no_document_is_passed_over(folder: Path) -> None:
    result = read(folder)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        f"==> {folder / 'a.pdf'} <==\nFirst document\n\n==> {folder / 'inner/b.pdf'} <==\nSecond document\n"
    )
    assert "passed over:" in result.stderr and "notes.txt" in result.stderr
    assert "hidden" not in result.stderr


def test_a_file_that_is_named_and_is_no_document_is_an_error(folder: Path) -> None:
    result = read(folder / "notes.txt")
    assert result.exit_code == 1
    assert "error:" in result.stderr and "plain text" in result.stderr


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    result = read(tmp_path)
    assert result.exit_code != 0
    assert "without files" in str(result.exception or result.stderr)


def run(
    *arguments: str | Path, given: bytes | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "streams", "read", *map(str, arguments)]
    return subprocess.run(command, input=given, env=env, capture_output=True, timeout=120, check=False)


def test_standard_input_is_read(folder: Path) -> None:
    result = run("-", given=(folder / "a.pdf").read_bytes())
    assert (result.returncode, result.stdout) == (0, b"First document\n"), result.stderr


def test_a_pipe_that_is_closed_ends_it_without_a_word(folder: Path) -> None:
    command = f"{sys.executable} -m streams read {folder} {folder} {folder} | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=True)
    assert result.stdout.strip() in (b"141", b"0")
    assert b"Traceback" not in result.stderr and b"Broken" not in result.stderr


def test_ascii_terminals_and_names_that_are_no_unicode(folder: Path) -> None:
    odd = os.fsencode(folder) + b"/caf\xe9.pdf"
    Path(os.fsdecode(odd)).write_bytes((folder / "a.pdf").read_bytes())
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = run(os.fsdecode(odd), folder / "a.pdf", env=environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count(b"First document") == 2
    records = run(os.fsdecode(odd), "--format", "jsonl", env=environment)
    assert json.loads(records.stdout)["path"].endswith("caf%E9.pdf")


def folder_of(tmp_path: Path, count: int) -> Path:
    """Return a folder with documents of the same name in folders of their own."""
    for number in range(count):
        inside = tmp_path / "in" / f"{number}"
        inside.mkdir(parents=True)
        with pymupdf.open() as document:
            document.new_page(width=300, height=200).insert_text((40, 60), f"This is document {number}.")
            document.save(inside / "same.pdf")
    return tmp_path / "in"


def test_a_file_for_each_document_is_written_by_several_processes_and_never_overwritten(tmp_path: Path) -> None:
    scans, out = folder_of(tmp_path, 6), tmp_path / "out"
    (scans / "3" / "same.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    arguments = (scans, "--out-dir", out, "--jobs", "2", "--format", "markdown")
    result = read(*arguments)
    assert result.exit_code == 1 and "same.pdf: CorruptFile" in result.stderr and not result.stdout
    files = {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}
    assert files == {f"{number}/same.pdf.md": f"This is document {number}.\n" for number in (0, 1, 2, 4, 5)}

    again = read(*arguments)
    assert isinstance(again.exception, ConfigurationError)
    assert "and 4 more would be overwritten: --force does so, --resume keeps them" in str(again.exception)

    (scans / "3" / "same.pdf").write_bytes((scans / "0" / "same.pdf").read_bytes())
    (out / "1" / "same.pdf.md").write_text("kept")
    assert read(*arguments, "--resume").exit_code == 0
    assert (out / "1" / "same.pdf.md").read_text() == "kept"
    assert (out / "3" / "same.pdf.md").read_text() == "This is document 0.\n"
    assert read(*arguments, "--force").exit_code == 0
    assert (out / "1" / "same.pdf.md").read_text() == "This is document 1.\n"


def test_documents_come_in_their_order_from_several_processes(tmp_path: Path) -> None:
    with pymupdf.open() as document:
        for number in range(12):
            document.new_page(width=300, height=200).insert_text((40, 60), f"This is page number {number}.")
        document.save(tmp_path / "long.pdf")
    result = read(tmp_path / "long.pdf", "--jobs", "2")
    assert result.stdout == "\f".join(f"This is page number {number}.\n" for number in range(12)), result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--format", "hocr"), "documents cannot be one hocr file: use --out-dir"),
        (("--resume",), "give --out-dir or --out"),
        (("--out-dir", "x", "--force", "--resume"), "either --force or --resume"),
        (("--out-dir", "x", "-o", "y"), "give --out-dir or --out"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_anything_is_read(
    folder: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    result = read(folder, *arguments)
    assert isinstance(result.exception, ConfigurationError) and sentence in str(result.exception)
    assert not (folder / "x").exists()


def test_patterns_are_matched_and_one_that_matches_nothing_is_an_error(folder: Path) -> None:
    assert read(folder / "**" / "*.pdf").stdout.count("document") == 2
    missing = read(folder / "*.tiff")
    assert isinstance(missing.exception, ConfigurationError) and "no file matches" in str(missing.exception)


def test_a_searchable_pdf_is_written_for_a_picture(tmp_path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page(width=300, height=100).insert_text((40, 60), "This is a scanned line.")
        document[0].get_pixmap(dpi=200).save(tmp_path / "scan.png")
    result = read(tmp_path / "scan.png", "--format", "pdf", "--out-dir", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    with pymupdf.open(tmp_path / "out" / "scan.png.ocr.pdf") as made:
        assert made[0].get_text().strip() == "This is a scanned line."


def test_an_interrupt_ends_its_processes_without_a_word(tmp_path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page(width=300, height=100).insert_text((40, 60), "This is a scanned line.")
        picture = document[0].get_pixmap(dpi=200)
        for _ in range(100):
            document.new_page(width=300, height=100).insert_image((0, 0, 300, 100), pixmap=picture)
        document.save(tmp_path / "long.pdf")
    command = [sys.executable, "-m", "streams", "read", str(tmp_path / "long.pdf"), "--jobs", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")


def test_a_document_that_is_cut_off_is_named(tmp_path: Path) -> None:
    document = pymupdf.open()
    for number in range(3):
        document.new_page().insert_text((72, 72), f"This is page number {number}.")
    content = document.tobytes()
    (tmp_path / "cut.pdf").write_bytes(content[: content.index(b"xref") - 10])
    result = read(tmp_path / "cut.pdf")
    assert result.stderr.count("cut-off: the file ends in the middle") == 1
