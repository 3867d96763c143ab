"""A page turned upright and straight, and the way back from its pixels to those of the page as delivered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from models.arrays import F64, ImageU8

Points = F64
Matrix = F64  # (3, 3), homogeneous, of pixel corners: (0, 0) is the outer corner of the page

_LEAST = 0.1  # degrees: 4 pixels over a line of an A4 page at 300 dpi, an eighth of its height


@dataclass(frozen=True, slots=True)
class Deskewed:
    """A page turned back.

    Attributes:
        pixels: Of the page; the very array that was delivered where nothing was done.
        matrix: Takes its coordinates to those of the page as delivered, (3, 3).
        degrees: How far its text was turned clockwise, as far as that was undone.
    """

    pixels: ImageU8
    matrix: Matrix
    degrees: float

    def to_page(self, points: npt.ArrayLike) -> Points:
        """Return points of the straightened page, (n, 2) x and y, as points of the page as delivered."""
        xy = np.asarray(points, np.float64).reshape(-1, 2)
        return np.asarray(xy @ self.matrix[:2, :2].T + self.matrix[:2, 2], np.float64)


def deskew(pixels: ImageU8, degrees: float, enlarge: float = 1.0) -> Deskewed:
    """Return a page whose text is turned clockwise by `degrees` with its text upright; nothing of it is cut off.

    Quarter turns lose nothing; angles under 0.1° are left; the rest is one linear resampling. On skewed pages and
    small print Tesseract reads bicubic and Lanczos pictures no better, and they take 4 and 10 times as long.
    What the page does not cover has the tone of its paper.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        enlarge: How much larger the page is made by the same resampling.
    """
    quarters = round(degrees / 90) % 4
    rest = (degrees - quarters * 90 + 180) % 360 - 180
    matrix = _quarter_back(quarters, *pixels.shape[:2])
    turned = np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels
    if abs(rest) < _LEAST:
        rest = 0.0
    undone = 180 - (180 - 90 * quarters - rest) % 360
    if rest == 0 and enlarge == 1:
        return Deskewed(turned, matrix, undone)
    turned, back = _resample(turned, rest, enlarge)
    return Deskewed(turned, matrix @ back, undone)


def paper_tone(pixels: ImageU8) -> tuple[int, ...]:
    """Return the tone that most of a page has, per channel."""
    sample = pixels[::8, ::8].reshape(-1, 1 if pixels.ndim == 2 else pixels.shape[2])
    return tuple(int(np.argmax(np.bincount(channel, minlength=256))) for channel in sample.T)


def _quarter_back(quarters: int, height: int, width: int) -> Matrix:
    """Return what takes corners of a page turned by np.rot90(page, quarters) back to the page."""
    x, y = (height, width) if quarters % 2 else (width, height)
    rows = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, y], [1, 0, 0]],
        2: [[-1, 0, x], [0, -1, y]],
        3: [[0, 1, 0], [-1, 0, x]],
    }[quarters]
    return np.array([*rows, [0, 0, 1]], np.float64)


def _resample(pixels: ImageU8, degrees: float, enlarge: float) -> tuple[ImageU8, Matrix]:
    """Return the page turned counter-clockwise by `degrees` on a canvas that holds all of it, and the way back."""
    height, width = pixels.shape[:2]
    cosine, sine = (enlarge * f(np.radians(degrees)) for f in (np.cos, np.sin))
    # y runs down, so a text that leans clockwise has a positive slope and is turned by the inverse
    forward = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float64)
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64) @ forward[:2, :2].T
    forward[:2, 2] = -corners.min(0)
    size = np.ceil(np.ptp(corners, axis=0) - 1e-6).astype(int)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the middle of a pixel
    warp = partial(
        cv2.warpAffine, M=(np.linalg.inv(half) @ forward @ half)[:2], dsize=tuple(size.tolist()),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper_tone(pixels),
    )  # fmt: skip
    return np.asarray(warp(pixels), np.uint8), np.asarray(np.linalg.inv(forward), np.float64)
