"""The shipped model of kinds on pages drawn here and on a sample."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.arrays import ImageU8
from models.detection.dbnet import DbnetDetector
from models.document import Kind
from models.errors import ModelError, WeightsMissing
from models.kinds.annotate import LineAnnotator
from models.kinds.classifier import WEIGHTS, WEIGHTS_SHA256, LineKindClassifier, decide_kind
from models.kinds.maps import KindSegmenter
from models.kinds.model import KINDS, load_model
from models.kinds.types import AnnotatedLine
from models.training.synthesis.handwriting import ink_of
from models.training.synthesis.pen import signed_name
from tests.drawing.letters import letter

NOTE = Path(__file__).parents[2] / "deploy" / "samples" / "documents" / "note-handwritten.png"


@pytest.fixture(scope="module")
def detector() -> DbnetDetector:
    return DbnetDetector()


@pytest.fixture(scope="module")
def classifier() -> LineKindClassifier:
    return LineKindClassifier()


def lines_alone(detector: DbnetDetector, pixels: ImageU8) -> list[AnnotatedLine]:
    """Return the lines of a page without what the segmentation map shows of them."""
    boxes, features = detector.detect_with_features(pixels)
    return [AnnotatedLine(box.corners, box.score, roi) for box, roi in zip(boxes, features.rois, strict=True)]


def lines_on_map(detector: DbnetDetector, pixels: ImageU8) -> list[AnnotatedLine]:
    annotator = LineAnnotator(detector, KindSegmenter())
    return annotator.annotate(pixels, annotator.detect(pixels, detector)).lines


def kinds_of(
    classifier: LineKindClassifier, pixels: ImageU8, lines: list[AnnotatedLine], threshold: float = 0.5
) -> list[tuple[Kind, float]]:
    """Return each line's kind and its probability."""
    probabilities = classifier.probabilities(pixels, lines)
    decided = decide_kind(probabilities, threshold).tolist()
    return [(KINDS[kind], float(row[kind])) for kind, row in zip(decided, probabilities, strict=True)]


def note() -> ImageU8:
    picture = cv2.imread(str(NOTE))
    assert picture is not None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def grey_note() -> ImageU8:
    return np.asarray(cv2.cvtColor(note(), cv2.COLOR_RGB2GRAY), np.uint8)


@pytest.mark.parametrize("font", ["helv", "tiro", "cour", "hebo", "tibo"])
def test_print_of_any_common_face_is_classified_printed(
    font: str, detector: DbnetDetector, classifier: LineKindClassifier
) -> None:
    pixels = letter(font)
    classified = kinds_of(classifier, pixels, lines_alone(detector, pixels))
    assert len(classified) == 10
    assert {kind for kind, _ in classified} == {"printed"}


def test_a_faxed_page_is_still_classified_printed(detector: DbnetDetector, classifier: LineKindClassifier) -> None:
    grey = cv2.resize(cv2.cvtColor(letter("cour"), cv2.COLOR_RGB2GRAY), None, fx=0.8, fy=0.8)
    faxed = np.where(grey > 150, 255, 0).astype(np.uint8)
    classified = [kind for kind, _ in kinds_of(classifier, faxed, lines_alone(detector, faxed))]
    assert classified.count("printed") >= 9


def test_a_handwritten_note_is_classified_handwritten(
    detector: DbnetDetector, classifier: LineKindClassifier
) -> None:
    pixels = note()
    classified = [kind for kind, _ in kinds_of(classifier, pixels, lines_alone(detector, pixels))]
    assert len(classified) >= 6
    assert set(classified) == {"handwritten"}


def test_names_signed_under_a_letter_are_distinguished_from_its_print(
    detector: DbnetDetector, classifier: LineKindClassifier
) -> None:
    written = grey_note()
    last = max(detector.detect(written), key=lambda box: float(box.corners[:, 1].mean())).corners.astype(int)
    name = ink_of(written[last[0, 1] : last[2, 1], last[0, 0] : last[2, 0]].astype(np.float32))
    pixels = letter("tiro").copy()
    rng = np.random.default_rng(3)
    for y in (560, 760, 960):
        ink = signed_name(rng, name, 80)
        window = pixels[y : y + ink.shape[0], 300 : 300 + ink.shape[1]]
        window[:] = window * (1 - ink[..., None]) + np.array([20, 30, 120]) * ink[..., None]
    boxes = lines_alone(detector, pixels)
    classified = list(zip(boxes, (kind for kind, _ in kinds_of(classifier, pixels, boxes)), strict=True))
    above = [kind for box, kind in classified if box.corners[:, 1].mean() < 520]
    below = [kind for box, kind in classified if box.corners[:, 1].mean() > 520]
    assert set(above) == {"printed"} and len(above) == 10
    assert "signature" in below and "printed" not in below


