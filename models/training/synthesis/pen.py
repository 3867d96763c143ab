"""Signatures: strokes of a simulated pen, or a handwritten name slanted, stretched and underlined with flourishes.

The strokes are B-splines through zigzags that begin large and fade out.
"""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32, F64

Points = F64

_POINTS_PER_SPAN = 12  # drawn between two control points
_SUPERSAMPLING = 4  # strokes are drawn this much larger, then downscaled
# The uniform cubic B-spline's basis, rows for t^0 … t^3.
_BASIS = np.array([[1, 4, 1, 0], [-3, 0, 3, 0], [3, -6, 3, 0], [-1, 3, -3, 1]], np.float64) / 6


def signature(rng: np.random.Generator, height: int) -> F32:
    """Return the ink of a signature, (about height, w) float32 in [0, 1]."""
    strokes = [_name(rng) for _ in range(rng.integers(1, 4))]
    offset = 0.0
    placed = []
    for stroke in strokes:
        placed.append(stroke - (stroke[:, 0].min() - offset, 0))
        offset = placed[-1][:, 0].max() + rng.uniform(-0.8, 0.8)
    if rng.random() < 0.5:
        placed.append(_flourish(rng, offset))
    slant = rng.uniform(-0.1, 0.9)
    angle = np.deg2rad(rng.normal(-4, 7))  # most people sign uphill
    shape = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ [[1, 0], [-slant, 1]]
    return _draw(rng, [spline(stroke) @ shape for stroke in placed], height)


def signed_name(rng: np.random.Generator, name: F32, height: int) -> F32:
    """Return a handwritten name, (h, w) ink, as people sign it, (height, w) float32 in [0, 1]."""
    width = max(2, round(height * name.shape[1] / name.shape[0] * rng.uniform(0.7, 1.5)))
    slant, uphill = rng.uniform(-0.1, 0.7), np.tan(np.deg2rad(rng.normal(-4, 6)))
    size = (width + round(abs(slant) * height), height + round(abs(uphill) * width))
    shift = (max(0.0, slant * height), max(0.0, -uphill * width))
    small = cv2.resize(name, (width, height), interpolation=cv2.INTER_AREA)
    slanted = cv2.warpAffine(small, np.array([[1, -slant, shift[0]], [uphill, 1, shift[1]]], np.float32), size)
    if rng.random() < 0.6:
        mark = _draw(
            rng, [spline(_flourish(rng, rng.uniform(2, 8)))], max(6, round(height * rng.uniform(0.2, 0.9)))
        )
        length = max(1, round(size[0] * rng.uniform(0.4, 1)))
        mark = np.asarray(cv2.resize(mark, (length, min(mark.shape[0], size[1]))), np.float32)
        x = int(rng.integers(0, size[0] - mark.shape[1] + 1))
        window = slanted[size[1] - mark.shape[0] :, x : x + mark.shape[1]]
        np.maximum(window, mark, out=window)
    return np.asarray(slanted, np.float32)


def with_tail(rng: np.random.Generator, ink: F32) -> F32:
    """Return a signature, (h, w) ink, with a thin stroke that runs far beyond it, or a ring around it."""
    height, width = ink.shape
    reach = np.array([width * rng.uniform(0.3, 1.2), height * rng.uniform(0.2, 1.2)])
    start = np.array([width * rng.uniform(0.3, 1), height * rng.uniform(0.2, 0.9)])
    if rng.random() < 0.3:  # a ring around the name
        angles = np.linspace(0, 2 * np.pi * rng.uniform(0.6, 1.2), 9) + rng.uniform(0, 2 * np.pi)
        middle, half = np.array([width, height]) / 2, np.array([width * 0.6, height * rng.uniform(0.5, 0.9)])
        path = middle + half * np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(0.85, 1.15, (9, 1))
    else:
        ends = start + reach * rng.uniform((-0.2, -1), (1, 1), (int(rng.integers(2, 5)), 2))
        path = np.concatenate([start[None], ends, ends[-1:]])
    path = spline(np.concatenate([path[:1], path, path[-1:]]))
    low, high = np.minimum(path.min(0), 0) - 2, np.maximum(path.max(0), (width, height)) + 2
    size, shift = np.ceil(high - low).astype(int), np.ceil(-low).astype(int)
    canvas = np.zeros((size[1] * 2, size[0] * 2), np.uint8)
    points = np.rint((path + shift) * 2).astype(np.int32)
    cv2.polylines(canvas, [points], False, 255, int(rng.integers(2, 4)), cv2.LINE_AA)
    grown = np.asarray(cv2.resize(canvas, size.tolist(), interpolation=cv2.INTER_AREA) / 255, np.float32)
    window = grown[shift[1] : shift[1] + height, shift[0] : shift[0] + width]
    np.maximum(window, ink[: window.shape[0], : window.shape[1]], out=window)
    return grown


