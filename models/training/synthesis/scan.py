"""Degradation of a page by scanning, faxing and photographing."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.training.synthesis.sheet import Sheet


def paper(rng: np.random.Generator, height: int, width: int) -> F32:
    """Return an empty sheet, (height, width, 3) float32 in [0, 1]: white, yellowed or stained, unevenly lit."""
    tone = np.ones(3) if rng.random() < 0.5 else 1 - rng.uniform(0, 0.3) * np.sort(rng.random(3))
    stains = cv2.resize(rng.normal(0, 1, (6, 5)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    amount = rng.choice([0.0, 0.02, 0.05])
    return np.asarray(np.clip(tone + amount * stains[..., None], 0, 1), np.float32)


def scanned(rng: np.random.Generator, sheet: Sheet) -> tuple[ImageU8, ImageU8]:
    """Return the page as a scanner gives it, (H, W, 3) uint8 RGB, and its ink map at the same size."""
    pixels, ink = _rotated(rng, sheet.paper, sheet.ink)
    scale = rng.choice([1.0, 1.0, 1.0, 0.8, 0.65])
    if scale < 1 and min(ink.shape) * scale > 300:
        size = (round(ink.shape[1] * scale), round(ink.shape[0] * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)
        ink = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    if rng.random() < 0.5:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.1)), np.float32)
    noise = rng.normal(0, rng.choice([0.0, 0.02, 0.04]), pixels.shape[:2])
    page = np.clip(pixels + noise[..., None], 0, 1)
    look = rng.random()
    if look < 0.3:  # black and white, as faxes and old archives are
        grey = cv2.GaussianBlur(page.mean(2), (0, 0), rng.uniform(0.3, 0.7))
        page = np.repeat((grey > rng.uniform(0.5, 0.8))[..., None], 3, 2).astype(np.float64)
    elif look < 0.6:
        page = np.repeat(page.mean(2, keepdims=True), 3, 2)
    return _compressed(rng, (page * 255).astype(np.uint8)), ink


def photographed(rng: np.random.Generator, sheet: Sheet) -> tuple[ImageU8, ImageU8]:
    """Return the page as a phone gives it on a table: at an angle, unevenly lit, out of focus; and its ink map."""
    height, width = sheet.size
    margins = rng.uniform(0.0, 0.08, 4) * min(height, width)
    size = round(width + margins[0] + margins[1]), round(height + margins[2] + margins[3])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    placed = corners + margins[[0, 2]] + rng.normal(0, 0.012 * min(height, width), (4, 2))
    place = cv2.getPerspectiveTransform(corners, placed.astype(np.float32))
    table = tuple(float(value) for value in rng.uniform(0.05, 0.75) * (1 - 0.3 * rng.random(3)))
    pixels = cv2.warpPerspective(sheet.paper, place, size, flags=cv2.INTER_AREA, borderValue=table)
    ink = np.asarray(cv2.warpPerspective(sheet.ink, place, size, flags=cv2.INTER_NEAREST), np.uint8)
    light = cv2.resize(rng.uniform(0.5, 1.0, (3, 3)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    blur = rng.uniform(0.3, 1.4)
    lit = cv2.GaussianBlur(pixels * light[..., None], (0, 0), blur, None, blur * rng.uniform(0.5, 1.8))
    noise = rng.normal(0, rng.uniform(0, 0.03), lit.shape[:2])
    page = np.clip(lit + noise[..., None], 0, 1)
    if rng.random() < 0.4:
        page = np.repeat(page.mean(2, keepdims=True), 3, 2)
    return _compressed(rng, (page * 255).astype(np.uint8)), ink


def _rotated(rng: np.random.Generator, pixels: F32, ink: ImageU8) -> tuple[F32, ImageU8]:
    """Return page and ink map rotated alike by about a degree; 40 % stay as they are."""
    if rng.random() < 0.4:
        return pixels, ink
    height, width = ink.shape
    rotation = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 1.2), 1)
    border = tuple(float(value) for value in pixels[0, 0])
    rotated = cv2.warpAffine(pixels, rotation, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=border)
    return np.asarray(rotated, np.float32), np.asarray(
        cv2.warpAffine(ink, rotation, (width, height), flags=cv2.INTER_NEAREST), np.uint8
    )


def _compressed(rng: np.random.Generator, pixels: ImageU8) -> ImageU8:
    if rng.random() < 0.4:
        return pixels
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
