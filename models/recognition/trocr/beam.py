"""Reading lines with several texts followed at once (beam search), ending as transformers does by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.arrays import U8
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.greedy import Hypothesis
from models.recognition.trocr.network import Choices, Network, Slots


@dataclass(slots=True)
class _Beam:
    """One text that is followed: its tokens, their log-probabilities and the sum of them."""

    tokens: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    total: float = 0.0

    def longer(self, token: int, score: float) -> _Beam:
        return _Beam([*self.tokens, token], [*self.scores, score], self.total + score)


def read_with_beams(
    network: Network, config: TrocrConfig, pictures: Sequence[U8], limits: Sequence[int], beams: int
) -> list[Hypothesis]:
    """Return each picture's best hypothesis by its mean score per token.

    A line is searched alone, its beams being the batch: a line's text cannot depend on others.

    Args:
        limits: How many tokens each line may have.
        beams: How many texts are followed at once, 2 or more.
    """
    hypotheses = []
    for picture, limit in zip(pictures, limits, strict=True):
        slots = network.slots(2 * beams, limit + 1)
        slots.put(0, [picture])
        # a device whose memory is full gives fewer slots than it was asked for
        hypotheses.append(_search(slots, config, limit, min(beams, max(1, slots.size // 2))))
    return hypotheses


def _search(slots: Slots, config: TrocrConfig, limit: int, beams: int) -> Hypothesis:
    running, ended = [_Beam()], _Ended(beams)
    for length in range(limit):
        last = np.array([(beam.tokens or [config.start])[-1] for beam in running], np.int64)
        chosen = slots.step(last, np.full(len(running), length, np.int32), 2 * beams)
        # twice as many as are kept: should all of the best have come to an end, there are others to go on with
        candidates = _candidates(running, chosen, 2 * beams)
        for parent, token, score, _ in candidates[:beams]:
            if token == config.end or length == limit - 1:  # a text that is stopped is one of those to choose from
                ended.add(running[parent].longer(token, score))
        kept = [candidate for candidate in candidates if candidate[1] != config.end][:beams]
        _rearrange(slots, [parent for parent, *_ in kept], length + 1)
        running = [running[parent].longer(token, score) for parent, token, score, _ in kept]
        if not ended.can_improve(running[0].total / (length + 1)):
            break
    best = ended.best
    return (
        Hypothesis(best.tokens[:-1], best.scores, True)
        if best.tokens[-1] == config.end
        else Hypothesis(best.tokens, best.scores)
    )


class _Ended:
    """The best texts that have come to an end or were stopped, by their mean score."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._beams: list[_Beam] = []

    @property
    def best(self) -> _Beam:
        return self._beams[0]

    def add(self, beam: _Beam) -> None:
        self._beams = sorted([*self._beams, beam], key=_mean, reverse=True)[: self._most]

    def can_improve(self, hoped: float) -> bool:
        """Return whether a running text of this mean score may still be better than the worst that has ended."""
        return len(self._beams) < self._most or hoped > _mean(self._beams[-1])


def _mean(beam: _Beam) -> float:
    return beam.total / len(beam.tokens)


def _candidates(running: Sequence[_Beam], chosen: Choices, most: int) -> list[tuple[int, int, float, float]]:
    """Return the best ways to go on: which beam, the token, its score, and the sum with it; best first."""
    found = [
        (parent, int(token), float(score), beam.total + float(score))
        for parent, beam in enumerate(running)
        for token, score in zip(chosen.tokens[parent], chosen.scores[parent], strict=True)
    ]
    return sorted(found, key=lambda one: one[3], reverse=True)[:most]


def _rearrange(slots: Slots, parents: Sequence[int], length: int) -> None:
    """Give each slot the text and the line of its parent; what would be overwritten goes to a spare slot first."""
    spare = slots.size // 2
    for slot, parent in enumerate(parents):
        if parent != slot:
            slots.copy(parent, spare + slot, length)
    for slot, parent in enumerate(parents):
        if parent != slot:
            slots.copy(spare + slot, slot, length)
