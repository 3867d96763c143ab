from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner, Result

from models.errors import LanguageMissing, OptionsError
from models.evaluation.datasets import load_dataset
from models.evaluation.errors import NoGroundTruth
from models.evaluation.items import Dataset, Item, TruthBox
from models.evaluation.measure import ItemResult, measure, measure_item
from models.evaluation.readers.registry import READERS, ReaderSpec, reader_spec
from models.evaluation.readers.types import DocumentReader, Transcription
from models.evaluation.scores import ErrorCount
from models.evaluation.summary import summarise, worst
from models.options import ReadOptions
from streams.cli import app

SENTENCE = "The harbour office opens at nine"
OURS = ReaderSpec("ours", "ours", ReadOptions(psm=7))


def draw(path: Path, text: str) -> Path:
    image = Image.new("L", (1000, 90), 255)
    ImageDraw.Draw(image).text((30, 20), text, fill=0, font=ImageFont.load_default(44))
    image.save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "scans"
    place.mkdir()
    draw(place / "good.png", SENTENCE)
    (place / "good.gt.txt").write_text(SENTENCE)
    draw(place / "wrong.png", SENTENCE)
    (place / "wrong.gt.txt").write_text(SENTENCE.replace("nine", "five"))
    return place


def read_here(dataset: Dataset, spec: ReaderSpec = OURS) -> list[ItemResult]:
    reader = spec.create()
    reader.warm_up()
    return [measure_item(item, reader, Path("nothing is unpacked")) for item in dataset.items]


class DyingReader:
    """Reads nothing: it dies on one document, hangs on another, and the rest is blank."""

    gives_boxes = True

    def warm_up(self) -> None:
        pass

    def read(self, path: Path) -> Transcription:
        if path.name == "dies.png":
            os.kill(os.getpid(), signal.SIGKILL)
        if path.name == "hangs.png":
            time.sleep(3600)
        return Transcription("", 1, ())


class DyingSpec(ReaderSpec):
    def create(self) -> DocumentReader:
        return DyingReader()


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_our_reading_is_scored_against_the_truth(folder: Path) -> None:
    dataset = load_dataset(folder)
    results = {result.item: result for result in read_here(dataset)}
    summary = summarise(dataset, "ours", list(results.values()))
    assert results["good.png"].text == SENTENCE
    assert [results[name].characters.errors for name in ("good.png", "wrong.png")] == [0, 2]  # type: ignore[union-attr]
    assert (summary.items, summary.failed, summary.pages) == (2, 0, 2)
    assert summary.characters.rate == 2 / (2 * len(SENTENCE))
    assert summary.words.rate == 1 / 12
    assert summary.bag.f1 == 11 / 12
    assert summary.pages_per_s
    assert summary.cpu_s_per_page
    assert summary.calibration
    assert summary.calibration.words == 12
    assert [result.item for result in worst(results.values(), 1)] == ["wrong.png"]


def test_several_processes_find_what_one_finds(folder: Path) -> None:
    dataset = load_dataset(folder)
    together = sorted((result.item, result.text) for result in measure(dataset, OURS, 2))
    assert together == [(result.item, result.text) for result in read_here(dataset)]


def test_a_document_that_kills_or_hangs_its_reader_costs_only_itself(tmp_path: Path) -> None:
    names = ("dies.png", "hangs.png", "is-blank.png")
    dataset = Dataset("set", "text", tuple(Item(name, tmp_path / name, "four") for name in names))
    results = {result.item: result for result in measure(dataset, DyingSpec("ours", "ours"), timeout_s=4)}
    errors = [(results[name].error or "").split(":")[0] for name in names]
    assert errors == ["WorkerDied", "RecognitionTimeout", ""]
    assert [result.characters for result in results.values()] == [ErrorCount(4, 4)] * 3


def test_a_reader_that_cannot_be_loaded_ends_the_run(folder: Path) -> None:
    unknown = ReaderSpec("ours", "ours", ReadOptions(languages="xyz"))
    with pytest.raises(LanguageMissing, match="xyz"):
        list(measure(load_dataset(folder), unknown))


