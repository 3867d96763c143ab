"""Pages are read with TrOCR where a document names it, or where it is there for handwriting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from safetensors.torch import load_file

from models.document import PageReading
from models.errors import WeightsInvalid, WeightsMissing
from models.options import ReadOptions
from models.pipeline import PagePipeline
from models.recognition.trocr.export.convert import export_trocr
from models.recognition.trocr.exported import read_description
from models.recognition.trocr.onnx_network import OnnxTrocr
from tests.torch.trocr_checkpoints import draw_model, save_checkpoint, tiny


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("trocr-small-printed", "trocr-base-handwritten")):
        checkpoint = save_checkpoint(draw_model(tiny(), seed=seed, gain=20), folder / name)
        for precision in ("fp32", "int8"):
            export_trocr(checkpoint, folder, precision)
    return folder


def read(models_dir: Path, folder: Path, **options: Any) -> PageReading:
    page = Image.new("L", (900, 240), 245)
    font = ImageFont.load_default(30)
    for row, text in enumerate(("The harbour office moved last year,", "its clerks wrote bills of lading.")):
        ImageDraw.Draw(page).text((40, 40 + 90 * row), text, font=font, fill=20)
    page.save(folder / "page.png", dpi=(150, 150))
    # every line is handwriting from the threshold 0 on, and none from 1
    pipeline = PagePipeline(models_dir=models_dir)
    return pipeline.transcribe(folder / "page.png", 0, ReadOptions(**options))


def test_handwriting_goes_to_the_largest_trocr_that_is_exported(models_dir: Path, tmp_path: Path) -> None:
    reading = read(models_dir, tmp_path, kind_threshold="0")
    assert str(reading.models["handwritten"]).startswith("trocr-base-handwritten")
    assert {region.recogniser for region in reading.regions if region.kind == "handwritten"} == {"trocr"}


def test_print_goes_to_trocr_only_where_it_is_named(models_dir: Path, tmp_path: Path) -> None:
    reading = read(models_dir, tmp_path, kind_threshold="1", printed="trocr-small-printed")
    assert str(reading.models["printed"]).startswith("trocr-small-printed")
    assert {region.recogniser for region in reading.regions} == {"trocr"}
    plain = read(models_dir, tmp_path, kind_threshold="1")
    assert "harbour office" in plain.text and {region.recogniser for region in plain.regions} <= {
        "tesseract",
        "ppocr",
    }


def test_trocr_may_be_there_and_not_be_wanted(models_dir: Path, tmp_path: Path) -> None:
    reading = read(models_dir, tmp_path, kind_threshold="0", handwritten="ppocr")
    assert "harbour" in reading.text and "trocr" not in {region.recogniser for region in reading.regions}


def test_a_trocr_that_is_not_here_shows_how_to_get_it(models_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="inkstream models export trocr-large-handwritten"):
        read(models_dir, tmp_path, handwritten="trocr-large-handwritten")


@pytest.mark.parametrize("name", ["encoder.data", "decoder.data", "encoder.onnx", "trocr.json"])
def test_an_export_that_is_cut_off_or_lacks_a_file_names_what_to_do(name: str, tmp_path: Path) -> None:
    checkpoint = save_checkpoint(draw_model(tiny()), tmp_path / "trocr-tiny")
    exported = export_trocr(checkpoint, tmp_path, "fp32")
    whole = (exported / name).read_bytes()
    (exported / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsInvalid, match="export"):
        OnnxTrocr(exported, read_description(exported)[0])
    (exported / name).unlink()
    with pytest.raises(WeightsMissing, match="export"):
        OnnxTrocr(exported, read_description(exported)[0])
    assert export_trocr(checkpoint, tmp_path, "fp32") == exported  # a folder that is not whole is made again
    assert (exported / name).stat().st_size == len(whole)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_weights_that_are_cut_off_or_of_another_network_are_refused(name: str, tmp_path: Path) -> None:
    checkpoint = save_checkpoint(draw_model(tiny()), tmp_path / "trocr-tiny")
    if name == "pytorch_model.bin":
        (checkpoint / "model.safetensors").rename(tmp_path / "kept.safetensors")
        torch.save(load_file(tmp_path / "kept.safetensors"), checkpoint / name)
        assert export_trocr(checkpoint, tmp_path / "exported", "fp32").is_dir()
    whole = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsInvalid, match="Fetch it again"):
        export_trocr(checkpoint, tmp_path, "fp32")
    other = save_checkpoint(draw_model(tiny(vocabulary=61)), tmp_path / "other")
    (checkpoint / name).unlink()
    (other / "model.safetensors").rename(checkpoint / "model.safetensors")
    with pytest.raises(WeightsInvalid, match=r"embed_tokens\.weight is \(61, 64\), not \(97, 64\)"):
        export_trocr(checkpoint, tmp_path, "fp32")


def test_a_document_chooses_how_many_texts_are_followed(models_dir: Path, tmp_path: Path) -> None:
    reading = read(models_dir, tmp_path, kind_threshold="0", beams="2")
    assert str(reading.models["handwritten"]).endswith("2 beams")


def test_handwriting_in_other_languages_goes_to_trocr_only_where_it_is_named(
    models_dir: Path, tmp_path: Path
) -> None:
    reading = read(models_dir, tmp_path, kind_threshold="0", languages="deu", reader="ppocr")
    assert {region.recogniser for region in reading.regions if region.kind == "handwritten"} <= {"handwriting"}
    named = read(
        models_dir, tmp_path, kind_threshold="0", languages="deu", reader="ppocr",
        handwritten="trocr-base-handwritten",
    )  # fmt: skip
    assert str(named.models["handwritten"]).startswith("trocr-base-handwritten")
