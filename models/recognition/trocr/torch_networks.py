"""Both networks of a checkpoint on one device, as those who read with them share them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.torch_decoder import Rows, StepDecoder
from models.recognition.trocr.torch_encoder import LineEncoder
from models.recognition.trocr.torch_kernels import Kernels


@dataclass(frozen=True, slots=True)
class TorchNetworks:
    """Networks whose weights and values are of one kind; `recorded` steps are replayed."""

    config: TrocrConfig
    device: torch.device
    kind: torch.dtype
    kernels: Kernels
    encoder: LineEncoder
    decoder: StepDecoder
    recorded: bool

    def rows(self, count: int, length: int) -> Rows:
        """Return rows for texts of `length` tokens at most. Raises torch.OutOfMemoryError."""
        like = torch.zeros((), dtype=self.kind, device=self.device)
        return Rows.empty(self.config.decoder, self.config.squares.tokens, count, length, like)

    def see(self, patches: Tensor, rows: Rows, at: Tensor) -> None:
        """Encode pictures, given as patches, (N, P, 3 · patch²) uint8, into the rows `at`, (N,) int64."""

        def look(start: int, end: int) -> None:
            rows.seen.index_copy_(0, at[start:end], self.encoder(patches[start:end]))

        in_halves(look, 0, len(patches))


def in_halves(work: Callable[[int, int], None], start: int, end: int) -> None:
    """Do work from start to end; where the device's memory runs out, one half after the other."""
    try:
        work(start, end)
        return
    except torch.OutOfMemoryError:
        if end - start <= 1:
            raise
    # not in the handler: there the error keeps alive what was being computed
    torch.cuda.empty_cache()
    middle = (start + end) // 2
    in_halves(work, start, middle)
    in_halves(work, middle, end)
