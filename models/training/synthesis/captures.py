"""A line of print as scanners, faxes and phones see it: each function takes ink and returns a picture.

Ink is (h, w) float32 in [0, 1], letters of `size` pixels per em; a picture is (h', w') uint8.
"""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32, F64, ImageU8
from models.training.synthesis.choices import weighted
from models.training.synthesis.elastic import elastic_distort


def captured(rng: np.random.Generator, ink: F32, size: int) -> ImageU8:
    """Return the ink as one of the cameras gives it."""
    return weighted(rng, _CAMERAS)(rng, ink, size)


def scaled(ink: F32, factor: float) -> F32:
    """Return ink at another size, at least 4 by 4 pixels."""
    size = max(4, round(ink.shape[1] * factor)), max(4, round(ink.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, size, interpolation=method), np.float32)


def _scan(rng: np.random.Generator, ink: F32, size: int) -> ImageU8:
    depth, paper = rng.uniform(0.35, 0.98), rng.uniform(0.75, 1.0)
    brightness = paper - ink * min(depth, paper)
    if rng.random() < 0.5:
        brightness = np.asarray(cv2.GaussianBlur(brightness, (0, 0), size * rng.uniform(0.01, 0.05)), np.float32)
    return _grey(brightness + rng.normal(0, rng.choice([0.0, 0.01, 0.03]), ink.shape))


def _fax(rng: np.random.Generator, ink: F32, size: int) -> ImageU8:
    """Black and white, in coarse rows, with specks."""
    blurred = cv2.GaussianBlur(ink, (0, 0), size * rng.uniform(0.015, 0.05)) + rng.normal(0, 0.06, ink.shape)
    if rng.random() < 0.4:
        rows = cv2.resize(blurred, None, fx=1, fy=rng.uniform(0.4, 0.7), interpolation=cv2.INTER_AREA)
        blurred = np.asarray(cv2.resize(rows, ink.shape[::-1], interpolation=cv2.INTER_NEAREST), np.float64)
    black = blurred > rng.uniform(0.25, 0.55) * float(blurred.max())
    if rng.random() < 0.3:
        black ^= rng.random(ink.shape) < rng.uniform(0, 0.01)
    return np.asarray(np.where(black, 0, 255), np.uint8)


def _low_resolution(rng: np.random.Generator, ink: F32, size: int) -> ImageU8:
    """Letters of 8 to 16 pixels per em."""
    small = scaled(ink, rng.uniform(8, 16) / size)
    return _jpeg(rng, _scan(rng, small, 12), 0.6)


def _photo(rng: np.random.Generator, ink: F32, size: int) -> ImageU8:
    """At an angle, curled, unevenly lit, out of focus or moved."""
    height, width = ink.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.normal(0, 0.07 * height, (4, 2)).astype(np.float32)
    ink = np.asarray(
        cv2.warpPerspective(ink, cv2.getPerspectiveTransform(corners, moved), (width, height)), np.float32
    )
    if rng.random() < 0.5:
        ink = elastic_distort(rng, ink, (2, max(2, width // (4 * size) + 1)), 0.06 * size)
    depth = rng.uniform(0.25, 0.8)
    light = cv2.resize(
        rng.uniform(0.55, 1.0, (2, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    brightness = light * (1 - depth * ink)
    blur = size * rng.uniform(0.01, 0.05)
    brightness = cv2.GaussianBlur(brightness, (0, 0), blur, None, blur * rng.uniform(0.4, 2.5))
    return _jpeg(rng, _grey(brightness + rng.normal(0, rng.uniform(0, 0.03), ink.shape)), 0.8)


def _copy(rng: np.random.Generator, ink: F32, size: int) -> ImageU8:
    """A carbon copy, or a copy of a copy: strokes have grown or broken, the ground is dirty."""
    for _ in range(int(rng.integers(1, 3))):
        blurred = cv2.GaussianBlur(ink, (0, 0), size * rng.uniform(0.02, 0.05))
        ink = np.clip((blurred - rng.uniform(0.1, 0.35)) * rng.uniform(1.5, 4), 0, 1).astype(np.float32)
    dirt = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), rng.uniform(0.7, 2))
    ink = np.maximum(ink, np.clip(dirt - rng.uniform(0.6, 1.6), 0, 1))
    depth, paper = rng.uniform(0.25, 0.8), rng.uniform(0.6, 1.0)
    return _grey(paper - np.minimum(depth, paper) * ink + rng.normal(0, 0.02, ink.shape))


def _screenshot(rng: np.random.Generator, ink: F32, size: int) -> ImageU8:
    """Clean; light on dark or in weak contrast at times."""
    paper, letters = (rng.uniform(0.7, 1.0), rng.uniform(0, 0.5)) if rng.random() < 0.6 else (
        rng.uniform(0, 0.35), rng.uniform(0.6, 1.0)
    )  # fmt: skip
    small = scaled(ink, rng.uniform(10, 24) / size) if rng.random() < 0.5 else ink
    return _grey(paper + (letters - paper) * small)


_CAMERAS = (
    (_scan, 0.27), (_fax, 0.14), (_low_resolution, 0.19), (_photo, 0.22), (_copy, 0.1), (_screenshot, 0.08),
)  # fmt: skip


def _jpeg(rng: np.random.Generator, picture: ImageU8, odds: float) -> ImageU8:
    if rng.random() > odds:
        return picture
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 85))])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def _grey(brightness: F32 | F64) -> ImageU8:
    return np.asarray(np.clip(brightness, 0, 1) * 255, np.uint8)
