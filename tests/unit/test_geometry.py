"""Angles, rows of boxes, and confidences weighted by the length of their texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.document import weighted_confidence
from models.layout.geometry import rounded_angle, same_row, wrap_angle


@given(st.floats(-1e4, 1e4))
def test_a_wrapped_angle_is_the_same_angle_in_one_turn(degrees: float) -> None:
    wrapped = wrap_angle(degrees)
    assert -180 <= wrapped <= 180
    turns = (degrees - wrapped) / 360
    assert turns == pytest.approx(round(turns), abs=1e-9)


def test_half_a_turn_is_never_negative_however_it_is_rounded() -> None:
    assert [rounded_angle(degrees) for degrees in (-180, 180, -179.999, 540, 0.004)] == [180, 180, 180, 180, 0]
    assert rounded_angle(-12.34567, 3) == -12.346


def test_boxes_of_one_row_overlap_by_more_than_the_share_asked_for() -> None:
    line, lower = (0, 0, 10, 10), (12, 4.5, 20, 14.5)
    assert same_row(line, lower) and same_row(lower, line)
    assert not same_row(line, lower, 0.6)
    assert same_row(line, (30, 4, 40, 6), 0.6)  # of the lower one's height


def test_long_texts_count_for_more() -> None:
    assert weighted_confidence([("long text", 0.9), ("a", 0.4)]) == pytest.approx(0.85)
    assert weighted_confidence([("", 0.9)]) is None
