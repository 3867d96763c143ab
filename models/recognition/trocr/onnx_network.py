"""TrOCR on ONNX Runtime: two graphs, and a cache of fixed shape that they read and write where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arrays import U8
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.network import Choices, Tokens
from models.weights.onnx_session import create_session

# A step reads every weight once, however many lines it is for.
_LINES_AT_ONCE = 16


class OnnxTrocr:
    """The exported networks of one checkpoint. Weights are mapped from their file."""

    def __init__(self, folder: Path, config: TrocrConfig, *, threads: int = 1) -> None:
        """Load a folder that `export` made.

        Raises:
            WeightsMissing: A file of it is not there.
            WeightsInvalid: A file of it is cut off, or no network.
        """
        self.name = folder.name
        self.positions = config.decoder.positions
        self.lines_at_once = _LINES_AT_ONCE
        self.encoder = _session(folder / "encoder.onnx", threads)
        self.decoder = _session(folder / "decoder.onnx", threads)
        self._slots: OnnxSlots | None = None

    def slots(self, lines: int, length: int) -> OnnxSlots:
        if self._slots is None or self._slots.size < lines or self._slots.length < length:
            # The old memory goes before the new is taken: no other name may hold it here.
            self._slots = None
            self._slots = OnnxSlots(self.encoder, self.decoder, lines, length)
        return self._slots


class OnnxSlots:
    """Arrays bound to the decoder's inputs and outputs; a step copies nothing but tokens."""

    def __init__(self, encoder: Any, decoder: Any, lines: int, length: int) -> None:
        self.size, self.length = lines, length
        self._encoder, self._decoder = encoder, decoder
        self._seen = {
            output.name: np.zeros((lines, *output.shape[1:]), _kind(output)) for output in encoder.get_outputs()
        }
        self._caches = {
            given.name: np.zeros((lines, given.shape[1], length, given.shape[3]), np.float32)
            for given in decoder.get_inputs()
            if given.name.startswith(("key_", "value_"))
        }
        self._small: dict[str, npt.NDArray[Any]] = {
            "tokens": np.zeros(lines, np.int64), "lengths": np.zeros(lines, np.int32),
            "longest": np.zeros((), np.int32), "choices": np.ones(1, np.int64),
        }  # fmt: skip
        self._bindings: dict[tuple[int, int], tuple[Any, Choices]] = {}

    def put(self, first: int, pictures: Sequence[U8]) -> None:
        for slot, picture in enumerate(pictures, first):
            binding = self._encoder.io_binding()
            _bind(binding.bind_input, "patches", picture[None])
            for name, seen in self._seen.items():
                _bind(binding.bind_output, name, seen[slot : slot + 1])
            self._encoder.run_with_iobinding(binding)

    def copy(self, source: int, target: int, length: int) -> None:
        for seen in self._seen.values():
            seen[target] = seen[source]
        for cache in self._caches.values():
            cache[target, :, :length] = cache[source, :, :length]

    def step(self, tokens: Tokens, lengths: npt.NDArray[np.int32], choices: int) -> Choices:
        lines = len(tokens)
        binding, given = self._bound(lines, choices)
        self._small["tokens"][:lines], self._small["lengths"][:lines] = tokens, lengths
        self._small["longest"][...], self._small["choices"][0] = lengths.max() + 1, choices
        self._decoder.run_with_iobinding(binding)
        return given

    def _bound(self, lines: int, choices: int) -> tuple[Any, Choices]:
        """Return a binding for the first lines, and the arrays that its outputs go to."""
        if (lines, choices) not in self._bindings:
            given = Choices(np.zeros((lines, choices), np.int64), np.zeros((lines, choices), np.float32))
            binding = self._decoder.io_binding()
            for name, array in (self._small | self._seen).items():
                _bind(binding.bind_input, name, array if name in ("longest", "choices") else array[:lines])
            for name, cache in self._caches.items():
                _bind(binding.bind_input, name, cache[:lines])
                _bind(binding.bind_output, f"{name}_out", cache[:lines])
            _bind(binding.bind_output, "next", given.tokens)
            _bind(binding.bind_output, "scores", given.scores)
            self._bindings[lines, choices] = binding, given
        return self._bindings[lines, choices]


def _kind(output: Any) -> npt.DTypeLike:
    return {"tensor(int8)": np.int8, "tensor(uint8)": np.uint8}.get(output.type, np.float32)


def _bind(bind: Any, name: str, array: npt.NDArray[Any]) -> None:
    bind(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)


def _session(path: Path, threads: int) -> Any:
    remedy = "remove the folder and run  inkstream models export  for this checkpoint again"
    # keeps memory: a step needs the same for every line
    return create_session(
        path, threads=threads, external=path.with_suffix(".data"), keep_memory=True, remedy=remedy
    )
