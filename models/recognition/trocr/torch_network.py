"""TrOCR on torch: bf16 on a CUDA device, many lines at once, a static cache, and steps that are replayed.

On a processor the same code runs in single precision and without replaying; ONNX Runtime is faster there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.arrays import U8
from models.recognition.trocr.checkpoint import State, load_state
from models.recognition.trocr.config import TrocrConfig, read_config
from models.recognition.trocr.cuda_graph import ReplayedStep
from models.recognition.trocr.network import Choices, Tokens
from models.recognition.trocr.torch_modules import TrocrModule

logger = logging.getLogger(__name__)
_LINES_ON_CUDA, _LINES_ON_CPU = 128, 4
T = TypeVar("T")


class TorchTrocr:
    """The networks of one checkpoint on one device. Where memory runs out, half as many lines are read at once."""

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """Load a checkpoint's folder.

        Args:
            device: As torch names it; the CUDA device if there is one, else the processor.

        Raises:
            WeightsMissing: A file of the checkpoint is not there.
            WeightsInvalid: A file of it is damaged, or of another network.
        """
        config = read_config(folder)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.kind = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        self.name = f"{folder.name} on {self.device.type}, {str(self.kind).removeprefix('torch.')}"
        self.positions = config.decoder.positions
        self.lines_at_once = _LINES_ON_CUDA if self.device.type == "cuda" else _LINES_ON_CPU
        self.config = config
        self._slots: TorchSlots | None = None
        self.module = _loaded(config, load_state(folder, config)).to(self.device, self.kind)
        logger.info("TrOCR %s", self.name)

    def slots(self, lines: int, length: int) -> TorchSlots:
        while (kept := self._slots) is None or kept.size < lines or kept.length < length:
            self._slots = None  # the old memory goes before the new is taken
            try:
                self._slots = TorchSlots(self, lines, length)
            except torch.OutOfMemoryError:
                lines = self._fewer(lines)
        return kept

    def _fewer(self, lines: int) -> int:
        """Return half as many lines, the most from now on. Raises torch.OutOfMemoryError at a single one."""
        if lines == 1:
            raise torch.OutOfMemoryError("not one line fits the device's memory")
        self.lines_at_once = min(self.lines_at_once, lines // 2)
        torch.cuda.empty_cache()
        logger.warning("the device's memory is full: TrOCR reads %d lines at once from now on", lines // 2)
        return lines // 2


class TorchSlots:
    """Static tensors that a step reads and writes; their sizes are rounded up, so that few steps are recorded."""

    def __init__(self, network: TorchTrocr, lines: int, length: int) -> None:
        shape, kind, device = network.config.decoder, network.kind, network.device
        self.size, self.length = lines, length
        self._network = network
        cache = (lines, shape.heads, length, shape.head_width)
        self._seen = torch.zeros(lines, network.config.squares.tokens, shape.sees, dtype=kind, device=device)
        self._caches = [
            (torch.zeros(cache, dtype=kind, device=device), torch.zeros(cache, dtype=kind, device=device))
            for _ in range(shape.layers)
        ]
        self._tokens = torch.zeros(lines, dtype=torch.int64, device=device)
        self._lengths = torch.zeros(lines, dtype=torch.int64, device=device)
        self._steps: dict[tuple[int, int], Callable[[], tuple[Tensor, Tensor]]] = {}

    def put(self, first: int, pictures: Sequence[U8]) -> None:
        def look(start: int, end: int) -> None:
            pixels = _unpatched(np.stack(pictures[start:end]), self._network.config)
            given = torch.from_numpy(pixels).to(self._network.device)
            with torch.inference_mode():
                self._seen[first + start : first + end] = self._network.module.encoder(self._normal(given))

        _in_halves(look, 0, len(pictures))

    def copy(self, source: int, target: int, length: int) -> None:
        with torch.inference_mode():
            self._seen[target] = self._seen[source]
            for keys, values in self._caches:
                keys[target, :, :length] = keys[source, :, :length]
                values[target, :, :length] = values[source, :, :length]

    def step(self, tokens: Tokens, lengths: npt.NDArray[np.int32], choices: int) -> Choices:
        lines = min(self.size, 1 << (len(tokens) - 1).bit_length())
        with torch.inference_mode():
            self._tokens[: len(tokens)].copy_(torch.from_numpy(tokens))
            self._lengths[: len(tokens)].copy_(torch.from_numpy(lengths))
            found, scores = self._step(lines, choices)()
            return Choices(found[: len(tokens)].cpu().numpy(), scores[: len(tokens)].cpu().numpy())

    def _step(self, lines: int, choices: int) -> Callable[[], tuple[Tensor, Tensor]]:
        """Return a step of the first lines, recorded where the device can replay it."""
        if (lines, choices) not in self._steps:

            def step() -> tuple[Tensor, Tensor]:
                caches = [(keys[:lines], values[:lines]) for keys, values in self._caches]
                scores, found = self._network.module.decoder.step(
                    self._tokens[:lines], self._lengths[:lines], self._seen[:lines], caches
                ).topk(choices, -1)
                return found, scores

            on_cuda = self._network.device.type == "cuda"
            self._steps[lines, choices] = ReplayedStep(step) if on_cuda else step
        return self._steps[lines, choices]

    def _normal(self, pixels: Tensor) -> Tensor:
        config, kind = self._network.config, self._network.kind
        mean, deviation = (
            torch.tensor(three, device=pixels.device)[:, None, None] for three in (config.mean, config.deviation)
        )
        return ((pixels.float() / 255 - mean) / deviation).to(kind)


def _in_halves(work: Callable[[int, int], None], start: int, end: int) -> None:
    """Do work from start to end; where the device's memory runs out, one half after the other."""
    try:
        work(start, end)
    except torch.OutOfMemoryError:
        if end - start <= 1:
            raise
        torch.cuda.empty_cache()
        middle = (start + end) // 2
        _in_halves(work, start, middle)
        _in_halves(work, middle, end)


def _unpatched(patches: U8, config: TrocrConfig) -> U8:
    """Return pictures, (N, 3, side, side), of their patches."""
    patch, count = config.squares.patch, config.squares.image // config.squares.patch
    cut = patches.reshape(len(patches), count, count, 3, patch, patch).transpose(0, 3, 1, 4, 2, 5)
    return np.ascontiguousarray(cut.reshape(len(patches), 3, count * patch, count * patch))


def _loaded(config: TrocrConfig, state: State) -> TrocrModule:
    with torch.device("meta"):  # weights are taken, not drawn first
        module = TrocrModule(config)
    module.load_state_dict({name: torch.from_numpy(weights) for name, weights in state.items()}, assign=True)
    module.eval().requires_grad_(False)
    return module