def test_a_page_without_lines_has_no_kinds(classifier: LineKindClassifier) -> None:
    assert kinds_of(classifier, np.full((500, 400), 255, np.uint8), []) == []


def test_scores_are_the_probabilities_of_the_kinds_that_are_returned(
    detector: DbnetDetector, classifier: LineKindClassifier
) -> None:
    pixels = note()
    boxes = lines_alone(detector, pixels)
    probabilities = load_model(WEIGHTS, WEIGHTS_SHA256).probabilities(pixels, boxes)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    for row, (kind, score) in zip(probabilities, kinds_of(classifier, pixels, boxes), strict=True):
        assert score == pytest.approx(row[KINDS.index(kind)], abs=1e-5)


def test_the_threshold_is_what_a_pen_must_reach(detector: DbnetDetector) -> None:
    pixels = np.vstack([cv2.resize(letter("cour"), (1500, 1000)), note()])
    boxes = lines_alone(detector, pixels)
    pen = load_model(WEIGHTS, WEIGHTS_SHA256).probabilities(pixels, boxes)[:, 1:].sum(1)
    for threshold in (0.0, 0.25, 0.5, 0.99):
        classified = [kind for kind, _ in kinds_of(LineKindClassifier(), pixels, boxes, threshold)]
        assert [kind != "printed" for kind in classified] == [value >= threshold for value in pen.tolist()]


def test_a_line_in_doubt_between_handwriting_and_signature_is_not_printed() -> None:
    probabilities = np.array([[0.56, 0.22, 0.22], [0.56, 0.2, 0.24], [0.8, 0.1, 0.1]], np.float32)
    assert [KINDS[kind] for kind in decide_kind(probabilities, 0.25)] == ["handwritten", "signature", "printed"]
    assert [KINDS[kind] for kind in decide_kind(probabilities, 0.5)] == ["printed"] * 3


def test_the_shipped_weights_are_those_whose_sum_is_written_down() -> None:
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == WEIGHTS_SHA256


def test_a_model_is_written_as_the_same_bytes_each_time(tmp_path: Path) -> None:
    # not the shipped file's bytes: Python's zipfile has written other headers from one release to the next
    model = load_model(WEIGHTS, None)
    assert model.save(tmp_path / "one.npz") == model.save(tmp_path / "two.npz")
    with np.load(WEIGHTS) as shipped, np.load(tmp_path / "one.npz") as again:
        assert shipped.files == again.files
        assert all(np.array_equal(shipped[name], again[name]) for name in shipped.files)


def test_weights_that_were_changed_are_refused(tmp_path: Path) -> None:
    changed = bytearray(WEIGHTS.read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "kind.npz").write_bytes(changed)
    with pytest.raises(ModelError, match="sha256"):
        load_model(tmp_path / "kind.npz", WEIGHTS_SHA256)


@pytest.mark.parametrize("content", [b"", b"not an archive", WEIGHTS.read_bytes()[:3000]])
def test_a_file_that_is_no_model_is_reported_as_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "kind.npz").write_bytes(content)
    with pytest.raises(ModelError, match="holds no model"):
        LineKindClassifier(tmp_path / "kind.npz")


def test_weights_that_are_away_are_reported_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"away\.npz"):
        LineKindClassifier(tmp_path / "away.npz")


def test_a_grey_page_is_classified_as_the_same_page_in_colour(
    detector: DbnetDetector, classifier: LineKindClassifier
) -> None:
    grey = grey_note()
    colour = np.repeat(grey[..., None], 3, 2)
    boxes = lines_alone(detector, colour)
    in_grey, in_colour = kinds_of(classifier, grey, boxes), kinds_of(classifier, colour, boxes)
    assert [kind for kind, _ in in_grey] == [kind for kind, _ in in_colour]


def test_what_the_map_shows_counts_beside_the_line_alone(
    detector: DbnetDetector, classifier: LineKindClassifier
) -> None:
    pixels = note()
    lines = lines_on_map(detector, pixels)
    alone = kinds_of(classifier, pixels, [replace(line, map_probabilities=None) for line in lines])
    pen = np.array([0, 1, 0], np.float32)
    classified = kinds_of(classifier, pixels, [replace(line, map_probabilities=pen) for line in lines])
    for (_, score), (kind, probability) in zip(alone, classified, strict=True):
        assert kind == "handwritten"
        assert probability == pytest.approx(score + 0.3 * (1 - score), abs=0.01)


def test_the_map_distinguishes_print_from_handwriting(detector: DbnetDetector) -> None:
    for pixels, number in ((letter("tiro"), KINDS.index("printed")), (note(), KINDS.index("handwritten"))):
        lines = lines_on_map(detector, pixels)
        shares = np.stack([line.map_probabilities for line in lines if line.map_probabilities is not None])
        assert len(shares) == len(lines)
        assert np.allclose(shares.sum(1), 1, atol=1e-5)
        assert (shares.argmax(1) == number).mean() > 0.8
