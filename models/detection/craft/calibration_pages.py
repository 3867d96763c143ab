"""Drawn pages that show a network what its numbers range over, for its quantisation: print, pen strokes, noise, and
tables as sharp as only a screen draws them."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.arrays import ImageU8

_WORDS = (
    "the", "of", "and", "a", "to", "in", "is", "that", "for", "it", "with", "be", "by", "not", "his", "at", "this",
    "have", "which", "Harbour", "Office", "Annual", "1905", "2,340.50", "No.", "17", "AGREEMENT", "Date:",
    "(Signature)", "§", "4.2", "Dr.", "Müller", "&", "Sons", "THEREFORE", "quay", "ledger", "12/03/2024", "page",
    "invoice", "total", "amount", "due", "€", "99.95", "yours", "sincerely",
)  # fmt: skip
_SIZES = (9, 9, 11, 11, 12, 12, 12, 14, 14, 14, 16, 16, 18, 18, 22, 30, 44)  # px, as frequent as on pages
_PAPERS = ((255, 255, 255), (246, 240, 225), (214, 214, 210), (236, 244, 236), (250, 250, 250), (225, 232, 245))
_INKS = ((15, 15, 15), (60, 50, 45), (20, 30, 110), (90, 90, 90), (120, 20, 20))


def calibration_pages(count: int, height: int = 640, width: int = 512, seed: int = 0) -> Iterator[ImageU8]:
    """Yield pages, (height, width, 3) uint8 RGB, the same ones for the same seed."""
    random = np.random.default_rng(seed)
    for number in range(count):
        if number % 4 == 3:
            yield _sharp_table(height, width, random)
            continue
        page = Image.new("RGB", (width, height), _PAPERS[number % len(_PAPERS)])
        _draw_lines(page, random)
        pixels = np.asarray(page).copy()
        _draw_strokes(pixels, random)
        yield _scan(pixels, random, turned=number % 3 == 2)


def _draw_lines(page: Image.Image, random: np.random.Generator) -> None:
    """Write lines of words in sizes from small print to headings."""
    draw = ImageDraw.Draw(page)
    top = 10.0
    while top < page.height - 20:
        size = float(random.choice(_SIZES))
        font = ImageFont.load_default(size)
        text = " ".join(random.choice(_WORDS, size=int(page.width / size / 2.5) + 1))
        draw.text((float(random.integers(5, 60)), top), text, font=font, fill=_INKS[random.integers(len(_INKS))])
        top += size * float(random.uniform(1.05, 2.2))


def _sharp_table(height: int, width: int, random: np.random.Generator) -> ImageU8:
    """Draw rows of small figures between rules, black on white without a scanner's blur: the strongest edges."""
    page = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, width, height // 12), fill="black")
    for left in range(1, width, 64):
        draw.line((left, 0, left, height), fill="black")
    for top in range(4, height - 12, 16):
        font = ImageFont.load_default(float(random.choice(_SIZES[:8])))
        draw.line((0, top - 2, width, top - 2), fill="black")
        for left in range(4, width - 30, 64):
            word = str(random.choice(_WORDS)) if random.random() < 0.3 else f"{random.integers(10**6):,}"
            draw.text((left, top), word, font=font, fill="white" if top < height // 12 - 12 else "black")
    return np.asarray(page).copy()


def _draw_strokes(pixels: ImageU8, random: np.random.Generator) -> None:
    """Draw rules and what looks like handwriting: loops of a pen across the page."""
    height, width = pixels.shape[:2]
    for _ in range(3):
        y = int(random.integers(height))
        cv2.line(pixels, (0, y), (width, y), _INKS[0], int(random.integers(1, 3)))
    for _ in range(2):
        steps = np.linspace(0, float(random.uniform(6, 14)) * np.pi, 300)
        size = float(random.uniform(6, 20))
        x = random.uniform(10, width / 3) + steps * size / 2 + size * np.sin(steps)
        y = random.uniform(30, height - 30) + size * np.cos(steps) * (0.6 + 0.4 * np.sin(steps / 3))
        curve = np.column_stack([x, y]).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(pixels, [curve], False, _INKS[2], 2, cv2.LINE_AA)


def _scan(pixels: ImageU8, random: np.random.Generator, *, turned: bool) -> ImageU8:
    """Return a page as a scanner gives it: turned by a few degrees, a little blurred and noisy."""
    height, width = pixels.shape[:2]
    if turned:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(random.uniform(-8, 8)), 1.0)
        pixels = cv2.warpAffine(pixels, turn, (width, height), borderValue=(0, 0, 0)).astype(np.uint8)
    blurred = cv2.GaussianBlur(pixels, (3, 3), float(random.uniform(0.1, 1.0))).astype(np.float32)
    noisy = blurred + random.normal(0, float(random.uniform(0, 12)), blurred.shape)
    scanned: ImageU8 = np.clip(noisy, 0, 255).astype(np.uint8)
    return scanned
