"""Pages read end to end with CRAFT's lines, the published weights in the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from models.detection.craft.export import export_craft
from models.document import PageReading
from models.options import CraftOptions, Precision, ReadOptions
from models.pipeline import PagePipeline
from tests.drawing.pages import LINES, drawn, turned

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    export_craft(folder, "fp32")
    return folder


@pytest.fixture(scope="module")
def pipeline(networks: Path) -> Iterator[PagePipeline]:
    with closing(PagePipeline(models_dir=networks)) as made:
        yield made


def read(pipeline: PagePipeline, folder: Path, degrees: float, reader: str, precision: Precision) -> PageReading:
    Image.fromarray(turned(drawn(), degrees)).save(folder / "page.png", dpi=(200, 200))
    options = {"reader": reader, "detector": "craft", "craft": CraftOptions(precision=precision)}
    return pipeline.transcribe(folder / "page.png", 0, ReadOptions.model_validate(options))


@pytest.mark.parametrize("degrees", [-9, 90])
def test_a_drawn_page_is_read_to_the_letter(pipeline: PagePipeline, tmp_path: Path, degrees: float) -> None:
    reading = read(pipeline, tmp_path, degrees, "auto", "fp32")
    assert reading.text.splitlines() == list(LINES)
    assert reading.rotation == pytest.approx(degrees, abs=0.3)
    assert {region.kind for region in reading.regions} == {"printed"}
    assert (reading.models["detector"] or "").startswith("craft-")


def test_eight_bits_read_the_same(pipeline: PagePipeline, networks: Path, tmp_path: Path) -> None:
    export_craft(networks, "int8")
    reading = read(pipeline, tmp_path, 0, "auto", "int8")
    assert reading.text.splitlines() == list(LINES)
    assert "int8" in (reading.models["detector"] or "")


def test_craft_finds_lines_for_ppocr_too(pipeline: PagePipeline, tmp_path: Path) -> None:
    reading = read(pipeline, tmp_path, 0, "ppocr", "fp32")
    assert {region.recogniser for region in reading.regions} == {"ppocr"}
    assert len(reading.regions) == len(LINES)
