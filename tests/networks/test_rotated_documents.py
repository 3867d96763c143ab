"""A turned page through the whole pipeline."""

from __future__ import annotations

import difflib
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.options import ReadOptions
from models.pipeline import PagePipeline
from tests.drawing.pages import LINES, drawn, turned


@pytest.mark.parametrize("degrees", [4.0, 180.0])
def test_a_turned_scan_is_read_and_its_record_shows_how_far_it_is_turned(tmp_path: Path, degrees: float) -> None:
    file, pixels = tmp_path / "scan.png", turned(drawn(dpi=300), degrees)
    cv2.imwrite(str(file), pixels)
    with closing(PagePipeline()) as pipeline:
        reading = pipeline.transcribe(file, 0, ReadOptions())
    assert difflib.SequenceMatcher(None, reading.text, "\n".join(LINES), autojunk=False).ratio() > 0.99
    assert reading.rotation == pytest.approx(degrees, abs=0.15)
    assert (reading.width, reading.height) == (pixels.shape[1], pixels.shape[0])
    corners = np.array([region.polygon for region in reading.regions]).reshape(-1, 2)
    assert (corners >= 0).all() and (corners <= (reading.width, reading.height)).all()
