"""Reading many lines greedily on a device that is not asked after every token.

Rows hold lines (`torch_decoder.Rows`). The device chooses each row's next token itself and knows when a text ends,
so that some steps follow each other without the host; while they run, the host looks at what the steps before
gave, takes lines out that are done, and puts others in their place once there is room for some: a few lines cost
the encoder nearly as much as many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.arrays import I64, ImageU8, Mask
from models.recognition.trocr.cuda_graph import ReplayedStep
from models.recognition.trocr.greedy import Hypothesis, Stop
from models.recognition.trocr.guards import LONG_LOOP_REPEATS, MAX_LOOP_TOKENS
from models.recognition.trocr.torch_decoder import Rows
from models.recognition.trocr.torch_networks import TorchNetworks
from models.recognition.trocr.torch_squares import patches_of

_STEPS = 4  # that follow each other; rows that end in between idle until the last
_MIN_LANES = 8  # lanes of a step: fewer take as long
_ROWS_PER_FREE_ROW = 4  # of the rows one in so many is free before lines are put in


class _Line(NamedTuple):
    """Which line a row holds, and the number of the first turn that read it."""

    number: int
    since: int


class _Ahead(NamedTuple):
    """Lines that are next, and their patches, on the device."""

    numbers: list[int]
    patches: Tensor


class _Turn(NamedTuple):
    """What rows had after a turn, on the host once `ready`."""

    number: int
    lengths: Tensor
    chosen: Tensor
    scores: Tensor
    ready: torch.cuda.Event | None


class TorchReader:
    """Rows for lines, and the lines in them."""

    def __init__(self, networks: TorchNetworks, rows: int, *, length: int) -> None:
        """Take the memory for rows of texts of `length` tokens at most. Raises torch.OutOfMemoryError."""
        device = networks.device
        self.size, self.length = rows, length
        self._networks, self._rows = networks, networks.rows(rows, length)
        self._limits = torch.zeros(rows + 1, dtype=torch.int32, device=device)
        self._chosen = torch.zeros(rows + 1, length, dtype=torch.int32, device=device)
        self._scores = torch.zeros(rows + 1, length, device=device)
        self._lanes = torch.full((rows,), rows, dtype=torch.int32, device=device)
        self._steps: dict[int, Callable[[], None]] = {}
        self._pool: tuple[int, int] | None = None
        with torch.inference_mode():
            self._step(rows)  # which takes the most memory: it is there now, or fewer rows are made

    def read(self, lines: Sequence[ImageU8], limits: Sequence[int], stop: Stop) -> list[Hypothesis]:
        """Return each line's text (see `greedy.LineReader`)."""
        texts = [Hypothesis() for _ in lines]
        waiting, free = deque(range(len(lines))), list(range(self.size))
        reading: dict[int, _Line] = {}
        before: _Turn | None = None
        turn = 0
        with torch.inference_mode():
            ahead = self._prepared(lines, waiting)
            while ahead.numbers or reading:
                while ahead.numbers and len(free) >= len(ahead.numbers):
                    rows = [free.pop() for _ in ahead.numbers]
                    self._put(rows, ahead.patches, [limits[number] for number in ahead.numbers])
                    reading |= {row: _Line(number, turn) for row, number in zip(rows, ahead.numbers, strict=True)}
                    ahead = self._prepared(lines, waiting)  # the host's work while the device looks at the last
                running = self._run(list(reading), turn)
                if before is not None:
                    free += self._taken_out(before, reading, texts, stop)
                before, turn = running, turn + 1
        return texts

    def _prepared(self, lines: Sequence[ImageU8], waiting: deque[int]) -> _Ahead:
        """Take lines that wait, and return them as the encoder takes them."""
        count = min(len(waiting), max(1, self.size // _ROWS_PER_FREE_ROW))
        numbers = [waiting.popleft() for _ in range(count)]
        config, device = self._networks.config, self._networks.device
        return _Ahead(numbers, patches_of([lines[number] for number in numbers], config, device))

    def _put(self, rows: Sequence[int], patches: Tensor, limits: Sequence[int]) -> None:
        networks, state = self._networks, self._rows
        at = self._given(np.array(rows, np.int64))
        networks.see(patches, state, at)
        state.tokens.index_fill_(0, at, networks.config.start)
        self._limits.index_copy_(0, at, self._given(np.array(limits, np.int32)))
        state.lengths.index_fill_(0, at, 0)

    def _run(self, rows: Sequence[int], turn: int) -> _Turn:
        """Take some steps of rows, and return what they will have given."""
        count = min(self.size, max(_MIN_LANES, 1 << (len(rows) - 1).bit_length()))
        step = self._step(count)
        lanes = np.full(count, self.size, np.int32)
        lanes[: len(rows)] = rows
        self._lanes[:count].copy_(self._given(lanes))
        for _ in range(_STEPS):
            step()
        lengths, chosen, scores = (
            one.to("cpu", non_blocking=True, copy=True) for one in (self._rows.lengths, self._chosen, self._scores)
        )
        ready = torch.cuda.Event() if self._networks.device.type == "cuda" else None
        if ready is not None:
            ready.record()
        return _Turn(turn, lengths, chosen, scores, ready)

    def _step(self, lanes: int) -> Callable[[], None]:
        """Return a step of as many lanes, recorded where the device can replay it."""
        if lanes not in self._steps:
            networks = self._networks
            step: Callable[[], None] = partial(
                _step, networks, self._lanes[:lanes], self._rows, self._limits, self._chosen, self._scores
            )
            if networks.recorded:
                self._lanes.fill_(self.size)  # idle: what runs before it is recorded changes no line
                recorded = ReplayedStep(step, self._pool)
                self._pool, step = recorded.pool, recorded
            self._steps[lanes] = step
        return self._steps[lanes]

    def _taken_out(self, turn: _Turn, reading: dict[int, _Line], texts: list[Hypothesis], stop: Stop) -> list[int]:
        """Give the lines that were done after a turn their texts, and return the rows they leave."""
        if turn.ready is not None:
            turn.ready.synchronize()
        rows = [row for row, line in reading.items() if line.since <= turn.number]
        lengths, chosen = turn.lengths.numpy()[rows], turn.chosen.numpy()[rows]
        over = lengths < 0
        counts = np.where(over, -lengths - 1, lengths)
        suspected = _repeating(chosen, counts, _STEPS)
        left, stopped = [], []
        for place in np.flatnonzero(over | suspected).tolist():
            row, count = rows[place], int(counts[place])
            tokens = chosen[place, :count].tolist()
            ended = bool(over[place]) and tokens[-1] == self._networks.config.end
            if suspected[place] and (cut := _stopped(tokens, count - ended, count - _STEPS + 1, stop)):
                count, ended = cut, False
                stopped += [] if over[place] else [row]
            elif not over[place]:
                continue
            scores = turn.scores[row, :count].tolist()
            texts[reading.pop(row).number] = Hypothesis(tokens[: count - ended], scores, ended)
            left.append(row)
        if stopped:
            self._rows.lengths.index_fill_(0, self._given(np.array(stopped, np.int64)), -1)
        return left

    def _given(self, array: I64 | npt.NDArray[np.int32]) -> Tensor:
        """Return an array on the device, without waiting for what the device is doing."""
        tensor = torch.from_numpy(array)
        if self._networks.device.type == "cuda":
            return tensor.pin_memory().to(self._networks.device, non_blocking=True)
        return tensor


def _step(
    networks: TorchNetworks, lanes: Tensor, rows: Rows, limits: Tensor, chosen: Tensor, scores: Tensor
) -> None:
    logits = networks.decoder.logits(lanes, rows)
    networks.kernels.choose(logits, lanes, rows.tokens, rows.lengths, limits, chosen, scores, networks.config.end)


def _repeating(chosen: npt.NDArray[np.int32], counts: npt.NDArray[np.int32], newest: int) -> Mask:
    """Return which texts, (N, T), may loop since one of their newest tokens: all that do, and perhaps others."""
    found = np.zeros(len(chosen), bool)
    lines = np.arange(len(chosen))[:, None]
    places = counts[:, None] - 1 - np.arange(newest)
    for length in range(1, MAX_LOOP_TOKENS + 1):
        earliest = places - length * (LONG_LOOP_REPEATS - 1)
        same = earliest >= 0
        for turn in range(1, LONG_LOOP_REPEATS):
            earlier = chosen[lines, np.maximum(places - length * turn, 0)]
            same &= chosen[lines, np.maximum(places, 0)] == earlier
        found |= same.any(1)
    return found


def _stopped(tokens: Sequence[int], most: int, fewest: int, stop: Stop) -> int:
    """Return how many tokens a text had when it was to be stopped, 0 where it is to go on."""
    return next((size for size in range(max(1, fewest), most + 1) if stop(tokens[:size])), 0)