def test_a_document_that_cannot_be_read_counts_as_read_empty(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    box = TruthBox(((0, 0), (9, 0), (9, 9), (0, 9)), "four", "printed")
    dataset = Dataset("set", "xml", (Item("broken.png", broken, "four", (box,), size=(10, 10)),))
    [result] = read_here(dataset)
    summary = summarise(dataset, "ours", [result])
    assert result.error
    assert result.error.startswith("CorruptFile: ")
    assert (summary.failed, summary.characters.rate, summary.pages_per_s) == (1, 1.0, 0.0)
    assert summary.boxes
    assert summary.boxes.coverage_recall.rate == 0
    for name in ("tesseract", "rapidocr"):
        [peer] = read_here(dataset, reader_spec(name))
        assert peer.error
        assert peer.error.startswith("ReaderFailed: ")
        assert peer.boxes is None


def test_only_readers_that_say_where_they_read_are_scored_on_places(folder: Path) -> None:
    box = TruthBox(((0, 0), (1000, 0), (1000, 90), (0, 90)), SENTENCE, "printed")
    dataset = Dataset("set", "xml", (Item("good.png", folder / "good.png", SENTENCE, (box,)),))
    [ours], [peer] = read_here(dataset), read_here(dataset, reader_spec("tesseract"))
    assert ours.boxes
    assert ours.boxes.line_characters.errors == 0
    assert peer.boxes is None
    assert peer.characters
    assert peer.characters.errors == 0


@pytest.mark.parametrize("name", READERS)
def test_every_reader_reads_a_clean_line(folder: Path, name: str) -> None:
    dataset = Dataset("set", "lines", (Item("good.png", folder / "good.png", SENTENCE, single_line=True),))
    [result] = read_here(dataset, reader_spec(name))
    assert "".join(result.text.split()) == "".join(SENTENCE.split())
    assert result.pages == 1


def test_a_pdf_is_read_page_by_page_by_ours_and_the_peers(tmp_path: Path) -> None:
    pages = [Image.open(draw(tmp_path / f"{word}.png", word)) for word in ("Monday", "Tuesday")]
    pages[0].save(tmp_path / "days.pdf", save_all=True, append_images=pages[1:], resolution=150)
    dataset = Dataset("set", "text", (Item("days.pdf", tmp_path / "days.pdf", "Monday\nTuesday"),))
    for spec in (OURS, reader_spec("tesseract")):
        [result] = read_here(dataset, spec)
        assert (result.text.split(), result.pages) == (["Monday", "Tuesday"], 2)


def test_there_is_no_rate_where_there_is_no_text_to_compare() -> None:
    summary = summarise(Dataset("set", "yolo", ()), "ours", [ItemResult("a.png", "text", None, 1, 0.5, 0.25)])
    assert (summary.characters.rate, summary.bag.f1, summary.boxes, summary.pages_per_s) == (None, None, None, 2.0)


def test_the_command_prints_a_table_and_the_worst_items(folder: Path) -> None:
    found = evaluate(folder, "--options", '{"psm": 7}', "--errors", "1")
    assert found.exit_code == 0, found.output
    assert "3.1%" in found.output
    assert "ours psm=7" in found.output
    assert "wrong.png, CER 6.2%" in found.output
    assert "opens at [-five-] {+nine+}" in found.output


def test_the_command_gives_json_with_every_item(folder: Path) -> None:
    found = evaluate(folder, "--format", "json", "--options", '{"psm": 7}', "--options", "{}")
    assert found.exit_code == 0, found.output
    runs = json.loads(found.stdout)
    assert [run["reader"] for run in runs] == ["ours psm=7", "ours"]
    assert runs[0]["cer"] == 2 / 64
    assert [item["item"] for item in runs[0]["results"]] == ["good.png", "wrong.png"]
    assert runs[0]["calibration"]["words"] == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reader", "abbyy"], "choose from ours, tesseract, rapidocr, ppocr-line"),
        (["--reader", "ppocr-line"], "reads single lines, and scans has pages"),
        (["--options", "reader=ppocr"], "is not JSON"),
        (["--options", "[1]"], "is not a JSON object"),
        (["--options", '{"raeder": "ppocr"}'], "raeder"),
        (["--reader", "tesseract", "--options", "{}"], "are for ours"),
        (["--format", "csv"], "use text, json or figures"),
        (["--split", "valid"], "names no splits"),
    ],
)
def test_a_wrong_argument_is_answered_before_anything_is_read(
    folder: Path, arguments: list[str], message: str
) -> None:
    found = evaluate(folder, *arguments)
    assert found.exit_code != 0
    assert message in str(found.exception.args[0] if found.exception else "")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert isinstance(evaluate(tmp_path / "nowhere").exception, NoGroundTruth)
    with pytest.raises(OptionsError):
        reader_spec("nothing")
