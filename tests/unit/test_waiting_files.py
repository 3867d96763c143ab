from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.waiting_files import WaitingFiles


def test_the_oldest_file_waits_until_its_last_record_is_done() -> None:
    waiting = WaitingFiles()
    assert waiting.begin(0, 10) == 10
    for offset, file in ((10, 7), (11, 5), (12, 8), (13, 5)):
        waiting.add(0, offset, (0, file))
    assert waiting.oldest(0, 0) == 5
    assert waiting.begin(0, 13) == 14
    assert waiting.oldest(0, 0) == 5
    assert waiting.begin(0, 14) == 14
    assert waiting.oldest(0, 0) is None


def test_records_that_name_no_file_are_looked_at_once() -> None:
    waiting = WaitingFiles()
    waiting.add(0, 3, None)
    assert waiting.begin(0, 0) == 4
    assert waiting.oldest(0, 0) is None


def test_files_that_are_gone_hold_nothing_back() -> None:
    waiting = WaitingFiles()
    for offset, file in enumerate((2, 9)):
        waiting.add(0, offset, (1, file))
    assert waiting.oldest(1, 3) == 9


def test_what_waits_again_after_a_reset_is_looked_at_again() -> None:
    waiting = WaitingFiles()
    waiting.begin(0, 5)
    waiting.add(0, 5, (0, 1))
    assert waiting.begin(0, 2) == 2
    assert waiting.oldest(0, 0) is None
    waiting.add(0, 2, (0, 0))
    assert waiting.oldest(0, 0) == 0


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 3), st.randoms(use_true_random=False))
def test_it_is_the_minimum_of_what_waits(files: list[int], partitions: int, chance: random.Random) -> None:
    waiting = WaitingFiles()
    topic: list[list[int]] = [[] for _ in range(partitions)]
    starts = [0] * partitions
    for file in files:
        number = chance.randrange(partitions)
        waiting.add(number, len(topic[number]), (0, file))
        topic[number].append(file)
        number = chance.randrange(partitions)
        starts[number] = chance.randint(starts[number], len(topic[number]))
        assert waiting.begin(number, starts[number]) == len(topic[number])
        left = [file for there, start in zip(topic, starts, strict=True) for file in there[start:]]
        assert waiting.oldest(0, 0) == min(left, default=None)
