"""The oldest file that a topic's waiting records still name, kept up while what waits moves on."""

from __future__ import annotations

from collections import deque


class WaitingFiles:
    """Files on raw-files that the waiting records of one topic name.

    A sliding minimum: for each partition of raw-files, the records in order, without those that a later one of the
    same or an older file makes needless. So it holds at most one entry for each document that waits.
    """

    def __init__(self) -> None:
        self._starts: dict[int, int] = {}
        self._next: dict[int, int] = {}  # partition → first record that has not been added
        # partition → partition of raw-files → records and the files they name; both offsets rise
        self._rising: dict[int, dict[int, deque[tuple[int, int]]]] = {}

    def begin(self, partition: int, start: int) -> int:
        """Forget a partition's records before `start`; return the first offset that has not been added."""
        if start < self._starts.get(partition, 0):  # the group was reset: what was forgotten waits again
            self._rising.pop(partition, None)
            self._next[partition] = start
        self._starts[partition] = start
        for entries in self._rising.get(partition, {}).values():
            while entries and entries[0][0] < start:
                entries.popleft()
        self._rising[partition] = {
            files: entries for files, entries in self._rising.get(partition, {}).items() if entries
        }
        return max(start, self._next.get(partition, 0))

    def add(self, partition: int, offset: int, file: tuple[int, int] | None) -> None:
        """Add the record at an offset, and the file that it names: its partition and offset on raw-files."""
        self._next[partition] = offset + 1
        if file is not None:
            files, named = file
            entries = self._rising.setdefault(partition, {}).setdefault(files, deque())
            while entries and entries[-1][1] >= named:
                entries.pop()
            entries.append((offset, named))

    def oldest(self, files: int, log_start: int) -> int | None:
        """Return the lowest offset from `log_start` on that is named in a partition of raw-files, if one is.

        What lies before `log_start` is gone, whoever names it.
        """
        named = []
        for by_files in self._rising.values():
            entries = by_files.get(files, deque())
            while entries and entries[0][1] < log_start:
                entries.popleft()
            if entries:
                named.append(entries[0][1])
        return min(named, default=None)
