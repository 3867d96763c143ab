"""What TrOCR's two networks do for whoever searches a text: the interface that every backend keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from models.arrays import F32, I64, U8

Tokens = I64


class Choices(NamedTuple):
    """Each line's next tokens, (B, k) int64, likeliest first, and their log-probabilities, (B, k) float32."""

    tokens: Tokens
    scores: F32


class Slots(Protocol):
    """Places for lines that are being read, each with what was seen of its line and its text so far."""

    size: int

    def put(self, first: int, pictures: Sequence[U8]) -> None:
        """Look at pictures, as `picture.patches` gives them, and keep what is seen in the slots from `first` on."""

    def copy(self, source: int, target: int, length: int) -> None:
        """Give a slot what another one has: its line, and the first `length` tokens of its text."""

    def step(self, tokens: Tokens, lengths: npt.NDArray[np.int32], choices: int) -> Choices:
        """Say a token in each of the first slots, and return what may come next.

        Args:
            tokens: (B,) the last token of each line, B at most `size`.
            lengths: (B,) how many tokens went before it.
        """


class Network(Protocol):
    """TrOCR's encoder and decoder with their weights. One per process; not thread-safe."""

    name: str
    positions: int
    """The longest text in tokens, that which begins it included."""
    lines_at_once: int
    """As many as are read together; a slot that falls free is filled again at once."""

    def slots(self, lines: int, length: int) -> Slots:
        """Return slots for lines whose texts have at most `length` tokens, fewer where a device's memory is full.

        Their memory is kept for the next call.
        """
