"""The map of the rooms: it is of this code, and every arrow in it goes down."""

from __future__ import annotations

import itertools
from graphlib import CycleError
from xml.etree import ElementTree

import pytest

from deploy.map.__main__ import MAP, ROOT
from deploy.map.drawing import draw
from deploy.map.placing import place
from deploy.map.rooms import House, read_houses, rows_of, without_implied


@pytest.fixture(scope="module")
def houses() -> list[House]:
    return read_houses(ROOT)


def test_no_room_imports_one_that_is_not_below_it(houses: list[House]) -> None:
    for house in houses:
        for room, imported in house.arrows.items():
            assert all(house.rows[other] < house.rows[room] for other in imported), room


def test_the_map_in_the_docs_is_current(houses: list[House]) -> None:
    drawn = draw(houses)
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert MAP.read_text() == drawn, "run  make map"


def test_a_circle_of_rooms_has_no_rows() -> None:
    with pytest.raises(CycleError):
        rows_of({"a": {"b"}, "b": {"c"}, "c": {"a"}})


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    arrows = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set[str]()}
    assert without_implied(arrows) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set()}


def test_boxes_of_a_row_stand_apart_and_arrows_pass_between_them() -> None:
    arrows = {"a": {"b", "c", "d", "z"}, "b": {"z"}, "c": {"z"}, "d": {"z"}, "z": set[str]()}
    placed = place(arrows, rows_of(arrows), box=100, lane=10, gap=5)
    row = sorted([(placed.middles[name], 50) for name in "bcd"] + [(placed.paths["a", "z"][1], 5)])
    assert all(two[0] - one[0] >= one[1] + two[1] + 5 - 1e-6 for one, two in itertools.pairwise(row))
