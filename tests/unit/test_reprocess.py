"""`inkstream reprocess` refuses what a document keeps from its sender."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.errors import ConfigurationError


@pytest.mark.parametrize("name", ["password", "webhook"])
def test_a_document_keeps_the_password_and_the_webhook_that_it_came_with(name: str) -> None:
    command = ["reprocess", "--where", "1", "--broker", "localhost:1", "--option", f"{name}=x"]
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, ConfigurationError)
    assert "keeps" in result.exception.message
