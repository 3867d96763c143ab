"""The rooms of the house and what they import: packages and top modules of `streams` and `models`."""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from importlib.util import find_spec
from itertools import pairwise, product
from pathlib import Path

import grimp

Arrows = Mapping[str, set[str]]
"""Room → the rooms that it imports."""

HOUSES = ("streams", "models")
_ENTRANCES = ("streams.__main__",)


@dataclass(frozen=True)
class House:
    """A top-level package.

    Attributes:
        rooms: Room → the first sentence of its docstring.
        arrows: Room → rooms of this house that it imports.
        outside: Room → rooms of the other house that it imports.
        rows: Room → row, from 0 at the bottom; every arrow goes to a lower row.
    """

    name: str
    rooms: Mapping[str, str]
    arrows: Arrows
    outside: Arrows
    rows: Mapping[str, int]


def read_houses(root: Path) -> list[House]:
    """Return the houses as they are built in a checkout. Raises graphlib.CycleError for a circle of rooms.

    The layers of import-linter's contracts count as arrows here, so an import against them is a circle as well.
    """
    graph = grimp.build_graph(*HOUSES, cache_dir=None)
    arrows: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules - set(HOUSES) - set(_ENTRANCES):
        imported = {_room(name) for name in graph.find_modules_directly_imported_by(module)} - set(HOUSES)
        arrows[_room(module)] |= imported - {_room(module)}
    layers = [_layers(root, house) for house in HOUSES]
    return [_house(name, arrows, found) for name, found in zip(HOUSES, layers, strict=True)]


def without_implied(arrows: Arrows) -> dict[str, set[str]]:
    """Return the arrows that no path of other arrows implies. There must be no circle."""
    reached: dict[str, set[str]] = {}
    for room in TopologicalSorter(arrows).static_order():
        reached[room] = set().union(*({other} | reached[other] for other in arrows.get(room, ())))
    return {
        room: {one for one in found if not any(one in reached[other] for other in found)}
        for room, found in arrows.items()
    }


def rows_of(arrows: Arrows) -> dict[str, int]:
    """Return each room's row: one above the highest that it imports. Raises graphlib.CycleError for a circle."""
    rows: dict[str, int] = {}
    for room in TopologicalSorter(arrows).static_order():
        rows[room] = max((rows[other] + 1 for other in arrows.get(room, ())), default=0)
    return rows


def _house(name: str, arrows: Arrows, layers: list[list[str]]) -> House:
    mine = sorted(room for room in arrows if room.startswith(f"{name}."))
    inside = {room: {other for other in arrows[room] if other in mine} for room in mine}
    held = {room: set(found) for room, found in inside.items()}
    for upper, lower in pairwise(layers):
        for above, below in product(upper, lower):
            held[above].add(below)
    outside = {room: arrows[room] - inside[room] for room in mine}
    return House(name, {room: _summary(room) for room in mine}, inside, outside, rows_of(held))


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _layers(root: Path, house: str) -> list[list[str]]:
    """Return the layers that import-linter holds for a house, from the top."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    lines: Iterable[str] = next(
        contract["layers"]
        for contract in contracts
        if contract["type"] == "layers" and all(_top(line) in HOUSES for line in contract["layers"])
        if _top(contract["layers"][0]) == house
    )
    return [line.replace("|", ":").replace(" ", "").split(":") for line in lines if "." in line]


def _top(line: str) -> str:
    return line.split(".")[0].strip()


def _summary(room: str) -> str:
    """Return the first sentence of a room's docstring, with its backticks taken off."""
    spec = find_spec(room)
    assert spec is not None and spec.origin is not None
    docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text())) or ""
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".").replace("`", "")
