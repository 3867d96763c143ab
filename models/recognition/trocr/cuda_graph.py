"""A step of a network on a CUDA device, recorded once and replayed: its hundreds of kernels start as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import torch

_WARM_UP_CALLS = 2  # libraries choose kernels and take workspace in their first calls, which must not be recorded
T = TypeVar("T")


class ReplayedStep(Generic[T]):
    """Gives what `step` gives, in the same tensors each time. `step` reads and writes only tensors that stay.

    `step` runs a few times before it is recorded: whoever records it sees to it that this changes nothing.
    """

    def __init__(self, step: Callable[[], T], pool: tuple[int, int] | None = None) -> None:
        """Record a step.

        Args:
            pool: `pool` of another recorded step whose memory this one may use, so that what either gives is lost
                when the other is replayed.
        """
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UP_CALLS):
                step()
        torch.cuda.current_stream().wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=pool):
            self._given = step()
        self.pool: tuple[int, int] = self._graph.pool()

    def __call__(self) -> T:
        self._graph.replay()
        return self._given
