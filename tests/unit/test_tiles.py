"""A network run in tiles gives the maps that it gives of the whole page."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.arrays import F32
from models.detection.tiles import run_in_tiles


def blurring(planes: F32) -> tuple[F32, F32]:
    """Stand for a network whose outputs depend on what is near: a blur, and its mean over cells of 4 pixels."""
    score = np.asarray(cv2.blur(planes[0].mean(0), (31, 31)), np.float32)
    height, width = score.shape
    cells = score.reshape(height // 4, 4, width // 4, 4).mean((1, 3))
    return score, np.stack([cells, -cells])


@pytest.mark.parametrize("shape", [(64, 96), (1600, 1600), (1632, 320), (2016, 3392), (96, 5024)])
def test_tiles_give_what_the_whole_page_gives(shape: tuple[int, int]) -> None:
    planes = np.random.default_rng(1).random((1, 3, *shape), np.float32)
    scores, cells = run_in_tiles(blurring, planes, 4)
    whole, all_cells = blurring(planes)
    inner = (slice(16, -16), slice(16, -16))  # a blur takes the outermost pixels twice
    assert np.abs(scores - whole)[inner].max() < 1e-5
    assert cells.shape == all_cells.shape
    assert np.abs(cells - all_cells).max() < 2e-2
