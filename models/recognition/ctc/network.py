"""A network that tells, for each step along a line, which character stands there: lines in, probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.arrays import F32
from models.weights.onnx_session import create_session

_STRIDE = 8  # pixels of width per step of the output
_BUCKET = 64  # pixels of width: a line's text depends on its own bucket, never on its neighbours
_AT_ONCE_WIDTH = 2048  # pixels of width in one call; more is no faster and takes memory


class CtcNetwork:
    """PP-OCR's recogniser, as it comes or learnt further, and its characters."""

    def __init__(self, weights: Path) -> None:
        """Load the network. Raises ModelError."""
        self._session = create_session(weights)
        names = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self.characters = ["", *names, " "]

    def probabilities(self, lines: Sequence[F32]) -> list[F32]:
        """Return what is seen along each line, (3, 48, w), in their order: (T, C), each row summing to one."""
        inputs = [_padded(line) for line in lines]
        seen: dict[int, F32] = {}
        for batch in _batches([line.shape[2] for line in inputs]):
            (probabilities,) = self._session.run(None, {"x": np.stack([inputs[number] for number in batch])})
            for number, rows in zip(batch, probabilities, strict=True):
                steps = -(-lines[number].shape[2] // _STRIDE) + 1  # the last letter may come a step late
                seen[number] = rows[:steps]
        return [seen[number] for number in range(len(lines))]


def _padded(planes: F32) -> F32:
    return np.pad(planes, ((0, 0), (0, 0), (0, -planes.shape[2] % _BUCKET)))


def _batches(widths: Sequence[int]) -> list[list[int]]:
    """Return the lines' numbers in batches of one width each."""
    batches: list[list[int]] = []
    for number in sorted(range(len(widths)), key=lambda n: widths[n]):
        width = widths[number]
        if batches and widths[batches[-1][0]] == width and (len(batches[-1]) + 1) * width <= _AT_ONCE_WIDTH:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches
