"""Tests of passages: present, absent, in order, with so many edits."""

from __future__ import annotations

import pytest

from models.evaluation.passages import PassageCheck

TEXT = "The board met on Thursday.\nIt took the “second” bid – of three. The board went home."


@pytest.mark.parametrize(
    ("check", "passes"),
    [
        (PassageCheck("", "present", "met on  Thursday. It took"), True),
        (PassageCheck("", "present", 'the "second" bid - of'), True),
        (PassageCheck("", "present", "met on Thursdey. It took"), False),
        (PassageCheck("", "present", "met on Thursdey. It took", max_edits=2), True),
        (PassageCheck("", "present", "THE BOARD"), False),
        (PassageCheck("", "present", "THE BOARD", case_sensitive=False), True),
        (PassageCheck("", "absent", "Friday"), True),
        (PassageCheck("", "absent", "Thursday"), False),
        (PassageCheck("", "absent", "Thursday", first_characters=10), True),
        (PassageCheck("", "present", "home.", last_characters=6), True),
        (PassageCheck("", "order", "met on", "second"), True),
        (PassageCheck("", "order", "second", "met on"), False),
        (PassageCheck("", "order", "second", "The board"), True),  # it is there twice
        (PassageCheck("", "order", "met on Thuesday", "sekond", max_edits=1), True),
        (PassageCheck("", "order", "met on Thuesday", "sekond"), False),
        (PassageCheck("", "order", "met on", "never"), False),
    ],
)
def test_passages(check: PassageCheck, passes: bool) -> None:
    assert check.passes(TEXT) is passes
    assert PassageCheck("", "present", "word").passes("") is False
