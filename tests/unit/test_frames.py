"""Coordinate frames: points go to the original frame and back, and mypy lets nobody mix two frames."""

from __future__ import annotations

from pathlib import Path

import mypy.api
import numpy as np
import pytest

import models
from models.layout.frames import DeliveredFrame, FrameTransform, Points, PreparedFrame, UprightFrame

HEADER = """
from models.layout.frames import DeliveredFrame, FrameTransform, Points, PreparedFrame, UprightFrame

deskewed: FrameTransform[DeliveredFrame, UprightFrame]
enlarged: FrameTransform[UprightFrame, PreparedFrame]
prepared: Points[PreparedFrame]
"""
RIGHT = "delivered: Points[DeliveredFrame] = deskewed.then(enlarged).to_original(prepared)"
WRONG = (
    "deskewed.to_original(prepared)",  # skips a frame
    "enlarged.from_original(prepared)",  # the wrong way
    "enlarged.then(deskewed)",  # the wrong order
    "upright: Points[UprightFrame] = prepared",
)


def test_points_go_to_the_original_frame_and_back() -> None:
    deskewed = FrameTransform[DeliveredFrame, UprightFrame](np.array([[0.0, -1, 7], [1, 0, 0], [0, 0, 1]]))
    enlarged = FrameTransform[UprightFrame, PreparedFrame](np.diag([0.5, 0.5, 1]))
    points = Points[PreparedFrame]([(2, 4), (6, 8)])
    both = deskewed.then(enlarged)
    assert both.to_original(points).xy.tolist() == [[5, 1], [3, 3]]
    assert np.allclose(both.from_original(both.to_original(points)).xy, points.xy)


def test_mypy_rejects_points_of_another_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(models.__file__).parents[1])
    snippet = tmp_path / "snippet.py"
    lines = [*HEADER.splitlines(), RIGHT, *WRONG]
    snippet.write_text("\n".join(lines))
    found, _, _ = mypy.api.run(
        ["--config-file=", "--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}", str(snippet)]
    )
    rejected = {int(line.split(":")[1]) for line in found.splitlines() if ": error:" in line}
    assert rejected == set(range(len(lines) - len(WRONG) + 1, len(lines) + 1)), found
