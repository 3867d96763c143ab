"""TrOCR on torch: bf16 on a CUDA device, many lines at once, steps that are recorded once and replayed.

On a processor the same code runs in single precision and without replaying; ONNX Runtime is faster there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.arrays import U8, ImageU8
from models.recognition.trocr.checkpoint import State, load_state
from models.recognition.trocr.config import TrocrConfig, read_config
from models.recognition.trocr.cuda_graph import ReplayedStep
from models.recognition.trocr.greedy import Hypothesis, Stop
from models.recognition.trocr.network import Choices, Tokens
from models.recognition.trocr.torch_decoder import Rows, StepDecoder
from models.recognition.trocr.torch_encoder import LineEncoder
from models.recognition.trocr.torch_kernels import Kernels, kernels_for
from models.recognition.trocr.torch_modules import TrocrModule
from models.recognition.trocr.torch_networks import TorchNetworks
from models.recognition.trocr.torch_reader import TorchReader

logger = logging.getLogger(__name__)
_LINES_ON_CUDA, _LINES_ON_CPU = 512, 4
_LENGTH = 128  # tokens that rows have room for, so that texts a little longer than the last do not need others
T = TypeVar("T")


class TorchTrocr:
    """The networks of one checkpoint on one device. Where memory runs out, half as many lines are read at once."""

    def __init__(
        self,
        folder: Path,
        *,
        device: str | None = None,
        kind: torch.dtype | None = None,
        kernels: Kernels | None = None,
        recorded: bool | None = None,
    ) -> None:
        """Load a checkpoint's folder.

        Args:
            device: As torch names it; the CUDA device if there is one, else the processor.
            kind: Of all weights and values; bf16 on a CUDA device, single precision on a processor.
            kernels: Those that fit the device, unless these are given.
            recorded: Whether steps are recorded and replayed: on a CUDA device.

        Raises:
            WeightsMissing: A file of the checkpoint is not there.
            WeightsInvalid: A file of it is damaged, or of another network.
        """
        config = read_config(folder)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        on_cuda = self.device.type == "cuda"
        self.kind = kind or (torch.bfloat16 if on_cuda else torch.float32)
        self.name = f"{folder.name} on {self.device.type}, {str(self.kind).removeprefix('torch.')}"
        self.positions = config.decoder.positions
        self.lines_at_once = _LINES_ON_CUDA if on_cuda else _LINES_ON_CPU
        self.config = config
        self._slots: TorchSlots | None = None
        self._reader: TorchReader | None = None
        run = kernels or kernels_for(self.device)
        module = _loaded(config, load_state(folder, config)).to(self.device, self.kind)
        self.networks = TorchNetworks(
            config, self.device, self.kind, run, LineEncoder(module.encoder, config, run),
            StepDecoder(module.decoder, config.decoder, run), on_cuda if recorded is None else recorded,
        )  # fmt: skip
        logger.info("TrOCR %s", self.name)

    def read(self, lines: Sequence[ImageU8], limits: Sequence[int], stop: Stop) -> list[Hypothesis]:
        """Return the text of each line, (H, W) or (H, W, 3) uint8 (see `greedy.LineReader`)."""
        if not lines:
            return []
        reader = self._reader
        if reader is None or reader.length < max(limits) or reader.size != self.lines_at_once:
            reader = self._reader = None  # the old memory goes before the new is taken
            length = max(_LENGTH, *limits)
            reader = self._reader = self._fitting(
                partial(TorchReader, self.networks, length=length), self.lines_at_once
            )
        return reader.read(lines, limits, stop)

    def slots(self, lines: int, length: int) -> TorchSlots:
        kept = self._slots
        if kept is None or kept.size < lines or kept.length < length:
            kept = self._slots = None  # the old memory goes before the new is taken
            kept = self._slots = self._fitting(
                partial(TorchSlots, self.networks, length=max(_LENGTH, length)), lines
            )
        return kept

    def _fitting(self, make: Callable[[int], T], lines: int) -> T:
        """Return what is made for as many lines as the device's memory holds, half as many each time it is full.

        Raises:
            torch.OutOfMemoryError: Not one line fits.
        """
        while True:
            try:
                return make(lines)
            except torch.OutOfMemoryError:
                if lines == 1:
                    raise
            lines //= 2
            self.lines_at_once = min(self.lines_at_once, lines)
            torch.cuda.empty_cache()
            logger.warning("the device's memory is full: TrOCR reads %d lines at once from now on", lines)


class TorchSlots:
    """Rows that are given their tokens one step at a time, as beam search wants it."""

    def __init__(self, networks: TorchNetworks, lines: int, *, length: int) -> None:
        self.size, self.length = lines, length
        self._networks, self._rows = networks, networks.rows(lines, length)
        self._lanes = torch.arange(lines, dtype=torch.int32, device=networks.device)
        self._steps: dict[tuple[int, int], Callable[[], tuple[Tensor, Tensor]]] = {}

    def put(self, first: int, pictures: Sequence[U8]) -> None:
        with torch.inference_mode():
            given = torch.from_numpy(np.stack(pictures)).to(self._networks.device)
            rows = torch.arange(first, first + len(pictures), device=given.device)
            self._networks.see(given, self._rows, rows)

    def copy(self, source: int, target: int, length: int) -> None:
        with torch.inference_mode():
            self._rows.seen[target] = self._rows.seen[source]
            for keys, values in self._rows.caches:
                keys[target, :, :length] = keys[source, :, :length]
                values[target, :, :length] = values[source, :, :length]

    def step(self, tokens: Tokens, lengths: npt.NDArray[np.int32], choices: int) -> Choices:
        lines = min(self.size, 1 << (len(tokens) - 1).bit_length())
        with torch.inference_mode():
            self._rows.lengths.fill_(-1)
            self._rows.tokens[: len(tokens)].copy_(torch.from_numpy(tokens))
            self._rows.lengths[: len(tokens)].copy_(torch.from_numpy(lengths))
            found, scores = self._step(lines, choices)()
            return Choices(found[: len(tokens)].cpu().numpy(), scores[: len(tokens)].cpu().numpy())

    def _step(self, lines: int, choices: int) -> Callable[[], tuple[Tensor, Tensor]]:
        """Return a step of the first lines, recorded where the device can replay it."""
        if (lines, choices) not in self._steps:
            step = partial(_likeliest, self._networks.decoder, self._lanes[:lines], self._rows, choices)
            # what runs before it is recorded puts the same keys and values in the same places
            self._steps[lines, choices] = ReplayedStep(step) if self._networks.recorded else step
        return self._steps[lines, choices]


def _likeliest(decoder: StepDecoder, lanes: Tensor, rows: Rows, choices: int) -> tuple[Tensor, Tensor]:
    scores, found = torch.log_softmax(decoder.logits(lanes, rows).float(), -1).topk(choices, -1)
    return found, scores


def _loaded(config: TrocrConfig, state: State) -> TrocrModule:
    with torch.device("meta"):  # weights are taken, not drawn first
        module = TrocrModule(config)
    module.load_state_dict({name: torch.from_numpy(weights) for name, weights in state.items()}, assign=True)
    module.eval().requires_grad_(False)
    return module