def spline(controls: Points) -> Points:
    """Return points on the uniform cubic B-spline of (n, 2) control points, n ≥ 4."""
    t = np.linspace(0, 1, _POINTS_PER_SPAN, endpoint=False)
    powers = np.stack([t**0, t, t**2, t**3], 1) @ _BASIS
    return np.concatenate([powers @ controls[i : i + 4] for i in range(len(controls) - 3)])


def _name(rng: np.random.Generator) -> Points:
    """Return the control points of an initial and the wave that stands for the rest; small letters are 1 high."""
    initial = rng.uniform(-2.6, 1.0, (rng.integers(4, 9), 2)) * (rng.uniform(0.6, 1.4), rng.uniform(0.8, 1.6))
    swings = int(rng.integers(2, 26))
    fading = np.linspace(1, rng.uniform(0.15, 1), swings)
    tall = np.where(rng.random(swings) < 0.15, rng.uniform(1.5, 3.5, swings), 1.0)
    y = np.where(np.arange(swings) % 2 == 0, -1.0, rng.uniform(-0.1, 0.3, swings)) * fading
    y *= np.where(np.arange(swings) % 2 == 0, tall, 1.0)
    below = (rng.random(swings) < 0.06) * rng.uniform(1, 2.5, swings)
    x = np.cumsum(rng.normal(rng.uniform(0.25, 0.6), rng.uniform(0.05, 0.5), swings)) + initial[-1, 0]
    if rng.random() < 0.15:  # without letters
        return initial
    return np.concatenate([initial, np.stack([x, y + below], 1)])


def _flourish(rng: np.random.Generator, length: float) -> Points:
    """Return a stroke under, through or beyond a name that is `length` long."""
    ends = rng.uniform(-0.3, 1.4, int(rng.integers(2, 5))) * length
    x = np.concatenate([[length], [length], ends, ends[-1:]])
    return np.stack([x, rng.uniform(-0.5, 1.8, len(x))], 1)


def _draw(rng: np.random.Generator, strokes: list[Points], height: int) -> F32:
    """Return the ink of strokes scaled to a height, (about height, w) float32 in [0, 1]."""
    points = np.concatenate(strokes)
    low = points.min(0)
    scale = height * _SUPERSAMPLING / max(np.ptp(points[:, 1]), np.ptp(points[:, 0]) / 8, 0.1)
    pen = max(1.0, height * _SUPERSAMPLING * rng.uniform(0.012, 0.05))
    margin = int(pen * 2) + _SUPERSAMPLING
    size = np.ceil((points.max(0) - low) * scale).astype(int) + 2 * margin
    canvas = np.zeros((size[1], size[0]), np.uint8)
    for stroke in strokes:
        path = (stroke - low) * scale + margin
        # a fast pen leaves a thin line
        speed = np.linalg.norm(np.diff(path, axis=0), axis=1)
        widths = pen * np.clip(1.5 - 0.5 * speed / max(float(np.median(speed)), 1e-6), 0.45, 1.6)
        for start, end, width in zip(path[:-1].astype(int), path[1:].astype(int), widths, strict=True):
            cv2.line(canvas, start.tolist(), end.tolist(), 255, max(1, round(width)), cv2.LINE_AA)
    shape = (max(1, canvas.shape[1] // _SUPERSAMPLING), max(1, canvas.shape[0] // _SUPERSAMPLING))
    return np.asarray(cv2.resize(canvas, shape, interpolation=cv2.INTER_AREA) / 255, np.float32)
