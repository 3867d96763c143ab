"""What every detector keeps to, as models/detection/types.py has it: subclass it beside a `detector` fixture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.arrays import F32, ImageU8
from models.detection.types import TextBox, TextDetector
from tests.drawing.pages import LINES, drawn, turned


def boxes_of(detector: TextDetector, pixels: ImageU8) -> list[TextBox]:
    """Return a page's boxes from top to bottom."""
    return sorted(detector.detect(pixels), key=lambda box: float(box.corners[:, 1].mean()))


def corners_of(boxes: list[TextBox]) -> F32:
    return np.array([box.corners for box in boxes], np.float32)


class DetectorContract:
    """The contract suite; `detector` is a fixture of its module."""

    def test_it_has_a_name(self, detector: TextDetector) -> None:
        assert detector.name.strip()

    def test_each_line_of_a_page_has_one_box(self, detector: TextDetector) -> None:
        assert len(detector.detect(drawn())) == len(LINES)

    @pytest.mark.parametrize("degrees", [0, 5, 90])
    def test_corners_run_clockwise_and_lie_on_the_page(self, detector: TextDetector, degrees: float) -> None:
        pixels = turned(drawn(), degrees)
        boxes = detector.detect(pixels)
        assert boxes
        for box in boxes:
            assert box.corners.shape == (4, 2)
            assert box.corners.dtype == np.float32
            assert cv2.contourArea(box.corners, oriented=True) > 0  # y runs down: positive is clockwise
            assert (box.corners >= 0).all()
            assert (box.corners <= [pixels.shape[1], pixels.shape[0]]).all()
            assert 0 <= box.score <= 1

    @pytest.mark.parametrize("shape", [(1, 1), (1, 300, 3), (300, 1), (700, 500), (700, 500, 3)])
    @pytest.mark.parametrize("tone", [0, 255])
    def test_a_blank_page_of_any_shape_has_no_lines(
        self, detector: TextDetector, shape: tuple[int, ...], tone: int
    ) -> None:
        assert detector.detect(np.full(shape, tone, np.uint8)) == []

    def test_grey_and_rgb_give_the_same_lines(self, detector: TextDetector) -> None:
        pixels = drawn()
        grey = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        rgb = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
        one, other = (corners_of(boxes_of(detector, page)) for page in (grey, rgb))
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 2

    def test_a_page_is_the_same_after_any_other(self, detector: TextDetector) -> None:
        before = corners_of(boxes_of(detector, drawn()))
        detector.detect(turned(drawn(), 90))
        detector.detect(np.full((40, 900), 255, np.uint8))
        assert np.array_equal(corners_of(boxes_of(detector, drawn())), before)

    def test_the_page_is_left_as_it_is(self, detector: TextDetector) -> None:
        pixels = drawn()
        kept = pixels.copy()
        detector.detect(pixels)
        assert np.array_equal(pixels, kept)
