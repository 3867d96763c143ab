"""A page rotated so that its text is upright and horizontal, and how its pixels lie on the page as delivered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Generic

import cv2
import numpy as np

from models.arrays import F64, ImageU8
from models.layout.frames import Derived, FrameTransform, Matrix, Original
from models.layout.geometry import wrap_angle

MIN_ROTATION_DEG = 0.1  # 4 pixels over a line of an A4 page at 300 dpi, an eighth of its height


@dataclass(frozen=True)
class Deskewed(Generic[Original, Derived]):
    """A page whose text is upright.

    Attributes:
        pixels: Of the page; the very array that was given where nothing was done.
        frame: How its pixels lie on the page that was given.
        degrees: How far its text was rotated clockwise, as far as that was undone.
    """

    pixels: ImageU8
    frame: FrameTransform[Original, Derived]
    degrees: float


def deskew(pixels: ImageU8, degrees: float, enlarge: float = 1.0) -> Deskewed[Original, Derived]:
    """Return a page whose text is rotated clockwise by `degrees` with its text upright; nothing of it is cut off.

    Quarter turns lose nothing; angles under 0.1° are left; the rest is one linear resampling. On skewed pages and
    small print Tesseract reads bicubic and Lanczos pictures no better, and they take 4 and 10 times as long.
    What the page does not cover has the tone of its paper.

    The caller names the frames: `upright: Deskewed[DeliveredFrame, UprightFrame] = deskew(…)`.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        enlarge: How much larger the page is made by the same resampling.
    """
    quarters = round(degrees / 90) % 4
    rest = wrap_angle(degrees - quarters * 90)
    matrix = _quarter_to_original(quarters, *pixels.shape[:2])
    rotated = np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels
    if abs(rest) < MIN_ROTATION_DEG:
        rest = 0.0
    undone = wrap_angle(90 * quarters + rest)
    if rest == 0 and enlarge == 1:
        return Deskewed(rotated, FrameTransform(matrix), undone)
    rotated, to_quarter = _resample(rotated, rest, enlarge)
    return Deskewed(rotated, FrameTransform(matrix @ to_quarter), undone)


def paper_tone(pixels: ImageU8) -> tuple[int, ...]:
    """Return the tone that most of a page has, per channel."""
    sample = pixels[::8, ::8].reshape(-1, 1 if pixels.ndim == 2 else pixels.shape[2])
    return tuple(int(np.argmax(np.bincount(channel, minlength=256))) for channel in sample.T)


def _quarter_to_original(quarters: int, height: int, width: int) -> Matrix:
    """Return what takes coordinates of np.rot90(page, quarters) to those of the page, (height, width)."""
    x, y = (height, width) if quarters % 2 else (width, height)
    rows = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, y], [1, 0, 0]],
        2: [[-1, 0, x], [0, -1, y]],
        3: [[0, 1, 0], [-1, 0, x]],
    }[quarters]
    return np.array([*rows, [0, 0, 1]], np.float64)


def _resample(pixels: ImageU8, degrees: float, enlarge: float) -> tuple[ImageU8, Matrix]:
    """Return the page rotated counter-clockwise by `degrees` on a canvas that holds all of it.

    Also returns what takes its coordinates to those of the page that was given, (3, 3).
    """
    height, width = pixels.shape[:2]
    cosine, sine = (enlarge * f(np.radians(degrees)) for f in (np.cos, np.sin))
    # y runs down, so text that is rotated clockwise has a positive slope and is rotated by the inverse
    forward: F64 = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float64)
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64) @ forward[:2, :2].T
    forward[:2, 2] = -corners.min(0)
    size = np.ceil(np.ptp(corners, axis=0) - 1e-6).astype(int)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the middle of a pixel
    warp = partial(
        cv2.warpAffine, M=(np.linalg.inv(half) @ forward @ half)[:2], dsize=tuple(size.tolist()),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper_tone(pixels),
    )  # fmt: skip
    return np.asarray(warp(pixels), np.uint8), np.asarray(np.linalg.inv(forward), np.float64)
