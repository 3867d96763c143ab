"""Whether lines of text are upside down: PP-OCR's classifier of single lines, from the rapidocr package."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import onnxruntime

from models.arrays import F32, ImageU8
from models.weights.onnx_session import create_session
from models.weights.packaged import packaged_weights

_HEIGHT_PX, _WIDTH_PX = 48, 192  # the network's input
# Width over height. Of longer lines the middle is classified: squeezed letters are of little use to the network.
_MAX_ASPECT = 6.0


def upside_down(pixels: ImageU8, lines: Sequence[F32]) -> F32:
    """Return how probable it is that each line is upside down, (n,) float32 in [0, 1].

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        lines: Corners, (4, 2) page pixels, clockwise from where the line begins if it is upright.

    Raises:
        ModelError: The network is missing or damaged.
    """
    if not lines:
        return np.empty(0, np.float32)
    planes = np.stack([_input(flat_line(pixels, corners, _MAX_ASPECT, _WIDTH_PX)) for corners in lines])
    session = _session()
    return np.asarray(session.run(None, {session.get_inputs()[0].name: planes})[0][:, 1], np.float32)


@cache
def _session() -> onnxruntime.InferenceSession:
    return create_session(packaged_weights("ch_ppocr_mobile_v2.0_cls_mobile.onnx"))


def flat_line(pixels: ImageU8, corners: F32, max_aspect: float, max_width_px: int) -> ImageU8:
    """Return a line cropped and laid flat, 48 pixels high.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        corners: (4, 2) page pixels, clockwise from where the line begins.
        max_aspect: Width over height; of longer lines, the middle.
        max_width_px: Wider crops are squeezed to it.
    """
    start, right, _, down = corners
    length, height = (float(np.linalg.norm(side - start)) for side in (right, down))
    excess = max(0.0, 1 - max_aspect * height / max(length, 1.0)) / 2
    left, end = start + (right - start) * excess, right - (right - start) * excess
    width = int(np.clip(round(_HEIGHT_PX * length * (1 - 2 * excess) / max(height, 1.0)), 1, max_width_px))
    target = np.array([[0, 0], [width, 0], [0, _HEIGHT_PX]], np.float32)
    matrix = cv2.getAffineTransform(np.array([left, end, left + down - start], np.float32), target)
    flat = cv2.warpAffine(
        pixels, matrix, (width, _HEIGHT_PX), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def _input(line: ImageU8) -> F32:
    """Return a line as the network takes it, (3, 48, 192) BGR in [-1, 1], 0 where there is no line."""
    colours = cv2.cvtColor(line, cv2.COLOR_GRAY2BGR if line.ndim == 2 else cv2.COLOR_RGB2BGR)
    planes = np.zeros((3, _HEIGHT_PX, _WIDTH_PX), np.float32)
    planes[:, :, : line.shape[1]] = colours.transpose(2, 0, 1) / np.float32(127.5) - 1
    return planes
