"""Signatures from maps drawn here, whose answers are known."""

from __future__ import annotations

import numpy as np

from models.detection.kind_model import KINDS
from models.detection.region_maps import RegionMaps
from models.detection.signatures import find_signatures

SIGNED = KINDS.index("signature")


def maps_with(*boxes: tuple[int, int, int, int], score: float = 0.9) -> RegionMaps:
    """Return maps of 60 × 80 cells on which each cell of a box (left, top, right, bottom) tells its sides."""
    kinds, sides = np.zeros((3, 60, 80), np.float32), np.ones((4, 60, 80), np.float32)
    for left, top, right, bottom in boxes:
        y, x = np.mgrid[top:bottom, left:right] + 0.5
        kinds[SIGNED, top:bottom, left:right] = score
        sides[:, top:bottom, left:right] = np.stack([x - left, y - top, right - x, bottom - y])
    return RegionMaps(kinds, sides)


def test_a_signature_is_where_its_cells_say_in_page_pixels() -> None:
    (found,) = find_signatures(maps_with((10, 20, 40, 30)), width=800, height=600)
    assert np.allclose(found.corners, [[100, 200], [400, 200], [400, 300], [100, 300]], atol=0.1)
    assert abs(found.score - 0.9) < 1e-6


def test_two_signatures_that_touch_stay_two() -> None:
    found = find_signatures(maps_with((10, 20, 30, 30), (30, 20, 55, 30)), width=80, height=60)
    assert sorted(signature.corners[0, 0] for signature in found) == [10, 30]


def test_a_signature_that_a_rule_cuts_in_two_is_one() -> None:
    maps = maps_with((10, 20, 40, 30))
    maps.kinds[SIGNED, 24:26] = 0
    assert len(find_signatures(maps, width=80, height=60)) == 1


def test_one_cell_that_is_far_off_does_not_move_the_box() -> None:
    maps = maps_with((10, 20, 40, 30))
    maps.sides[2, 25, 12] += 8
    (found,) = find_signatures(maps, width=80, height=60)
    assert np.allclose(found.corners[2], [40, 30], atol=0.1)


def test_specks_and_what_is_hardly_one_are_no_signatures() -> None:
    assert find_signatures(maps_with((10, 20, 12, 22)), width=80, height=60) == []
    assert find_signatures(maps_with((10, 20, 40, 30), score=0.55), width=80, height=60) == []


def test_a_page_without_any_has_none() -> None:
    assert find_signatures(maps_with(), width=80, height=60) == []
