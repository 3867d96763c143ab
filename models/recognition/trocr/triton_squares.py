"""Lines resized on a CUDA device as Pillow resizes them, to squares in patches.

Pillow's way is kept, weights and roundings alike, since checkpoints were trained on it: a pass over columns whose
results are bytes again, then one over rows, in whole numbers with weights of 22 bits. (Pillow 13 goes over rows
first where that is less work: for pictures about as high as wide, which lines are not.)
"""
# ruff: noqa: N803  # what is known when a kernel is compiled is written large, as in Triton's own code

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

from models.arrays import ImageU8
from models.recognition.trocr.config import TrocrConfig

_REACH = {"bilinear": 1.0, "bicubic": 2.0}  # pixels to either side, of those that are larger
_BITS = 22
_SHARPNESS = -0.5  # of the cubic (Keys 1981), as Pillow has it


def resized(lines: Sequence[ImageU8], config: TrocrConfig, device: torch.device) -> Tensor:
    """Return lines, (H, W) or (H, W, 3) uint8 each, as patches, (N, P, 3 · patch²) uint8."""
    side, patch = config.squares.image, config.squares.patch
    heights, widths = np.array([line.shape[:2] for line in lines], np.int64).T
    planes = np.array([line.size for line in lines]) // (heights * widths)
    ends, tops = np.cumsum(heights * widths * planes), np.cumsum(heights)
    pixels = _on_host(int(ends[-1]), torch.uint8, device)
    for line, end in zip(lines, ends.tolist(), strict=True):
        pixels.numpy()[end - line.size : end] = line.ravel()
    shapes = _on_host(5 * len(lines), torch.int64, device).view(5, -1)
    shapes.numpy()[:] = ends - heights * widths * planes, tops - heights, heights, widths, planes
    owners = _on_host(int(tops[-1]), torch.int32, device)
    owners.numpy()[:] = np.repeat(np.arange(len(lines)), heights)
    pixels, shapes, owners = (one.to(device, non_blocking=True) for one in (pixels, shapes, owners))
    reach = _REACH[config.resampling]
    across, left = weights(shapes[3], int(widths.max()), side, reach)
    down, top = weights(shapes[2], int(heights.max()), side, reach)
    middle = torch.empty(len(owners), 3, side, dtype=torch.uint8, device=device)
    block = triton.next_power_of_2(side)
    _columns[(len(owners), 3)](
        pixels, shapes, owners, across, left, middle, len(lines), across.shape[1], SIDE=side, BLOCK=block
    )
    patches = torch.empty(len(lines), (side // patch) ** 2, 3 * patch**2, dtype=torch.uint8, device=device)
    _rows[(len(lines), side)](
        middle, shapes, down, top, patches, len(lines), down.shape[1], SIDE=side, PATCH=patch, BLOCK=block
    )
    return patches


def weights(sizes: Tensor, largest: int, side: int, reach: float) -> tuple[Tensor, Tensor]:
    """Return what pixels count for each one of a side, (N, K, side) int32, and which is the first, (N, side) int32.

    Args:
        sizes: (N,) pixels that become `side`; `largest` of them at most.
        reach: Of the filter: 1 for the bilinear, 2 for the cubic one.
    """
    size = sizes.double()[:, None]
    scale = size / side
    wide = scale.clamp(min=1)
    centre = (torch.arange(side, device=sizes.device, dtype=torch.float64) + 0.5) * scale
    first = (centre - reach * wide + 0.5).trunc().clamp(min=0)
    last = torch.minimum((centre + reach * wide + 0.5).trunc(), size)
    count = math.ceil(reach * max(1.0, largest / side)) * 2 + 1
    at = first[:, None] + torch.arange(count, device=sizes.device, dtype=torch.float64)[:, None]
    away = ((at - centre[:, None] + 0.5) * (1 / wide)[:, None]).abs()
    found = (_linear(away) if reach == 1 else _cubic(away)) * (at < last[:, None])
    found = found / found.sum(1, keepdim=True) * (1 << _BITS)
    return (found + torch.copysign(torch.full_like(found, 0.5), found)).trunc().int(), first.int()


def _linear(away: Tensor) -> Tensor:
    return (1 - away).clamp(min=0)


def _cubic(away: Tensor) -> Tensor:
    near = ((_SHARPNESS + 2) * away - (_SHARPNESS + 3)) * away * away + 1
    far = (((away - 5) * away + 8) * away - 4) * _SHARPNESS
    return torch.where(away < 1, near, torch.where(away < 2, far, 0.0))


def _on_host(count: int, kind: torch.dtype, device: torch.device) -> Tensor:
    """Return memory that the device copies from while the host goes on."""
    return torch.empty(count, dtype=kind, pin_memory=device.type == "cuda")


@triton.jit
def _columns(
    pixels, shapes, owners, across, left, middle, lines, taps, SIDE: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    row, plane = tl.program_id(0), tl.program_id(1)
    line = tl.load(owners + row)
    start, top = tl.load(shapes + line), tl.load(shapes + lines + line)
    width, planes = tl.load(shapes + 3 * lines + line), tl.load(shapes + 4 * lines + line)
    own = pixels + start + (row - top) * width * planes + tl.minimum(plane, planes - 1)
    at = tl.arange(0, BLOCK)
    inside = at < SIDE
    first = tl.load(left + line * SIDE + at, mask=inside, other=0)
    total = tl.full((BLOCK,), 1 << 21, tl.int32)
    for tap in range(taps):
        weight = tl.load(across + (line * taps + tap) * SIDE + at, mask=inside, other=0)
        place = tl.minimum(first + tap, width - 1)
        total += tl.load(own + place * planes, mask=inside, other=0).to(tl.int32) * weight
    total = tl.minimum(tl.maximum(total >> 22, 0), 255)
    tl.store(middle + (row * 3 + plane) * SIDE + at, total.to(tl.uint8), mask=inside)


@triton.jit
def _rows(
    middle, shapes, down, top, patches, lines, taps, SIDE: tl.constexpr, PATCH: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    line, row = tl.program_id(0), tl.program_id(1)
    above, height = tl.load(shapes + lines + line), tl.load(shapes + 2 * lines + line)
    first = tl.load(top + line * SIDE + row)
    at = tl.arange(0, BLOCK)
    inside = at < SIDE
    patch = (row // PATCH) * (SIDE // PATCH) + at // PATCH
    target = patches + (line * (SIDE // PATCH) * (SIDE // PATCH) + patch) * 3 * PATCH * PATCH
    target += (row % PATCH) * PATCH + at % PATCH
    for plane in tl.static_range(3):
        total = tl.full((BLOCK,), 1 << 21, tl.int32)
        for tap in range(taps):
            weight = tl.load(down + (line * taps + tap) * SIDE + row)
            place = above + tl.minimum(first + tap, height - 1)
            total += tl.load(middle + (place * 3 + plane) * SIDE + at, mask=inside, other=0).to(tl.int32) * weight
        total = tl.minimum(tl.maximum(total >> 22, 0), 255)
        tl.store(target + plane * PATCH * PATCH, total.to(tl.uint8), mask=inside)
