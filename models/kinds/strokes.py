"""Features of a line's strokes: a small convolutional network on crops at full resolution.

The detector's input is a page so reduced that typewriting and careful handwriting are much alike; here a line's
letters are some 20 pixels high. Plain numpy: a page's lines take some milliseconds.
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

WINDOW = (32, 128)  # height and width of the network's input, pixels
# Side of the kernel, step, and channels out of each layer.
LAYERS = ((5, 2, 8), (3, 2, 16), (3, 1, 24), (3, 2, 32), (3, 1, 48))
FEATURES = 2 * LAYERS[-1][2]
_TWO_WINDOWS_ASPECT = 14.0  # width over height from which on a line gets two windows
_MAX_ASPECT = 64  # width over height of a crop; longer lines are squeezed
_MAX_SUPERSAMPLING = 3
_BATCH_WINDOWS = 8  # their patches stay in the processor's cache: a third faster than 64
_PAPER_QUANTILE, _MIDDLE_QUANTILE, _INK_QUANTILE = 0.85, 0.5, 0.02  # of a crop's tones, from dark to light
# Where the median tone is within this fraction of the way from ink to paper, the ground is dark and letters light.
_MAX_DARK_GROUND_FRACTION = 0.25
_MIN_CONTRAST_LEVELS = 24.0  # grey levels: less is noise on paper, which is not to be stretched to ink


@dataclass(frozen=True, slots=True)
class StrokeNetwork:
    """Weights, (channels out, side² · channels in), and biases, (channels out,), of each of LAYERS."""

    weights: tuple[F32, ...]
    biases: tuple[F32, ...]

    def line_features(self, pixels: ImageU8, boxes: Sequence[TextBox]) -> F32:
        """Return the features of each box, averaged over its windows, (n, FEATURES) float32.

        Args:
            pixels: The page, (H, W, 3) uint8 RGB or (H, W) grey.
        """
        cuts = [line_windows(pixels, box.corners) for box in boxes]
        features = self.features(np.concatenate([*cuts, np.zeros((0, *WINDOW), np.float32)]))
        ends = np.cumsum([len(cut) for cut in cuts])
        each = [features[end - len(cut) : end].mean(0) for cut, end in zip(cuts, ends, strict=True)]
        return np.stack(each) if each else np.zeros((0, FEATURES), np.float32)

    def features(self, windows: F32) -> F32:
        """Return mean and maximum of the last layer's channels, (n, FEATURES), for windows of ink, (n, 32, 128)."""
        batches = range(0, len(windows), _BATCH_WINDOWS)
        parts = [self._features(windows[first : first + _BATCH_WINDOWS]) for first in batches]
        return np.concatenate([*parts, np.zeros((0, FEATURES), np.float32)])

    def _features(self, windows: F32) -> F32:
        maps = windows[None]
        for (side, step, _), weights, bias in zip(LAYERS, self.weights, self.biases, strict=True):
            patches, shape = patches_of(maps, side, step)
            maps = np.maximum(weights @ patches + bias[:, None], 0).reshape(-1, *shape)
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


def line_windows(pixels: ImageU8, corners: F32) -> F32:
    """Return one or two windows of a line as ink: (n, 32, 128) float32 in [0, 1], 0 is paper.

    Args:
        pixels: The page, (H, W, 3) RGB or (H, W) grey uint8.
        corners: Of the line, (4, 2) page pixels, clockwise from where it begins.
    """
    high, wide = WINDOW
    ink = _ink(_deskewed_crop(pixels, corners))
    width = ink.shape[1]
    if width <= wide:
        return np.pad(ink, ((0, 0), (0, wide - width)))[None]
    # around the middle, or around both quarters of a long line
    middles = [width // 2] if width < _TWO_WINDOWS_ASPECT * high else [width // 4, 3 * width // 4]
    starts = [max(0, middle - wide // 2) for middle in middles]
    return np.stack([ink[:, start : start + wide] for start in starts])


def _deskewed_crop(pixels: ImageU8, corners: F32) -> F32:
    """Return a line laid flat, grey, 32 pixels high and as wide as that makes it, (32, w) float32 in [0, 255]."""
    length, line_height = box_sides(corners)
    high = WINDOW[0]
    width = min(max(4, round(high * length / max(line_height, 1.0))), _MAX_ASPECT * high)
    flat = np.array([[0, 0], [width, 0], [width, high]], np.float32)
    # large letters are sampled more finely and averaged: nearest pixels alone would speckle
    finer = min(_MAX_SUPERSAMPLING, max(1, int(line_height // high)))
    warp = cv2.getAffineTransform(corners[[0, 1, 2]].astype(np.float32), flat * finer)
    crop = cv2.warpAffine(pixels, warp, (width * finer, high * finer), borderMode=cv2.BORDER_REPLICATE)
    grey = crop if crop.ndim == 2 else _darkened_grey(np.asarray(crop, np.uint8))
    return np.asarray(cv2.resize(grey, (width, high), interpolation=cv2.INTER_AREA), np.float32)


def _darkened_grey(colours: ImageU8) -> ImageU8:
    """Return colours as grey, in which coloured inks are darker than they look."""
    red, green, blue = cv2.split(colours)
    darkest = cv2.min(cv2.min(red, green), blue)
    return np.asarray(cv2.addWeighted(darkest, 0.5, cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), 0.5, 0), np.uint8)


def _ink(grey: F32) -> F32:
    """Return how much ink is on each pixel, in [0, 1], whether letters are dark on light or light on dark."""
    sample = grey[::2, ::2].ravel()  # a quarter of the pixels shows paper and ink as well as all of them
    order = [int(q * (sample.size - 1)) for q in (_PAPER_QUANTILE, _MIDDLE_QUANTILE, _INK_QUANTILE)]
    paper, middle, dark = np.partition(sample, order)[order]
    if middle < dark + _MAX_DARK_GROUND_FRACTION * (paper - dark):
        grey, paper, dark = 255 - grey, 255 - dark, 255 - paper
    return coverage(paper - grey, max(paper - dark, _MIN_CONTRAST_LEVELS))
