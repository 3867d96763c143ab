"""The description of the API is one that programs can use: valid, with a name for each operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from streams.web.api import create_api
from streams.web.openapi import described
from streams.web.problems import PROBLEM_TYPE
from tests.unit.test_api import FilledTable, Outbox, parts_of, settings_in

API_DOCUMENTATION = Path(__file__).parents[2] / "deploy" / "docs" / "api.md"


@pytest.fixture
async def schema(tmp_path: Path) -> dict[str, Any]:
    settings = settings_in(tmp_path)
    async with parts_of(settings, FilledTable(settings), Outbox(settings)) as parts:
        return described(create_api(parts))


def operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in schema["paths"].values():
        yield from methods.values()


async def test_the_description_is_valid_openapi(schema: dict[str, Any]) -> None:
    validate(schema)


async def test_each_operation_has_a_name_of_its_own(schema: dict[str, Any]) -> None:
    names = [one["operationId"] for one in operations(schema)]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() for name in names), names
    assert all(one["summary"] for one in operations(schema))


async def test_each_answer_has_a_schema_and_each_refusal_is_a_problem(schema: dict[str, Any]) -> None:
    for one in operations(schema):
        for status, answer in one["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                assert content["schema"], (one["operationId"], status)
                if status.startswith("4"):
                    assert media_type == PROBLEM_TYPE, (one["operationId"], status)


async def test_a_file_is_one_to_generators_that_know_openapi_3_0(schema: dict[str, Any]) -> None:
    assert schema["components"]["schemas"]["Body_files"]["properties"]["file"]["items"]["format"] == "binary"


async def test_each_parameter_is_described(schema: dict[str, Any]) -> None:
    undescribed = {
        (one["operationId"], parameter["name"])
        for one in operations(schema)
        for parameter in one.get("parameters", ())
        if not (parameter.get("description") or parameter["schema"].get("description"))
    }
    assert undescribed <= {
        ("documents", "limit"), ("problem_type", "slug"), ("query", "accept"), ("progress", "interval_s"),
    }  # fmt: skip


def named_routes(table_row: str) -> Iterator[tuple[str, str]]:
    """Yield the methods and paths that a row of api.md names, or may name: in `GET /a/b`, `/c` is /c or /a/c."""
    method = first = ""
    for cell in re.findall("`([^`]+)`", table_row):
        *named, path = cell.partition("?")[0].split(" ")
        if named:
            method, first = named[0], path
        elif path.startswith((".", "/")):
            yield method, first.rpartition(path[0])[0] + path
        if path.startswith("/"):
            yield method, path


async def test_the_documentation_names_every_route(schema: dict[str, Any]) -> None:
    rows = [line for line in API_DOCUMENTATION.read_text().splitlines() if line.startswith("| `")]
    routes = {
        (method.upper(), path.replace("{document_id}", "{id}").replace("{pagenum}", "{n}"))
        for path, methods in schema["paths"].items()
        for method in methods
    }
    assert routes - {route for row in rows for route in named_routes(row)} == set()
