"""Who can look into the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import ConfigurationError
from streams.paths import private_data_dir
from streams.sources.ledger import Ledger


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    private_data_dir(tmp_path / "new")
    assert mode(tmp_path / "new") == 0o700


def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir(mode=0o755)
    (tmp_path / "attempts.db").touch(mode=0o644)
    tmp_path.chmod(0o755)
    private_data_dir(tmp_path)
    assert [mode(tmp_path), mode(tmp_path / "kafka"), mode(tmp_path / "attempts.db")] == [0o700, 0o700, 0o600]


def test_a_folder_of_somebody_elses_files_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    tmp_path.chmod(0o755)
    private_data_dir(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_file_in_the_place_of_the_folder_is_an_error_that_names_the_option(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="choose another --data-dir"):
        private_data_dir(tmp_path / "file")


def test_a_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledgers" / "inbox.db")
    assert {mode(file) for file in (tmp_path / "ledgers").iterdir()} == {0o600}
    assert mode(tmp_path / "ledgers") == 0o700
    ledger.close()
