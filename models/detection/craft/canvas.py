"""A page becomes what CRAFT's network takes, and its score maps' pixels the page's again."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import F32
from models.document import PageImage
from models.options import CraftOptions

# Four poolings and one more octave of room: the sides of the network's input are multiples of this. It is the width
# of the buckets too: pages scanned a few pixels apart are one size to the network.
_MULTIPLE = 32
# Of ImageNet's pictures, RGB, in [0, 255]: what the network was trained on.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32) * 255


@dataclass(frozen=True, slots=True)
class Canvas:
    """The network's input, (1, 3, H, W) float32, and how many page pixels one of its own is, as (x, y)."""

    pixels: F32
    scale: tuple[float, float]

    def to_page(self, points: F32) -> F32:
        """Return (N, 2) pixels of the score maps, which are half the canvas, in page pixels.

        A pixel stands for its middle: the first of a score map covers two of the canvas.
        """
        return (points + 0.5) * 2 * np.array(self.scale, np.float32)


def draw_canvas(image: PageImage, options: CraftOptions) -> Canvas:
    """Return a page at the size the network sees it: magnified by mag_ratio, no side longer than canvas_size."""
    ratio = min(options.mag_ratio, options.canvas_size / max(image.width, image.height))
    width, height = (max(int(side * ratio), 1) for side in (image.width, image.height))
    pixels = image.pixels if image.pixels.ndim == 3 else cv2.cvtColor(image.pixels, cv2.COLOR_GRAY2RGB)
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    # black around the page, as in training, and only then normalised
    canvas = np.zeros((_up(height), _up(width), 3), np.float32)
    canvas[:height, :width] = small
    canvas = (canvas - _MEAN) / _DEVIATION
    batch = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None])
    return Canvas(batch, (image.width / width, image.height / height))


def _up(side: int) -> int:
    return -(-side // _MULTIPLE) * _MULTIPLE
