"""Long documents take turns with others: their tasks are sent in portions, and the rest waits in the queue itself.

The first portion has, in its middle, a task for the rest. When that has come up, behind whatever arrived meanwhile,
it becomes the next portion, with another such task. So a one-page document waits for a portion of each long one,
not for 100,000 pages. Readers do not wait for a long document that is alone: half of a portion is queued behind
the task.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from streams.messages.records import PageTask

_REMEMBERED_RESTS = 10_000
_Rest = tuple[str, str, int]  # document, when it was split, first page


def portion(first: PageTask, pages: int) -> Iterator[PageTask]:
    """Yield the tasks of so many pages from `first` on, and one for the rest where there are more."""
    end = min(first.pagenum + pages, first.total_pages)
    for pagenum in range(first.pagenum, end):
        if end < first.total_pages and pagenum == first.pagenum + (end - first.pagenum) // 2:
            yield first.model_copy(update={"pagenum": end, "rest": True})
        yield first.model_copy(update={"pagenum": pagenum, "rest": False})


class SentRests:
    """Remembers which rests have become portions. Lives on one event loop.

    After a crash one may come twice: each would send all pages to the document's end.
    """

    def __init__(self) -> None:
        self._sending: dict[str, _Rest] = {}
        self._sent: OrderedDict[_Rest, None] = OrderedDict()

    def begin(self, position: str, task: PageTask) -> bool:
        """Note that the message at a position, a rest, is sent as a portion; return whether it has been before."""
        rest = (task.document_id, task.started, task.pagenum)
        self._sending[position] = rest
        return rest in self._sent

    def delivered(self, position: str) -> None:
        """Note that Kafka has what a message became."""
        rest = self._sending.pop(position, None)
        if rest is not None:
            self._sent[rest] = None
            if len(self._sent) > _REMEMBERED_RESTS:
                self._sent.popitem(last=False)
