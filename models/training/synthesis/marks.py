"""Marks on letters besides lines: logos, stamps, dirt and dark margins. None of them is a signature."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.training.synthesis.draft import Draft
from models.training.synthesis.sheet import Sheet
from models.training.synthesis.typefaces import typeset


def add_logo(draft: Draft, x: int, y: int) -> None:
    """Draw shapes, a crest or a picture, or a name in a script of its own."""
    rng, tall = draft.rng, round(draft.em * draft.rng.uniform(2, 7))
    wide = round(tall * rng.uniform(0.7, 3))
    kind, fonts = rng.random(), draft.stationery.script_fonts
    if kind < 0.35 and fonts:
        font = fonts[int(rng.integers(0, len(fonts)))]
        logo = typeset(draft.words(1, 2).title()[:18], font, max(12, round(tall * rng.uniform(0.4, 0.9))))
        if rng.random() < 0.5:
            logo = np.asarray(cv2.dilate(logo, np.ones((3, 3), np.uint8)), np.float32)
    elif kind < 0.7:
        logo = _crest(rng, tall, wide)
    else:
        logo = _shapes(rng, tall, wide)
    draft.sheet.stamp(logo, x, y, (0.1, 0.1, 0.1), None)


def _crest(rng: np.random.Generator, tall: int, wide: int) -> F32:
    """Return a picture full of strokes, symmetric or not, as engraved letterheads have."""
    half = np.zeros((4 * tall, 4 * wide), np.uint8)
    for _ in range(int(rng.integers(8, 60))):
        start = rng.uniform(0, 1, 2) * (4 * wide, 4 * tall)
        steps = rng.normal(0, rng.uniform(0.03, 0.3), (int(rng.integers(2, 8)), 2)) * (4 * wide, 4 * tall)
        path = np.vstack([start, start + np.cumsum(steps, 0)]).astype(np.int32)
        ink = int(rng.choice([0, 255], p=[0.25, 0.75]))
        if rng.random() < 0.3:
            cv2.fillPoly(half, [path], ink)
        else:
            cv2.polylines(half, [path], False, ink, int(rng.integers(1, 9)), cv2.LINE_AA)
    if rng.random() < 0.5:
        half = np.maximum(half, half[:, ::-1])
    if rng.random() < 0.7:
        mask = np.zeros_like(half)
        cv2.ellipse(mask, (2 * wide, 2 * tall), (2 * wide, 2 * tall), 0, 0, 360, 255, -1)
        half = np.minimum(half, mask)
    return np.asarray(cv2.resize(half, (wide, tall), interpolation=cv2.INTER_AREA) / 255, np.float32)


def _shapes(rng: np.random.Generator, tall: int, wide: int) -> F32:
    """Return a few overlapping shapes, filled or in outline."""
    logo = np.zeros((tall, wide), np.uint8)
    for _ in range(rng.integers(1, 6)):
        centre = (int(rng.integers(0, wide)), int(rng.integers(0, tall)))
        thickness = int(rng.choice([-1, 1, 2, max(2, tall // 16)]))
        ink = int(rng.choice([0, 255], p=[0.2, 0.8]))
        shape = rng.random()
        axes = (int(rng.integers(2, wide // 2 + 3)), int(rng.integers(2, tall // 2 + 3)))
        if shape < 0.5:
            cv2.ellipse(logo, centre, axes, float(rng.uniform(0, 180)), 0, 360, ink, thickness, cv2.LINE_AA)
        elif shape < 0.8:
            corner = (centre[0] + axes[0], centre[1] + axes[1])
            cv2.rectangle(logo, centre, corner, ink, thickness)
        else:
            points = rng.integers(0, (wide, tall), (int(rng.integers(3, 7)), 2)).astype(np.int32)
            cv2.polylines(logo, [points], bool(rng.random() < 0.7), ink, max(1, thickness), cv2.LINE_AA)
    return np.asarray(logo / 255, np.float32)


def add_stamp(draft: Draft) -> None:
    """Stamp a word or three at a slant, in a frame or a ring, anywhere on the page."""
    rng, (height, width) = draft.rng, draft.sheet.size
    lines = [draft.words(1, 2).upper() for _ in range(rng.integers(1, 4))]
    size = round(draft.em * rng.uniform(0.8, 1.8))
    inks = [typeset(text[:18], draft.fonts[1], size) for text in lines]
    pitch = round(size * 1.3)
    frame = np.zeros((pitch * len(inks) + size, max(ink.shape[1] for ink in inks) + 2 * size), np.float32)
    for number, ink in enumerate(inks):
        top, left = size // 2 + number * pitch, (frame.shape[1] - ink.shape[1]) // 2
        part = ink[: frame.shape[0] - top]
        frame[top : top + part.shape[0], left : left + ink.shape[1]] = part
    border = rng.random()
    if border < 0.4:
        cv2.rectangle(frame, (1, 1), (frame.shape[1] - 2, frame.shape[0] - 2), 1.0, int(rng.integers(1, 3)))
    elif border < 0.6:
        centre, axes = (
            (frame.shape[1] // 2, frame.shape[0] // 2),
            (frame.shape[1] // 2 - 2, frame.shape[0] // 2 - 2),
        )
        cv2.ellipse(frame, centre, axes, 0, 0, 360, 1.0, 2, cv2.LINE_AA)
    colour = draft.black if rng.random() < 0.5 else (0.5, 0.1, 0.3)
    stamp = rotated(frame, float(rng.normal(0, 6))) * np.float32(rng.uniform(0.5, 1))
    draft.sheet.stamp(
        stamp, int(rng.integers(0, width * 4 // 5)), int(rng.integers(0, height * 9 // 10)), colour, "printed"
    )


def add_dirt(rng: np.random.Generator, sheet: Sheet) -> None:
    """Add specks, a scratch or two, and the black rounds of punch holes."""
    height, width = sheet.size
    dirt = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.choice([0, 10, 60, 250], p=[0.4, 0.3, 0.2, 0.1]))):
        cv2.circle(dirt, _anywhere(rng, width, height), int(rng.integers(0, 3)), 255, -1)
    for _ in range(int(rng.choice([0, 1, 3], p=[0.7, 0.2, 0.1]))):
        start = _anywhere(rng, width, height)
        end = (start[0] + int(rng.normal(0, width / 8)), start[1] + int(rng.normal(0, height / 4)))
        cv2.line(dirt, start, end, 255, int(rng.integers(1, 3)), cv2.LINE_AA)
    if rng.random() < 0.12:
        dirt = np.maximum(dirt, _cloud(rng, height, width))
    if rng.random() < 0.15:
        for fraction in (0.25, 0.75):  # two punch holes
            cv2.circle(dirt, (round(width * 0.03), round(height * fraction)), round(width * 0.012), 255, -1)
    sheet.stamp(np.asarray(dirt / 255, np.float32), 0, 0, (0.1, 0.1, 0.1), None)


def bleed_through(rng: np.random.Generator, sheet: Sheet) -> None:
    """Let the back of the sheet show through, mirrored and blurred: another part of the same page."""
    back = np.roll(sheet.paper[:, ::-1], int(sheet.size[0] * rng.uniform(0.1, 0.9)), 0)
    faint = cv2.GaussianBlur(back, (0, 0), rng.uniform(0.6, 2)) / np.maximum(np.median(back, (0, 1)), 0.05)
    sheet.paper *= 1 - np.float32(rng.uniform(0.08, 0.35)) * np.clip(1 - faint, 0, 1)


def _cloud(rng: np.random.Generator, height: int, width: int) -> ImageU8:
    """Return the specks that grey paper or a fold becomes when binarised: dense in some parts, none in others."""
    coarse = rng.normal(0, 1, (int(rng.integers(3, 8)), int(rng.integers(3, 8)))).astype(np.float32)
    gradient = rng.uniform(-1, 1) * np.linspace(-1, 2, width)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) + gradient
    density = np.clip((field - rng.uniform(-0.5, 1)) * 0.1, 0, rng.uniform(0.03, 0.25))
    specks = (rng.random((height, width)) < density).astype(np.uint8) * 255
    grown = np.ones((int(rng.integers(1, 3)), int(rng.integers(1, 3))), np.uint8)
    return np.asarray(cv2.dilate(specks, grown), np.uint8)


def darken_margins(rng: np.random.Generator, pixels: ImageU8) -> ImageU8:
    """Return a page with the black that a scanner records beyond its edges; most pages get none."""
    if rng.random() < 0.75:
        return pixels
    dark = pixels
    for _ in range(2):
        quarters = int(rng.integers(0, 4))
        dark = np.rot90(dark, quarters).copy()
        deep = int(rng.integers(2, max(3, pixels.shape[1] // 30)))
        edge = deep + np.cumsum(rng.normal(0, 0.3, dark.shape[0])).astype(int)
        for row, end in enumerate(edge):
            dark[row, : max(0, end)] = 20
        dark = np.rot90(dark, -quarters)
    return np.ascontiguousarray(dark)


def _anywhere(rng: np.random.Generator, width: int, height: int) -> tuple[int, int]:
    return int(rng.integers(0, width)), int(rng.integers(0, height))


def rotated(ink: F32, degrees: float) -> F32:
    """Return ink rotated about its centre, padded so that nothing is cut off."""
    height, width = ink.shape
    sine = abs(np.sin(np.deg2rad(degrees)))
    above, beside = round(width * sine / 2) + 4, round(height * sine / 2) + 4
    grown = cv2.copyMakeBorder(ink, above, above, beside, beside, cv2.BORDER_CONSTANT)
    centre = (grown.shape[1] / 2, grown.shape[0] / 2)
    rotation = cv2.getRotationMatrix2D(centre, degrees, 1)
    return np.asarray(cv2.warpAffine(grown, rotation, grown.shape[1::-1]), np.float32)
