"""The loop that loses nothing, on schedules of a modelled Kafka: a short form of `python -m tests.proofs`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.proofs.__main__ import schedule
from tests.proofs.planted import PLANTED
from tests.proofs.simulation import Lost, simulations
from tests.proofs.worker import Parts

_SCHEDULES_OF_BUG = 100


@hypothesis_settings(max_examples=100)
@given(st.lists(st.integers(0, 2**16 - 1), max_size=150))
def test_no_schedule_loses_a_page_or_acks_it_early(steps: list[int]) -> None:
    with simulations(Parts()) as run:
        run(steps)


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str) -> None:
    with simulations(PLANTED[bug]) as run, pytest.raises(Lost):
        for number in range(_SCHEDULES_OF_BUG):
            run(schedule(number))
