"""Pages of print drawn for tests, and the ways in which scanners spoil them."""

from __future__ import annotations

import cv2
import numpy as np
import pymupdf

from models.arrays import ImageU8

LINES = (
    "The harbour office moved forty thousand documents last year.",
    "Most of them were bills of lading, customs forms and letters;",
    "one in nine was written by hand. Until spring every page was",
    "typed in twice, by two clerks who did not see the work of the",
    "other, and compared by a third. Since May the pages are read",
    "by machine as they arrive, and the clerks look only at what",
    "the machine is not sure of, which is one page in forty.",
    "Complaints about wrong amounts fell from 212 to 19 in a year.",
)


def drawn(lines: tuple[str, ...] = LINES, dpi: int = 200, size: float = 12) -> ImageU8:
    """Return a small sheet of print, (H, W): black on white."""
    document = pymupdf.open()
    sheet = document.new_page(width=430, height=60 + 1.5 * size * max(12, len(lines)))
    for number, line in enumerate(lines):
        sheet.insert_text((40, 50 + 1.5 * size * number), line, fontsize=size, fontname="tiro")
    picture = sheet.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w)


def turned(pixels: ImageU8, degrees: float) -> ImageU8:
    """Return a page turned clockwise about its middle on white that holds all of it; not by the code under test."""
    height, width = pixels.shape
    radians = np.radians(degrees)
    cosine, sine = abs(np.cos(radians)), abs(np.sin(radians))
    size = (int(width * cosine + height * sine) + 2, int(width * sine + height * cosine) + 2)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return np.asarray(cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(255,)), np.uint8)


def grainy(pixels: ImageU8, sigma: float) -> ImageU8:
    """Return a page with normal noise."""
    noise = np.random.default_rng(1).normal(0, sigma, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def peppered(pixels: ImageU8, share: float) -> ImageU8:
    """Return a page on which a share of the pixels is black or white."""
    dice = np.random.default_rng(2).random(pixels.shape)
    spoilt = pixels.copy()
    spoilt[dice < share / 2] = 0
    spoilt[dice > 1 - share / 2] = 255
    return spoilt


def shaded(pixels: ImageU8) -> ImageU8:
    """Return a page with a shadow over its left half, as a book throws."""
    light = 0.2 + 0.8 / (1 + np.exp(-np.linspace(-6, 6, pixels.shape[1])))
    return (pixels * light).astype(np.uint8)


def specked(pixels: ImageU8, count: int) -> ImageU8:
    """Return a page strewn with black dots of 1 to 3 pixels."""
    dice = np.random.default_rng(3)
    spoilt = pixels.copy()
    for _ in range(count):
        x, y = int(dice.integers(0, pixels.shape[1])), int(dice.integers(0, pixels.shape[0]))
        cv2.circle(spoilt, (x, y), int(dice.integers(1, 3)), (0,), -1)
    return spoilt
