"""What a person types first: the version, help, and what is near a command that does not exist."""

from __future__ import annotations

import errno
import io
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.errors import OptionsError
from streams.cli import app, main
from streams.commands.options import given_options
from streams.errors import ConfigurationError, FileUnreadable


def test_the_version_is_the_packages() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"inkstream {version('inkstream')}\n")


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["read", "-h"], ["topics", "list", "-h"]])
def test_help_is_there_by_both_its_names(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_a_command_that_does_not_exist_names_the_nearest() -> None:
    result = CliRunner().invoke(app, ["raed"])
    assert result.exit_code == 2
    assert "Did you mean 'read'?" in result.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["models", "list"]])
def test_a_full_output_is_one_sentence(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["inkstream", *arguments])
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: the output cannot be written: No space left on device\n"


def test_another_error_of_the_system_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sys, "argv", ["inkstream", "--version"])
    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(OSError, match="Input/output"):
        main()


def test_without_standard_output_a_command_ends_as_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["inkstream", "models", "list"])
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as ended:
        main()
    sys.stdout.close()
    assert ended.value.code == 0


@pytest.mark.parametrize("pages", ["0", "0-2", "3-1", "", ",", "1-", "x", "1,3-1", "1-99999999999", "²"])
def test_pages_that_no_document_has_are_refused_at_once(tmp_path: Path, pages: str) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    result = CliRunner().invoke(app, ["read", str(tmp_path / "a.pdf"), "--pages", pages])
    assert isinstance(result.exception, ConfigurationError)
    assert "pages are counted from 1" in result.exception.message


@pytest.mark.parametrize("output", ["a.pdf", "link.pdf", "hard.pdf", "inside/../a.pdf"])
def test_a_document_is_never_written_over(tmp_path: Path, output: str) -> None:
    document = tmp_path / "a.pdf"
    document.write_bytes(b"%PDF-1.7")
    (tmp_path / "link.pdf").symlink_to(document)
    (tmp_path / "hard.pdf").hardlink_to(document)
    (tmp_path / "inside").mkdir()
    result = CliRunner().invoke(app, ["read", str(document), "-o", str(tmp_path / output)])
    assert isinstance(result.exception, ConfigurationError)
    assert "is the document" in result.exception.message
    assert document.read_bytes() == b"%PDF-1.7"


def test_a_document_is_not_written_over_in_a_folder_either(tmp_path: Path) -> None:
    for name in ("a.pdf", "a.pdf.txt"):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    result = CliRunner().invoke(app, ["read", str(tmp_path), "--out-dir", str(tmp_path), "--force"])
    assert isinstance(result.exception, ConfigurationError)
    assert (tmp_path / "a.pdf.txt").read_bytes() == b"%PDF-1.7"


def test_a_full_disk_costs_one_sentence_of_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["read", str(tmp_path / "none.pdf"), "-o", "/nowhere/a.txt"])
    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.message == "/nowhere/a.txt cannot be written: No such file or directory"


def test_standard_input_is_not_sent() -> None:
    result = CliRunner().invoke(app, ["send", "-", "--broker", "localhost:9"])
    assert isinstance(result.exception, FileUnreadable)
    assert result.exception.message == "standard input cannot be sent: write it into a file first, and name that"


def test_options_are_given_one_by_one_and_as_json() -> None:
    assert given_options(["dpi=200", "languages=a=b"], '{"dpi": 100, "psm": 7}') == {
        "dpi": "200", "languages": "a=b", "psm": 7,
    }  # fmt: skip
    for pairs, text in ((["dpi"], None), (None, "dpi=200"), (None, "[1]")):
        with pytest.raises(OptionsError):
            given_options(pairs, text)
