"""What the strokes of a line look like close by: a small convolutional network on cut-outs at full resolution.

The detector sees a page so reduced that a typewriter's letters and a careful hand are much alike; here a line is
looked at with its letters some 20 pixels high. Plain numpy: a page's lines take some milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.detection.types import TextBox
from models.layout.geometry import box_sides
from models.pages.ink import coverage

WINDOW = (32, 128)  # height and width that the network sees
# Side of the kernel, step, and channels out of each layer.
LAYERS = ((5, 2, 8), (3, 2, 16), (3, 1, 24), (3, 2, 32), (3, 1, 48))
FEATURES = 2 * LAYERS[-1][2]
_LONG_LINE = 14.0  # times as wide as high: such a line is looked at in two places
_AT_ONCE = 8  # windows: their patches stay in the processor's cache, a third faster than 64


@dataclass(frozen=True, slots=True)
class StrokeNetwork:
    """Weights, (channels out, side² · channels in), and biases, (channels out,), of each of LAYERS."""

    weights: tuple[F32, ...]
    biases: tuple[F32, ...]

    def look(self, pixels: ImageU8, boxes: Sequence[TextBox]) -> F32:
        """Return what is seen in each box: the channels' mean and greatest, (n, FEATURES) float32.

        Args:
            pixels: The page, (H, W, 3) uint8 RGB or (H, W) grey.
        """
        cuts = [windows_of(pixels, box.corners) for box in boxes]
        features = self.features(np.concatenate([*cuts, np.zeros((0, *WINDOW), np.float32)]))
        ends = np.cumsum([len(cut) for cut in cuts])
        each = [features[end - len(cut) : end].mean(0) for cut, end in zip(cuts, ends, strict=True)]
        return np.stack(each) if each else np.zeros((0, FEATURES), np.float32)

    def features(self, windows: F32) -> F32:
        """Return the features of windows, (n, 32, 128) of ink in [0, 1], as (n, FEATURES)."""
        parts = [self._features(windows[i : i + _AT_ONCE]) for i in range(0, len(windows), _AT_ONCE)]
        return np.concatenate([*parts, np.zeros((0, FEATURES), np.float32)])

    def _features(self, windows: F32) -> F32:
        maps = windows[None]
        for (side, step, _), weights, bias in zip(LAYERS, self.weights, self.biases, strict=True):
            patches, places = patches_of(maps, side, step)
            maps = np.maximum(weights @ patches + bias[:, None], 0).reshape(-1, *places)
        return np.asarray(np.concatenate([maps.mean((2, 3)), maps.max((2, 3))]).T, np.float32)


def patches_of(maps: F32, side: int, step: int) -> tuple[F32, tuple[int, int, int]]:
    """Return every patch under a kernel, (side² · channels, n · h · w), and n, h and w.

    Maps, (channels, n, H, W), are padded with zeros so that h is H / step.
    Channels come first because long rows are copied fastest.
    """
    channels, count, height, width = maps.shape
    edge = side // 2
    padded = np.zeros((channels, count, height + 2 * edge, width + 2 * edge), np.float32)
    padded[:, :, edge : edge + height, edge : edge + width] = maps
    down, across = height // step, width // step
    patches = np.empty((side, side, channels, count, down, across), np.float32)
    for row in range(side):
        for column in range(side):
            patches[row, column] = padded[
                ..., row : row + step * down : step, column : column + step * across : step
            ]
    return patches.reshape(side * side * channels, -1), (count, down, across)


def windows_of(pixels: ImageU8, corners: F32) -> F32:
    """Return one or two cut-outs of a line, straightened, as ink: (n, 32, 128) float32 in [0, 1], 0 is paper."""
    across, tall = box_sides(corners)
    high, wide = WINDOW
    width = min(max(4, round(high * across / max(tall, 1.0))), 64 * high)
    flat = np.array([[0, 0], [width, 0], [width, high]], np.float32)
    finer = min(3, max(1, int(tall // high)))  # sampled more finely, then averaged: no speckle from large letters
    warp = cv2.getAffineTransform(corners[[0, 1, 2]].astype(np.float32), flat * finer)
    cut = cv2.warpAffine(pixels, warp, (width * finer, high * finer), borderMode=cv2.BORDER_REPLICATE)
    grey = cut if cut.ndim == 2 else _darkness(np.asarray(cut, np.uint8))
    ink = _ink(np.asarray(cv2.resize(grey, (width, high), interpolation=cv2.INTER_AREA), np.float32))
    if width <= wide:
        return np.pad(ink, ((0, 0), (0, wide - width)))[None]
    starts = (
        [(width - wide) // 2] if width < _LONG_LINE * high else [width // 4 - wide // 2, 3 * width // 4 - wide // 2]
    )
    return np.stack([ink[:, max(0, start) : max(0, start) + wide] for start in starts])


def _darkness(colours: ImageU8) -> ImageU8:
    """Return colours as grey, in which coloured inks are darker than they look."""
    red, green, blue = cv2.split(colours)
    darkest = cv2.min(cv2.min(red, green), blue)
    return np.asarray(cv2.addWeighted(darkest, 0.5, cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), 0.5, 0), np.uint8)


def _ink(grey: F32) -> F32:
    sample = grey[::2, ::2].ravel()  # a quarter of the pixels tells paper from ink as well as all of them
    order = [int(share * (sample.size - 1)) for share in (0.85, 0.5, 0.02)]
    paper, middle, dark = np.partition(sample, order)[order]
    if middle < dark + 0.25 * (paper - dark):  # light letters on dark
        grey, paper, dark = 255 - grey, 255 - dark, 255 - paper
    return coverage(paper - grey, max(paper - dark, 24.0))
