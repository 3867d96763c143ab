"""Documents, settings and commands choose the detector; a network that is missing costs the document only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from models.arrays import F32, ImageU8
from models.detection.craft.detector import CraftDetector
from models.detection.craft.runtime import Scores, network_files, onnx_path
from models.detection.dbnet import DbnetDetector, NetworkOutput
from models.detection.registry import TextDetectors
from models.errors import OptionsError, WeightsMissing
from models.kinds.annotate import LineAnnotator
from models.kinds.maps import KindSegmenter
from models.options import CraftOptions, ReadOptions
from models.pipeline import PagePipeline
from models.weights.store import CRAFT
from streams.cli import app
from streams.errors import ConfigurationError
from streams.messages.codec import merge_options
from streams.processes.pool import ReaderPool
from streams.settings import Settings, load_settings
from tests.drawing.pages import LINES, drawn, turned

MISSING = "inkstream models export craft"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    Image.fromarray(drawn()).save(tmp_path / "scan.png", dpi=(200, 200))
    return tmp_path / "scan.png"


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[PagePipeline]:
    with closing(PagePipeline(models_dir=tmp_path / "models")) as made:
        yield made


class Drawn:
    """Scores what is drawn: one run of characters from end to end of a line turned by 20 degrees."""

    name = "drawn"

    def scores(self, canvas: F32) -> Scores:
        height, width = (side // 2 for side in canvas.shape[2:])
        region = np.zeros((height, width), np.float32)
        box = cv2.boxPoints(((width / 2, height / 2), (160, 16), 20.0))
        cv2.fillPoly(region, [box.astype(np.int32)], 1.0)
        return Scores(region, np.zeros_like(region))


def test_a_document_changes_some_of_crafts_options_and_keeps_the_services_others() -> None:
    service = ReadOptions(craft=CraftOptions(canvas_size=2000, low_text=0.3))
    merged = merge_options(service, {"detector": "craft", "craft": {"low_text": 0.5}})
    assert (merged.detector, merged.craft.canvas_size, merged.craft.low_text) == ("craft", 2000, 0.5)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"detector": "yolo"}, "detector"),
        ({"craft": {"link_treshold": 0.4}}, r"craft\.link_treshold"),
        ({"craft": {"low_text": float("nan")}}, r"craft\.low_text"),
        ({"craft": {"canvas_size": 10**9}}, r"craft\.canvas_size"),
        ({"craft": None}, "craft"),
        ({"craft": [1]}, "craft"),
    ],
)
def test_an_option_of_craft_that_is_wrong_is_named(given: dict[str, object], named: str) -> None:
    with pytest.raises(OptionsError, match=named):
        merge_options(ReadOptions(), given)


def test_settings_set_crafts_options_in_a_variable_or_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("inkstream.toml").write_text('detector = "craft"\n[craft]\nmag_ratio = 2.0\n')
    options = load_settings().read_options()
    assert (options.detector, options.craft.mag_ratio) == ("craft", 2.0)
    monkeypatch.setenv("INKSTREAM_CRAFT", '{"canvas_size": 2000}')
    assert load_settings().craft.canvas_size == 2000
    for wrong in ("{canvas_size", '{"canvas_size": "wide"}', "7"):
        monkeypatch.setenv("INKSTREAM_CRAFT", wrong)
        with pytest.raises(ConfigurationError, match="craft"):
            load_settings()


def test_networks_are_looked_for_where_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert load_settings().models_dir == tmp_path / "inkstream/models"
    monkeypatch.setenv("INKSTREAM_MODELS_DIR", str(tmp_path / "networks"))
    assert load_settings().models_dir == tmp_path / "networks"


def test_single_precision_serves_where_only_it_was_exported(tmp_path: Path) -> None:
    exact = onnx_path(CRAFT, tmp_path, "fp32")
    exact.touch()
    assert network_files(tmp_path, CraftOptions()) == (exact, None)
    assert network_files(tmp_path, CraftOptions(precision="int8"))[0] != exact


def test_a_missing_network_is_reported_with_the_command_that_makes_it_and_others_go_on(
    pipeline: PagePipeline, scan: Path
) -> None:
    with pytest.raises(WeightsMissing, match=MISSING):
        pipeline.warm_up(ReadOptions(detector="craft"))
    with pytest.raises(WeightsMissing, match=MISSING):
        pipeline.transcribe(scan, 0, ReadOptions(detector="craft"))
    assert pipeline.transcribe(scan, 0, ReadOptions()).text.splitlines()[0] == LINES[0]


def test_without_a_folder_of_networks_craft_names_what_to_set() -> None:
    with pytest.raises(WeightsMissing, match="models_dir"):
        TextDetectors().get(ReadOptions(detector="craft"))


def test_tesseract_finds_its_lines_itself_whatever_the_detector(pipeline: PagePipeline, scan: Path) -> None:
    reading = pipeline.transcribe(scan, 0, ReadOptions(reader="tesseract", detector="craft"))
    assert reading.text.splitlines()[0] == LINES[0]


async def test_a_reader_process_outlives_a_page_whose_network_is_missing(tmp_path: Path, scan: Path) -> None:
    settings = Settings(data_dir=tmp_path, models_dir=tmp_path / "models", page_timeout_s=60)
    deaths: list[None] = []
    pool = ReaderPool(settings, 1, on_death=lambda: deaths.append(None))
    try:
        with pytest.raises(WeightsMissing, match=MISSING):
            await pool.read(scan, 0, ReadOptions(detector="craft"))
        assert (await pool.read(scan, 0, ReadOptions(reader="tesseract"))).text.splitlines()[0] == LINES[0]
        assert deaths == []
    finally:
        await pool.stop()


@pytest.mark.parametrize(
    "arguments", [["--detector", "craft"], ["--options", '{"detector": "craft", "craft": {"low_text": 0.3}}']]
)
def test_the_command_that_reads_reports_a_missing_network(
    arguments: list[str], tmp_path: Path, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INKSTREAM_MODELS_DIR", str(tmp_path / "networks"))
    result = CliRunner().invoke(app, ["read", *arguments, str(scan)])
    assert result.exit_code == 1
    assert f"WeightsMissing: {tmp_path / 'networks'}" in result.stderr and MISSING in result.stderr


def test_a_line_has_the_same_features_whoever_found_it() -> None:
    detector, page = DbnetDetector(), turned(drawn(), 4)
    boxes, features = detector.detect_with_features(page)
    again = detector.features_of(page, boxes)
    assert len(boxes) >= len(LINES)
    for one, other in zip(features.rois, again.rois, strict=True):
        assert other == pytest.approx(one, abs=1e-4)
    assert np.array_equal(again.fpn, features.fpn)
    assert list(detector.features_of(page, []).rois) == []


def test_a_rotated_line_of_crafts_keeps_its_angle() -> None:
    detector = CraftDetector(Drawn(), CraftOptions(mag_ratio=1.0))
    (box,) = detector.detect(np.full((480, 640, 3), 250, np.uint8))
    x, y = box.corners[1] - box.corners[0]
    assert np.degrees(np.arctan2(y, x)) == pytest.approx(20, abs=1)
    assert box.corners.mean(0) == pytest.approx((320, 240), abs=3)
    assert box.score == 1
    assert detector.name == "drawn"


class CountingDbnet(DbnetDetector):
    """Counts the pages that its network is run on."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def run_network(self, pixels: ImageU8, scale: float) -> NetworkOutput:
        self.runs += 1
        return super().run_network(pixels, scale)


@pytest.mark.parametrize("engine", ["dbnet", "craft"])
def test_dbnets_network_runs_once_a_page_whoever_detects_its_lines(engine: str) -> None:
    dbnet = CountingDbnet()
    detector = dbnet if engine == "dbnet" else CraftDetector(Drawn(), CraftOptions(mag_ratio=1.0))
    annotator, page = LineAnnotator(dbnet, KindSegmenter()), drawn()
    annotated = annotator.annotate(page, annotator.detect(page, detector))
    assert dbnet.runs == 1
    assert len(annotated.lines) == (len(LINES) if engine == "dbnet" else 1)
    for line in annotated.lines:
        assert line.roi_features.shape == (192,)
        assert line.map_probabilities is not None and line.map_probabilities.sum() == pytest.approx(1)
