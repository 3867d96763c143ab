"""Steps of TrOCR's text transformer that torch has no single kernel for, in Triton, for CUDA devices.

Each keeps to the docstring of the function of its name in `torch_kernels.Kernels`. Idle lanes read and write
nothing but their length. Sums are in single precision whatever the tensors hold.
"""
# ruff: noqa: N803  # what is known when a kernel is compiled is written large, as in Triton's own code

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from models.recognition.trocr.torch_kernels import PlainKernels

_MIN_QUERIES = 16  # queries that matrix units are given at once


def attend(joined: Tensor, rows: Tensor, lengths: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    lanes, (_, heads, places, width) = len(joined), keys.shape
    found = torch.empty(lanes, heads * width, dtype=joined.dtype, device=joined.device)
    _attend[(lanes, heads)](
        joined, rows, lengths, keys, values, found, width**-0.5, places,
        HEADS=heads, WIDTH=width, BLOCK=32, num_warps=2,
    )  # fmt: skip
    return found


def look(query: Tensor, rows: Tensor, lengths: Tensor, seen: Tensor, scale: float) -> Tensor:
    if query.dtype == torch.float32:  # matrix units would round it
        return PlainKernels().look(query, rows, lengths, seen, scale)
    heads, lanes, width = query.shape
    first = 1 << (width - 1).bit_length() - 1
    found = torch.empty_like(query)
    _look[(lanes,)](
        query, rows, lengths, seen, found, scale, lanes, seen.shape[1],
        HEADS=heads, QUERIES=max(_MIN_QUERIES, heads), FIRST=first, SECOND=width - first, BLOCK=64, num_warps=4,
        num_stages=2 if width > 512 else 3,
    )  # fmt: skip
    return found


def add_norm(value: Tensor, change: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    width = value.shape[-1]
    total, normed = torch.empty_like(value), torch.empty_like(value)
    _add_norm[(value.numel() // width,)](
        value, change, weight, bias, total, normed, epsilon,
        WIDTH=width, BLOCK=triton.next_power_of_2(width), num_warps=4,
    )  # fmt: skip
    return total, normed


def choose(
    logits: Tensor, rows: Tensor, tokens: Tensor, lengths: Tensor, limits: Tensor, chosen: Tensor, scores: Tensor,
    end: int,
) -> None:  # fmt: skip
    _choose[(len(logits),)](
        logits, rows, tokens, lengths, limits, chosen, scores,
        logits.shape[1], logits.stride(0), chosen.shape[1], end,
        BLOCK=4096, num_warps=8,
    )  # fmt: skip


@triton.jit
def _attend(
    joined, rows, lengths, keys, values, found, scale, places,
    HEADS: tl.constexpr, WIDTH: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    lane, head = tl.program_id(0), tl.program_id(1)
    row = tl.load(rows + lane)
    length = tl.load(lengths + row)
    at = tl.arange(0, WIDTH)
    target = found + (lane * HEADS + head) * WIDTH + at
    if length < 0:
        tl.store(target, tl.zeros((WIDTH,), found.dtype.element_ty))
        return
    own = joined + lane * 3 * HEADS * WIDTH + head * WIDTH + at
    query = tl.load(own).to(tl.float32) * scale
    key, value = tl.load(own + HEADS * WIDTH), tl.load(own + 2 * HEADS * WIDTH)
    cache = (row.to(tl.int64) * HEADS + head) * places * WIDTH
    tl.store(keys + cache + length * WIDTH + at, key)
    tl.store(values + cache + length * WIDTH + at, value)
    most = tl.sum(query * key.to(tl.float32), 0)
    total = tl.full((), 1.0, tl.float32)
    mean = value.to(tl.float32)
    for first in range(0, length, BLOCK):
        before = first + tl.arange(0, BLOCK)
        inside = before < length
        block = cache + before[:, None] * WIDTH + at[None, :]
        old_keys = tl.load(keys + block, mask=inside[:, None], other=0.0).to(tl.float32)
        old_values = tl.load(values + block, mask=inside[:, None], other=0.0).to(tl.float32)
        fit = tl.where(inside, tl.sum(old_keys * query[None, :], 1), float("-inf"))
        highest = tl.maximum(most, tl.max(fit, 0))
        share, kept = tl.exp(fit - highest), tl.exp(most - highest)
        mean = mean * kept + tl.sum(old_values * share[:, None], 0)
        total = total * kept + tl.sum(share, 0)
        most = highest
    tl.store(target, (mean / total).to(found.dtype.element_ty))


@triton.jit
def _look(
    query, rows, lengths, seen, found, scale, lanes, vectors,
    HEADS: tl.constexpr, QUERIES: tl.constexpr, FIRST: tl.constexpr, SECOND: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    # what was seen is the left factor of both products: it goes from shared memory to the matrix units as it lies
    lane = tl.program_id(0)
    row = tl.load(rows + lane)
    length = tl.load(lengths + row)
    heads = tl.arange(0, QUERIES)[None, :]
    one, two = tl.arange(0, FIRST), FIRST + tl.arange(0, SECOND)  # sizes are powers of two, widths are not
    own = (heads * lanes + lane) * (FIRST + SECOND)
    to_one, to_two = found + own + one[:, None], found + own + two[:, None]
    if length < 0:
        tl.store(to_one, tl.zeros((FIRST, QUERIES), found.dtype.element_ty), mask=heads < HEADS)
        tl.store(to_two, tl.zeros((SECOND, QUERIES), found.dtype.element_ty), mask=heads < HEADS)
        return
    query_one = tl.load(query + own + one[:, None], mask=heads < HEADS, other=0.0)
    query_two = tl.load(query + own + two[:, None], mask=heads < HEADS, other=0.0)
    line = seen + row.to(tl.int64) * vectors * (FIRST + SECOND)
    most = tl.full((QUERIES,), float("-inf"), tl.float32)
    total = tl.zeros((QUERIES,), tl.float32)
    mean_one, mean_two = tl.zeros((FIRST, QUERIES), tl.float32), tl.zeros((SECOND, QUERIES), tl.float32)
    for first in range(0, vectors, BLOCK):
        places = first + tl.arange(0, BLOCK)
        inside = (places < vectors)[:, None]
        block = line + places[:, None] * (FIRST + SECOND)
        seen_one = tl.load(block + one[None, :], mask=inside, other=0.0)
        seen_two = tl.load(block + two[None, :], mask=inside, other=0.0)
        fit = tl.dot(seen_one, query_one)
        fit = tl.dot(seen_two, query_two, fit)
        fit = tl.where(inside, fit * scale, float("-inf"))
        highest = tl.maximum(most, tl.max(fit, 0))
        share, kept = tl.exp(fit - highest[None, :]), tl.exp(most - highest)
        total = total * kept + tl.sum(share, 0)
        weight = share.to(seen_one.dtype)
        mean_one = tl.dot(tl.trans(seen_one), weight, mean_one * kept[None, :])
        mean_two = tl.dot(tl.trans(seen_two), weight, mean_two * kept[None, :])
        most = highest
    tl.store(to_one, (mean_one / total[None, :]).to(found.dtype.element_ty), mask=heads < HEADS)
    tl.store(to_two, (mean_two / total[None, :]).to(found.dtype.element_ty), mask=heads < HEADS)


@triton.jit
def _add_norm(
    value, change, weight, bias, total, normed, epsilon, WIDTH: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    at = tl.arange(0, BLOCK)
    inside = at < WIDTH
    here = tl.program_id(0).to(tl.int64) * WIDTH + at
    added = tl.load(value + here, mask=inside, other=0.0).to(tl.float32)
    added += tl.load(change + here, mask=inside, other=0.0).to(tl.float32)
    tl.store(total + here, added.to(total.dtype.element_ty), mask=inside)
    mean = tl.sum(added, 0) / WIDTH
    away = tl.where(inside, added - mean, 0.0)
    deviation = tl.sqrt(tl.sum(away * away, 0) / WIDTH + epsilon)
    scale = tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    shift = tl.load(bias + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(normed + here, (away / deviation * scale + shift).to(normed.dtype.element_ty), mask=inside)


@triton.jit
def _choose(
    logits, rows, tokens, lengths, limits, chosen, scores, vocabulary, apart, places, end, BLOCK: tl.constexpr
):  # fmt: skip
    lane = tl.program_id(0)
    row = tl.load(rows + lane)
    length = tl.load(lengths + row)
    if length < 0:
        return
    most = tl.full((), float("-inf"), tl.float32)
    total = tl.zeros((), tl.float32)
    best = tl.zeros((), tl.int32)
    for first in range(0, vocabulary, BLOCK):
        at = first + tl.arange(0, BLOCK)
        here = logits + lane.to(tl.int64) * apart + at
        values = tl.load(here, mask=at < vocabulary, other=float("-inf")).to(tl.float32)
        highest = tl.max(values, 0)
        place = first + tl.argmax(values, 0).to(tl.int32)
        best = tl.where(highest > most, place, best)  # of equals the first
        above = tl.maximum(most, highest)
        total = total * tl.exp(most - above) + tl.sum(tl.exp(values - above), 0)
        most = above
    after = length + 1
    over = (best == end) | (after >= tl.load(limits + row))
    tl.store(chosen + row * places + length, best)
    tl.store(scores + row * places + length, -tl.log(total))
    tl.store(tokens + row, best)
    tl.store(lengths + row, tl.where(over, -after - 1, after))
