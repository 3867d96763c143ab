"""Steps of TrOCR's text transformer over rows that lanes read and write: in torch, or as one kernel each.

A row holds a line: what was seen of it, its text's keys and values, and how many tokens it has. A step is of lanes,
each with the number of its row. A row whose length is negative is done: its lane is idle and changes nothing. Only
lanes that are idle may share a row.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Kernels(Protocol):
    """Lanes are B, rows R; `rows`, (B,) int32, are lanes' rows, and `lengths`, (R,) int32, rows' tokens."""

    def attend(self, joined: Tensor, rows: Tensor, lengths: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Put the newest keys and values in place, and return what the newest queries find, (B, heads · d).

        Args:
            joined: (B, 3 · heads · d) the newest token's query, key and value.
            keys: (R, heads, T, d) of each row's text; the newest go at its length.
            values: The same.
        """

    def look(self, query: Tensor, rows: Tensor, lengths: Tensor, seen: Tensor, scale: float) -> Tensor:
        """Return the mean of the seen vectors by how well they fit the queries, (heads, B, W).

        Args:
            query: (heads, B, W).
            seen: (R, S, W) keys and values at once; heads share them.
        """

    def add_norm(
        self, value: Tensor, change: Tensor, weight: Tensor, bias: Tensor, epsilon: float
    ) -> tuple[Tensor, Tensor]:
        """Return value + change, (…, W), and the same normalised over W."""

    def choose(
        self, logits: Tensor, rows: Tensor, tokens: Tensor, lengths: Tensor, limits: Tensor, chosen: Tensor,
        scores: Tensor, end: int,
    ) -> None:  # fmt: skip
        """Give each row its likeliest next token; one that ends, or is as long as it may be, is done.

        Args:
            logits: (B, vocabulary).
            tokens: (R,) int64 gets the newest token.
            lengths: (R,) gets one more; n becomes -n - 1 where the row is done.
            limits: (R,) int32 how many tokens each row may have.
            chosen: (R, T) int32 gets the token in its place.
            scores: (R, T) float32 gets its log-probability.
        """


class PlainKernels:
    """In torch's own operators, on any device; what the others are held against."""

    def attend(self, joined: Tensor, rows: Tensor, lengths: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        heads, places = keys.shape[1:3]
        query, key, value = joined.unflatten(1, (3, heads, -1)).unbind(1)
        at = rows.long()
        idle, before = (lengths[at] < 0)[:, None, None], lengths[at].clamp(min=0).long()
        keys[at, :, before] = torch.where(idle, keys[at, :, before], key)
        values[at, :, before] = torch.where(idle, values[at, :, before], value)
        own = torch.arange(places, device=joined.device) <= before[:, None]
        found = functional.scaled_dot_product_attention(query[:, :, None], keys[at], values[at], own[:, None, None])
        return found.flatten(1)

    def look(self, query: Tensor, rows: Tensor, lengths: Tensor, seen: Tensor, scale: float) -> Tensor:
        own = seen[rows.long()]
        fit = torch.einsum("hbw,bsw->bhs", query, own) * scale
        return torch.einsum("bhs,bsw->hbw", torch.softmax(fit.float(), -1).to(own.dtype), own)

    def add_norm(
        self, value: Tensor, change: Tensor, weight: Tensor, bias: Tensor, epsilon: float
    ) -> tuple[Tensor, Tensor]:
        total = value + change
        return total, functional.layer_norm(total, weight.shape, weight, bias, epsilon)

    def choose(
        self, logits: Tensor, rows: Tensor, tokens: Tensor, lengths: Tensor, limits: Tensor, chosen: Tensor,
        scores: Tensor, end: int,
    ) -> None:  # fmt: skip
        # no lane is picked out, for which the host would have to wait: idle ones write what is there
        at = rows.long()
        before = lengths[at]
        idle, place = before < 0, before.clamp(min=0).long()
        likely = torch.log_softmax(logits.float(), -1)
        best = likely.argmax(-1)
        score, after = likely.gather(1, best[:, None])[:, 0], before + 1
        over = (best == end) | (after >= limits[at])
        chosen[at, place] = torch.where(idle, chosen[at, place], best.to(chosen.dtype))
        scores[at, place] = torch.where(idle, scores[at, place], score)
        tokens[at] = torch.where(idle, tokens[at], best)
        lengths[at] = torch.where(idle, before, torch.where(over, -after - 1, after))


def kernels_for(device: torch.device) -> Kernels:
    """Return the fastest kernels that run on a device."""
    if device.type == "cuda" and find_spec("triton") is not None:
        from models.recognition.trocr import triton_kernels

        return triton_kernels
    return PlainKernels()
