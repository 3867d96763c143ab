"""Reading many lines at once, each by the likeliest token after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from models.arrays import U8, ImageU8
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.network import Network


@dataclass(slots=True)
class Hypothesis:
    """A line's tokens without those that begin and end it, and the log-probability of each, of the end as well.

    `ended` is whether the network came to an end by itself; else it was stopped.
    """

    tokens: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    ended: bool = False


Stop = Callable[[Sequence[int]], bool]


@runtime_checkable
class LineReader(Protocol):
    """A network that reads lines itself, without being asked for every token."""

    def read(self, lines: Sequence[ImageU8], limits: Sequence[int], stop: Stop) -> list[Hypothesis]:
        """Return what `read_greedily` does.

        Args:
            lines: (H, W) or (H, W, 3) uint8, as they are.
            limits: How many tokens each line may have.
            stop: Whether to stop a line with these tokens; only asked where a text repeats itself as `guards.loop`
                looks for.
        """


def read_greedily(
    network: Network, config: TrocrConfig, pictures: Sequence[U8], limits: Sequence[int], stop: Stop
) -> list[Hypothesis]:
    """Return each picture's text.

    Args:
        pictures: Patches, as `picture.patches` gives them.
        limits: How many tokens each line may have.
        stop: Whether to stop a line with these tokens.

    A line that has ended leaves at once, and the next one takes its place: no step is spent on lines that are done.
    """
    hypotheses = [Hypothesis() for _ in pictures]
    waiting = deque(range(len(pictures)))
    if not waiting:
        return hypotheses
    slots = network.slots(min(network.lines_at_once, len(pictures)), max(limits) + 1)
    reading: list[int] = []
    while waiting or reading:
        room = min(slots.size - len(reading), len(waiting))
        if room:
            taken = [waiting.popleft() for _ in range(room)]
            slots.put(len(reading), [pictures[line] for line in taken])
            reading += taken
        last = np.array([(hypotheses[line].tokens or [config.start])[-1] for line in reading], np.int64)
        before = np.array([len(hypotheses[line].tokens) for line in reading], np.int32)
        chosen = slots.step(last, before, 1)
        done = []
        for slot, line in enumerate(reading):
            one, token = hypotheses[line], int(chosen.tokens[slot, 0])
            one.scores.append(float(chosen.scores[slot, 0]))
            one.ended = token == config.end
            if not one.ended:
                one.tokens.append(token)
            if one.ended or len(one.tokens) >= limits[line] or stop(one.tokens):
                done.append(slot)
        for slot in reversed(done):  # the last line moves to where one has left
            moved = reading.pop()
            if slot < len(reading):
                slots.copy(len(reading), slot, len(hypotheses[moved].tokens))
                reading[slot] = moved
    return hypotheses
