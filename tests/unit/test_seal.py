"""Passwords on topics are tokens that only the service's own key opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import CorruptFile, shown_uri, without_secrets
from models.options import ReadOptions
from streams.errors import SealedElsewhere
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.seal import Seal
from streams.settings import Settings
from tests.unit.test_codec import TASK

LOCKED = TASK.model_copy(
    update={
        "options": ReadOptions(password="hush-4711"),
        "reference": "https://me:hunter2@host/a.pdf?signature=5ecret",
    }
)


def seal_of(folder: Path, **settings: object) -> Seal:
    return Seal.of(Settings.model_validate({"data_dir": folder, **settings}))


def test_a_sealed_task_has_no_secret_and_opens_to_what_it_was(tmp_path: Path) -> None:
    seal = seal_of(tmp_path)
    sealed = seal.sealed_task(LOCKED)
    assert not any(secret in sealed.model_dump_json() for secret in ("hush-4711", "hunter2", "5ecret"))
    assert sealed.reference == "https://host/a.pdf"
    opened = seal.opened_task(sealed)
    assert (opened.options, opened.reference) == (LOCKED.options, LOCKED.reference)
    assert seal.sealed_task(sealed) == sealed


def test_a_task_of_an_older_version_is_opened_as_it_is(tmp_path: Path) -> None:
    seal = seal_of(tmp_path)
    assert seal.opened_task(LOCKED) == LOCKED
    older = {"reference": "https://host/a.pdf", "credentials": seal.seal("me:hunter2")}
    assert seal.opened_task(TASK.model_copy(update=older)).reference == "https://me:hunter2@host/a.pdf"


def test_a_reference_that_needs_no_password_stays_whole(tmp_path: Path) -> None:
    reference = "abfs://container@account.dfs.core.windows.net/a.pdf"
    task = TASK.model_copy(update={"reference": reference})
    assert seal_of(tmp_path).sealed_task(task) == task
    assert without_secrets(f"{reference} cannot be read") == f"{reference} cannot be read"


@pytest.mark.parametrize(
    "uri", ["http://token@host/x", "HTTPS://u:p@ss@host/x", "s3://key:secret@bucket/x", "https://:p@host/x"]
)
def test_no_user_and_password_of_a_uri_is_shown(uri: str) -> None:
    secrets = ("token", "ss@", "secret", ":p")
    assert not any(secret in without_secrets(f"({uri})") for secret in secrets)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://bucket.example/a.pdf?X-Amz-Credential=k&X-Amz-Signature=5ecret", "https://bucket.example/a.pdf"),
        ("https://host/a b.pdf?it's 5ecret", "https://host/a b.pdf"),
        ("s3://bucket/a.pdf?token=5ecret", "s3://bucket/a.pdf"),
        ("http://me:5ecret?x@host/a.pdf", "http://host/a.pdf"),
        ("file:///scans/what?.pdf", "file:///scans/what?.pdf"),
        ("kafka://raw-files/0/5", "kafka://raw-files/0/5"),
        ("what?.pdf", "what?.pdf"),
    ],
)
def test_a_presigned_uri_is_shown_without_its_query(uri: str, shown: str) -> None:
    assert shown_uri(uri) == shown
    sentence = without_secrets(f"{uri} answers 403; file:///x,https://host/?5ecret")
    assert "5ecret" not in sentence.replace("it's 5ecret", "")
    assert "answers 403" in sentence


def test_removing_secrets_takes_time_in_proportion_to_the_text() -> None:
    assert without_secrets("://" * 1_000_000 + "?5ecret").count("5ecret") == 0


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    token = seal_of(tmp_path / "data").seal("hush")
    assert seal_of(tmp_path / "data").open(token) == "hush"
    assert (tmp_path / "data" / "seal.key").stat().st_mode & 0o777 == 0o600


def test_another_services_token_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    token = seal_of(tmp_path / "a").seal("hush")
    with pytest.raises(SealedElsewhere, match="INKSTREAM_SEAL_KEYS"):
        seal_of(tmp_path / "b").open(token)
    with pytest.raises(SealedElsewhere):
        seal_of(tmp_path / "b").open("sealed:\u0000ä")


def test_machines_with_the_same_setting_open_each_others_tokens_and_those_of_older_keys(tmp_path: Path) -> None:
    old, new = "o" * 32, "n" * 32
    before = seal_of(tmp_path / "a").seal("own key")
    token = seal_of(tmp_path / "a", seal_keys=[old]).seal("hush")
    assert seal_of(tmp_path / "b", seal_keys=[new, old]).open(token) == "hush"
    assert seal_of(tmp_path / "a", seal_keys=[new]).open(before) == "own key"
    assert not (tmp_path / "b" / "seal.key").exists()


def test_a_letter_names_no_user_and_password(tmp_path: Path) -> None:
    error = CorruptFile("http://me:hunter2@host/x cannot be read")
    headers = (("content-ref", b"http://me:p@hunter2@host/x?sig=hunter2"), ("authorization", b"Bearer hunter2"))
    letter = dead_letter("split_files", error, Incoming("raw-files", 0, 0, None, b"", headers), attempts=1)
    assert letter.headers == {"content-ref": "http://host/x"}
    assert "hunter2" not in letter.model_dump_json()
