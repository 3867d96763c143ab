"""What a person types first: the version, help, and what is near a command that does not exist."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from streams.cli import app


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
