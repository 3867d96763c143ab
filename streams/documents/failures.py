"""What failed to be fetched of late: the pages of one document share their tries, and the time for these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from models.errors import InkstreamError
from streams.errors import SourceGivenUp, SourceUnavailable

# Pages of a document that wait for it fail within this time of the first, and not each after a try of its own.
# Less than the first wait for another try.
_SAME_TRY_S = 0.4
_FORGET_S = 300.0  # between two failures: the second is of another outage
_MAX_REFERENCES = 10_000


@dataclass(slots=True)
class _Failure:
    error: InkstreamError
    since_s: float
    last_s: float


class Failures:
    """Remembers failures by reference. Lives on one event loop."""

    def __init__(self, retry_s: float, clock: Callable[[], float] = monotonic) -> None:
        """Remember nothing yet.

        Args:
            retry_s: How long one reference is tried before it is given up.
            clock: Seconds; never goes back.
        """
        self._retry_s = retry_s
        self._clock = clock
        self._of: dict[str, _Failure] = {}

    def check(self, reference: str) -> None:
        """Raise what fetching the reference raised a moment ago, if it did."""
        failure = self._of.get(reference)
        if failure is not None and self._clock() - failure.last_s < _SAME_TRY_S:
            raise type(failure.error)(*failure.error.args)

    def noted(self, reference: str, error: InkstreamError) -> InkstreamError:
        """Note a failure; return it, or SourceGivenUp where the reference has failed for too long."""
        now = self._clock()
        failure = self._of.pop(reference, None)
        since = failure.since_s if failure is not None and now - failure.last_s < _FORGET_S else now
        if isinstance(error, SourceUnavailable) and now - since > self._retry_s:
            error = SourceGivenUp(
                f"{error.message}; it has failed for {now - since:.0f} s: replay the letter later"
            )
        if len(self._of) >= _MAX_REFERENCES:
            del self._of[next(iter(self._of))]  # the one that failed longest ago
        self._of[reference] = _Failure(error, since, now)
        return error

    def forget(self, reference: str) -> None:
        """Note that a reference was fetched."""
        self._of.pop(reference, None)
