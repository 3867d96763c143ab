"""The command that seals a password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.errors import ConfigurationError
from streams.messages.seal import Seal
from streams.settings import Settings


def test_a_token_opens_with_the_services_key_alone(tmp_path: Path) -> None:
    service = Seal.of(Settings(data_dir=tmp_path))  # makes the key
    done = CliRunner().invoke(app, ["seal", "--data-dir", str(tmp_path)], input="sésame 8842\n")
    token = done.stdout.strip()
    assert (done.exit_code, "8842" in token, service.open(token)) == (0, False, "sésame 8842")
    done = CliRunner().invoke(app, ["seal", "--options", "--data-dir", str(tmp_path)], input="sésame 8842\n")
    assert service.open(json.loads(done.stdout)["password"]) == "sésame 8842"


def test_a_folder_without_a_service_makes_no_token(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["seal", "--data-dir", str(tmp_path)], input="sesame\n")
    assert isinstance(done.exception, ConfigurationError)
    assert "seal.key does not exist" in done.exception.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["", "\n"])
def test_no_password_is_refused(tmp_path: Path, given: str) -> None:
    Seal.of(Settings(data_dir=tmp_path))
    done = CliRunner().invoke(app, ["seal", "--data-dir", str(tmp_path)], input=given)
    assert isinstance(done.exception, ConfigurationError)
