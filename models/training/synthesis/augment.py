"""Augmentation of line pictures: other pens, other paper, other scanners."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import ImageU8


def augment(rng: np.random.Generator, line: ImageU8, synthetic: bool = False, printed: bool = False) -> ImageU8:
    """Return a variant of a line, (h, w) uint8 grey.

    Args:
        rng: Decides what changes, and how much.
        line: Dark ink on light paper, (h, w) uint8.
        synthetic: The line is clean ink on white, so that stroke width, paper and rules change more often.
        printed: Print is slanted and stretched less than handwriting.
    """
    if rng.random() < 0.85:
        line = augment_geometry(rng, line, 0.03 if printed else 0.16)
    return augment_appearance(rng, line, synthetic)


def augment_appearance(rng: np.random.Generator, line: ImageU8, synthetic: bool = False) -> ImageU8:
    """Return the line with another pen, paper and scanner. No pixel moves: the text keeps its position."""
    if rng.random() < (0.6 if synthetic else 0.25):
        line = _with_other_stroke_width(rng, line)
    look = rng.random()
    line = _binarised(rng, line) if look < 0.3 else _on_other_paper(rng, line, synthetic)
    if rng.random() < (0.25 if synthetic else 0.08):
        line = _ruled(rng, line)
    if look >= 0.3 and rng.random() < 0.25:
        _, encoded = cv2.imencode(".jpg", line, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])
        line = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return line


def augment_geometry(rng: np.random.Generator, line: ImageU8, amount: float = 0.16) -> ImageU8:
    """Return the line slanted, stretched, rotated by about a degree, and with other margins.

    Args:
        rng: Decides how much.
        line: (h, w) uint8.
        amount: Standard deviation of the slant, as a tangent.
    """
    height, width = line.shape
    slant, stretch = rng.normal(0, amount), float(np.exp(rng.normal(0, max(amount, 0.08))))
    rotation = rng.normal(0, 0.012)  # radians, small enough for their sine
    (above, below), beside = rng.uniform(-0.04, 0.18, 2).tolist(), rng.uniform(0.02, 0.3)
    full = round(height * (1 + above + below)), round(width * stretch + 2 * beside * height + abs(slant) * height)
    offset_x = beside * height + max(slant, 0) * height
    offset_y = above * height - rotation * width * stretch / 2
    matrix = np.array([[stretch, -slant, offset_x], [rotation * stretch, 1, offset_y]], np.float32)
    paper = float(np.percentile(line, 75))
    return np.asarray(cv2.warpAffine(line, matrix, full[::-1], flags=cv2.INTER_LINEAR, borderValue=paper), np.uint8)


def _with_other_stroke_width(rng: np.random.Generator, line: ImageU8) -> ImageU8:
    """Return the line as a thicker or thinner pen would draw it."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    other = cv2.erode(line, kernel) if rng.random() < 0.65 else cv2.dilate(line, kernel)
    alpha = rng.uniform(0.2, 0.9)
    return np.asarray(line * (1 - alpha) + np.asarray(other, np.float32) * alpha, np.uint8)


def _binarised(rng: np.random.Generator, line: ImageU8) -> ImageU8:
    """Return black ink on white, as faxes and some archives of handwriting are."""
    blurred = cv2.GaussianBlur(line, (0, 0), rng.uniform(0.3, 0.8))
    threshold, _ = cv2.threshold(blurred, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return np.asarray(np.where(blurred > threshold + rng.normal(0, 8), 255, 0), np.uint8)


def _on_other_paper(rng: np.random.Generator, line: ImageU8, synthetic: bool) -> ImageU8:
    """Return the line in another contrast, on uneven paper, with noise and blur."""
    ink = 1 - np.asarray(line, np.float32) / 255
    if synthetic:  # fonts draw solid black; ink is grey and grainy
        ink *= rng.uniform(0.35, 1.0)
        grain = cv2.resize(rng.normal(1, 0.15, (6, max(2, ink.shape[1] // 12))).astype(np.float32), ink.shape[::-1])
        ink = ink * np.clip(grain, 0.3, 1.2)
    brightness = 1 - ink ** float(np.exp(rng.normal(0, 0.2)))
    low = rng.uniform(0, 0.35)
    brightness = low + (rng.uniform(0.75, 1.0) - low) * brightness
    if rng.random() < 0.5:
        shade = cv2.resize(
            rng.normal(0, 0.04, (3, 6)).astype(np.float32), ink.shape[::-1], interpolation=cv2.INTER_CUBIC
        )
        brightness = brightness + shade
    brightness = brightness + rng.normal(0, rng.choice([0.0, 0.01, 0.03]), ink.shape)
    if rng.random() < 0.4:
        brightness = np.asarray(cv2.GaussianBlur(brightness, (0, 0), rng.uniform(0.3, 1.2)), np.float64)
    return np.asarray(np.clip(brightness, 0, 1) * 255, np.uint8)


def _ruled(rng: np.random.Generator, line: ImageU8) -> ImageU8:
    """Return the line on ruled or boxed paper."""
    line = line.copy()
    height, width = line.shape
    shade, thick = float(rng.uniform(40, 190)), int(rng.integers(1, 3))
    y = height * rng.uniform(0.6, 1.0)
    slope = rng.normal(0, 0.004) * width
    for start in (y, y - height * rng.uniform(0.7, 1.0)) if rng.random() < 0.3 else (y,):
        mask = np.zeros(line.shape, np.uint8)
        cv2.line(mask, (0, round(start)), (width, round(start + slope)), 255, thick, cv2.LINE_AA)
        ruled = np.minimum(line, shade)
        line = np.where(mask > 96, ruled, line).astype(np.uint8)
    return line
