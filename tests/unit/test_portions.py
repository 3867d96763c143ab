"""A long document's tasks come in portions, each page once, whatever comes twice."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from streams.agents.portions import SentRests, portion
from streams.messages.records import PageTask
from tests.unit.test_codec import TASK


def all_sent(total_pages: int, pages: int) -> tuple[list[int], int]:
    """Return the pages in the order in which they come up, and the most tasks that were queued at a time."""
    first = TASK.model_copy(update={"total_pages": total_pages, "pagenum": 0})
    queue, found, most = deque(portion(first, pages)), [], 0
    while queue:
        most = max(most, len(queue))
        task = queue.popleft()
        if task.rest:
            queue.extend(portion(task, pages))
        else:
            found.append(task.pagenum)
    return found, most


@given(st.integers(1, 300), st.integers(1, 40))
def test_every_page_comes_once_and_few_are_queued(total_pages: int, pages: int) -> None:
    found, most = all_sent(total_pages, pages)
    assert sorted(found) == list(range(total_pages))
    assert most <= 2 * pages + 1


def test_a_short_document_is_sent_at_once() -> None:
    assert [task.rest for task in portion(TASK.model_copy(update={"total_pages": 5}), 5)] == [False] * 5


def test_half_a_portion_is_queued_behind_the_rest_for_readers_not_to_wait() -> None:
    tasks = list(portion(TASK.model_copy(update={"total_pages": 100}), 8))
    assert [task.rest for task in tasks].index(True) == 4
    assert tasks[4].pagenum == 8


def test_a_rest_that_comes_twice_is_known_once_it_is_delivered() -> None:
    rests = SentRests()
    rest: PageTask = TASK.model_copy(update={"rest": True, "pagenum": 8})
    assert not rests.begin("pages/0/1", rest)
    assert not rests.begin("pages/0/1", rest), "nobody knows whether it was delivered"
    rests.delivered("pages/0/1")
    assert rests.begin("pages/0/2", rest)
    assert not rests.begin("pages/0/3", rest.model_copy(update={"started": "later"}))
    rests.delivered("pages/0/9")
