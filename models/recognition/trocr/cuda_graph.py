"""A step of a network on a CUDA device, recorded once and replayed: its hundreds of kernels start as one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_WARM = 3  # libraries choose kernels and take workspace in their first calls, which must not be recorded


class ReplayedStep:
    """Gives what `step` gives, in the same tensors each time. `step` reads and writes only tensors that stay."""

    def __init__(self, step: Callable[[], tuple[Tensor, Tensor]]) -> None:
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM):
                step()
        torch.cuda.current_stream().wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._given = step()

    def __call__(self) -> tuple[Tensor, Tensor]:
        self._graph.replay()
        return self._given
