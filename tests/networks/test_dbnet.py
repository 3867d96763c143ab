"""The real detector on pages drawn here."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pymupdf
import pytest

from models.arrays import ImageU8
from models.detection.dbnet import DbnetDetector
from models.detection.types import TextBox
from models.errors import WeightsMissing
from models.weights.packaged import packaged_weights

TEXT = "The quick brown fox jumps over the lazy dog near 1234 old stones"


@pytest.fixture(scope="module")
def detector() -> DbnetDetector:
    return DbnetDetector()


def page(lines: int = 8, size: float = 11, angle: int = 0, dpi: int = 200) -> ImageU8:
    """Return an A4 page of lines of text, 1.3 of its size apart."""
    document = pymupdf.open()
    sheet = document.new_page()
    for number in range(lines):
        sheet.insert_text((72, 100 + 1.3 * size * number), TEXT, fontsize=size)
    picture = sheet.get_pixmap(dpi=dpi)
    pixels: ImageU8 = np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)
    if angle:
        turn = cv2.getRotationMatrix2D((picture.w / 2, picture.h / 2), angle, 1.0)
        rotated = cv2.warpAffine(pixels, turn, (picture.w, picture.h), borderValue=(255, 255, 255))
        pixels = np.asarray(rotated, np.uint8)
    return pixels


def sheet(width_px: int, height_px: int, letter_px: int, headline_px: int = 0) -> ImageU8:
    """Return a sheet filled with rows of text of that font size, two font sizes apart, under a headline."""
    document = pymupdf.open()
    drawn = document.new_page(width=width_px, height=height_px)
    text = (TEXT + "  ") * 40
    if headline_px:
        drawn.insert_text((letter_px, 2 * headline_px), "Harbour News", fontsize=headline_px)
    for y in range(4 * headline_px + 2 * letter_px, height_px - letter_px, 2 * letter_px):
        drawn.insert_text((letter_px, y), text[: int(1.8 * width_px / letter_px)], fontsize=letter_px)
    picture = drawn.get_pixmap()
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)


def width(box: TextBox) -> float:
    return float(np.linalg.norm(box.corners[1] - box.corners[0]))


@pytest.mark.parametrize("size", [6, 7, 9, 12, 24])
def test_each_line_is_found_once_whatever_its_size(detector: DbnetDetector, size: float) -> None:
    boxes = detector.detect(page(8, size, dpi=300))
    assert len(boxes) == 8
    tops = sorted(float(box.corners[:, 1].min()) for box in boxes)
    scale = 300 / 72
    wanted = [(100 + 1.3 * size * number - 0.75 * size) * scale for number in range(8)]
    assert np.abs(np.array(tops) - wanted).max() < 0.8 * size * scale


@pytest.mark.parametrize(
    ("width_px", "height_px", "letter_px", "headline_px"),
    [(3300, 4700, 22, 0), (3300, 4700, 22, 250), (4000, 900, 14, 0), (600, 5000, 20, 0)],
)
def test_lines_of_letters_that_are_small_for_their_sheet_are_all_found(
    detector: DbnetDetector, width_px: int, height_px: int, letter_px: int, headline_px: int
) -> None:
    boxes = detector.detect(sheet(width_px, height_px, letter_px, headline_px))
    middles = np.array([box.corners[:, 1].mean() for box in boxes])
    widths = np.array([width(box) for box in boxes])
    baselines = range(4 * headline_px + 2 * letter_px, height_px - letter_px, 2 * letter_px)
    found = [widths[(middles > y - letter_px) & (middles < y)].sum() for y in baselines]
    assert np.mean(np.array(found) > 0.7 * width_px) > 0.98


def test_boxes_reach_around_the_ink(detector: DbnetDetector) -> None:
    pixels = page(1, 12)
    (box,) = detector.detect(pixels)
    rows, columns = np.nonzero(pixels[:, :, 0] < 128)
    x0, y0 = box.corners.min(0)
    x1, y1 = box.corners.max(0)
    assert x0 <= columns.min() + 4 and x1 >= columns.max() - 4
    assert y0 <= rows.min() + 4 and y1 >= rows.max() - 4
    assert box.score > 0.6


@pytest.mark.parametrize("angle", [-15, 7])
def test_boxes_lie_along_slanted_lines(detector: DbnetDetector, angle: int) -> None:
    boxes = [box for box in detector.detect(page(6, angle=angle)) if width(box) > 500]
    assert len(boxes) == 6
    for box in boxes:
        along = box.corners[1] - box.corners[0]
        assert -math.degrees(math.atan2(along[1], along[0])) == pytest.approx(angle, abs=1.0)


def test_a_small_scan_is_enlarged_and_its_lines_are_found(detector: DbnetDetector) -> None:
    pixels = page(8, size=7, dpi=60)  # letters of six pixels
    assert len(detector.detect(pixels)) == 8
    assert max(detector.fpn_features(pixels).shape[1:]) * 4 == pytest.approx(960, abs=32)


def test_a_line_cut_out_of_a_page_is_looked_at_as_large_as_it_is(detector: DbnetDetector) -> None:
    assert detector.fpn_features(np.full((64, 640, 3), 255, np.uint8)).shape[1:] == (16, 160)


def test_grey_and_colour_pages_give_the_same_lines(detector: DbnetDetector) -> None:
    pixels = page(5)
    for colour, grey in zip(detector.detect(pixels), detector.detect(pixels[:, :, 0]), strict=True):
        assert np.abs(colour.corners - grey.corners).max() < 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (40, 40, 3), (1500, 1000)])
def test_a_blank_picture_of_any_shape_has_no_lines(detector: DbnetDetector, shape: tuple[int, ...]) -> None:
    assert detector.detect(np.full(shape, 255, np.uint8)) == []


def test_missing_and_broken_weights_are_named(tmp_path: object) -> None:
    with pytest.raises(WeightsMissing, match="rapidocr"):
        packaged_weights("nothing.onnx")
    file = packaged_weights("PP-OCRv6_det_small.onnx").parent / "no.onnx"
    with pytest.raises(WeightsMissing, match=r"no\.onnx is not there: install"):
        DbnetDetector(file)
