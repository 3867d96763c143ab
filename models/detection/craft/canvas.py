"""A page becomes what CRAFT's network takes, and its score maps' pixels the page's again."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import F32, ImageU8
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


def draw_canvas(pixels: ImageU8, options: CraftOptions) -> Canvas:
    """Return a page at the size of the network's input: magnified by mag_ratio, no side longer than canvas_size.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
    """
    page_height, page_width = pixels.shape[:2]
    ratio = min(options.mag_ratio, options.canvas_size / max(page_width, page_height))
    width, height = (max(int(side * ratio), 1) for side in (page_width, page_height))
    colours = pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    resized = cv2.resize(colours, (width, height), interpolation=cv2.INTER_LINEAR)
    # black around the page, as in training, and only then normalised
    canvas = np.zeros((_rounded_up(height), _rounded_up(width), 3), np.float32)
    canvas[:height, :width] = resized
    canvas = (canvas - _MEAN) / _DEVIATION
    batch = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None])
    return Canvas(batch, (page_width / width, page_height / height))


def _rounded_up(side: int) -> int:
    return -(-side // _MULTIPLE) * _MULTIPLE
