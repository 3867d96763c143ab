"""Golden pages: the samples and what is on them (deploy/samples/README.md has each one's source and purpose)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from models.detection.dbnet import DbnetDetector
from models.documents.files import inspect
from models.errors import CorruptFile
from models.options import ReadOptions
from models.pipeline import PagePipeline
from models.reading.registry import TesseractApi
from models.training.synthesis.handwriting import ink_of
from models.training.synthesis.pen import signed_name

SAMPLES = Path(__file__).resolve().parents[2] / "deploy/samples"


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PagePipeline]:
    with closing(PagePipeline()) as made:
        yield made


def truth(name: str) -> list[str]:
    return [page.strip() for page in (SAMPLES / f"truth/{name}.gt.txt").read_text().split("\f")]


def texts(pipeline: PagePipeline, name: str, options: ReadOptions) -> list[str]:
    file = SAMPLES / "documents" / name
    return [pipeline.transcribe(file, page, options).text for page in range(inspect(file).total_pages)]


def character_error_rate(text: str, wanted: str) -> float:
    """Edit distance over the length of the truth (Levenshtein), line breaks counted as spaces."""
    text, wanted = " ".join(text.split()), " ".join(wanted.split())
    row = list(range(len(text) + 1))
    for i, letter in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(text, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != other))
    return row[-1] / len(wanted)


def test_a_text_layer_is_taken_to_the_letter(pipeline: PagePipeline) -> None:
    assert texts(pipeline, "report.pdf", ReadOptions()) == truth("report")


@pytest.mark.parametrize("api", ["tesserocr", "pytesseract"])
def test_tesseract_reads_the_scan_to_the_letter(api: TesseractApi) -> None:
    with closing(PagePipeline(api)) as pipeline:
        text = texts(pipeline, "lease-scanned.pdf", ReadOptions(reader="tesseract"))
    assert [page.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for page in text] == truth("lease-scanned")


@pytest.mark.parametrize(
    ("name", "reader", "bound"),
    [
        ("fax.tiff", "tesseract", 0.04),
        ("fax.tiff", "ppocr", 0.02),
        ("lease-scanned.pdf", "ppocr", 0.02),
        ("receipt-photo.jpg", "ppocr", 0.03),
        ("note-handwritten.png", "ppocr", 0.10),
        ("fax.tiff", "auto", 0.0),
        ("lease-scanned.pdf", "auto", 0.001),
        ("receipt-photo.jpg", "auto", 0.02),
        ("note-handwritten.png", "auto", 0.08),
    ],
)
def test_a_reader_stays_below_its_error_rate(pipeline: PagePipeline, name: str, reader: str, bound: float) -> None:
    text = "\n".join(texts(pipeline, name, ReadOptions.model_validate({"reader": reader})))
    assert character_error_rate(text, "\n".join(truth(name.split(".")[0]))) <= bound


@pytest.mark.parametrize("degrees", [90, 180, 270, 3])
def test_a_turned_page_reads_as_the_upright_one(pipeline: PagePipeline, tmp_path: Path, degrees: int) -> None:
    upright = pipeline.transcribe(SAMPLES / "documents/fax.tiff", 0, ReadOptions())
    with Image.open(SAMPLES / "documents/fax.tiff") as page:
        page.convert("L").rotate(-degrees, expand=True, fillcolor=255).save(tmp_path / "turned.png", dpi=(204, 204))
    turned = pipeline.transcribe(tmp_path / "turned.png", 0, ReadOptions())
    assert turned.text == upright.text
    assert (turned.rotation - degrees + 180) % 360 - 180 == pytest.approx(0, abs=0.2)
    with Image.open(tmp_path / "turned.png") as page:
        pixels = np.asarray(page)
    for region in turned.regions:  # on the page as delivered: there is ink there
        xs, ys = zip(*region.polygon, strict=True)
        assert pixels[int(min(ys)) : int(max(ys)), int(min(xs)) : int(max(xs))].min() < 128


_RECOGNISERS = {
    "tesseract": {"tesseract"},
    "ppocr": {"ppocr", "handwriting"},
    "auto": {"tesseract", "ppocr", "handwriting"},
}


@pytest.mark.parametrize("reader", ["tesseract", "ppocr", "auto"])
def test_lines_come_with_boxes_on_the_page_and_confidences(pipeline: PagePipeline, reader: str) -> None:
    options = ReadOptions.model_validate({"reader": reader})
    reading = pipeline.transcribe(SAMPLES / "documents/fax.tiff", 0, options)
    assert len(reading.regions) >= 5
    for region in reading.regions:
        (x0, y0), (x1, _), (_, y2), _ = region.polygon
        assert 0 <= x0 < x1 <= reading.width
        assert 0 <= y0 < y2 <= reading.height
        assert region.confidence is not None
        assert 0 <= region.confidence <= 1
        assert region.recogniser in _RECOGNISERS[reader]
    assert reading.confidence is not None
    assert reading.models["detector"]


def test_words_below_the_asked_confidence_are_dropped(pipeline: PagePipeline) -> None:
    file = SAMPLES / "documents/fax.tiff"
    everything = pipeline.transcribe(file, 0, ReadOptions(reader="tesseract"))
    sure = pipeline.transcribe(file, 0, ReadOptions(reader="tesseract", min_confidence=0.95))
    assert 0 < len(sure.text) < len(everything.text)
    assert sure.dropped == len(everything.text.split()) - len(sure.text.split())


def test_lines_below_the_asked_confidence_are_dropped_and_counted(pipeline: PagePipeline) -> None:
    file = SAMPLES / "documents/receipt-photo.jpg"
    everything = pipeline.transcribe(file, 0, ReadOptions())
    least = sorted(region.confidence or 0 for region in everything.regions)
    sure = pipeline.transcribe(file, 0, ReadOptions(min_confidence=least[len(least) // 2]))
    assert 0 < len(sure.regions) < len(everything.regions)
    assert sure.dropped - everything.dropped == len(everything.regions) - len(sure.regions)


def test_force_ocr_reads_the_picture_of_a_page_with_text(pipeline: PagePipeline) -> None:
    reading = pipeline.transcribe(SAMPLES / "documents/report.pdf", 0, ReadOptions(force_ocr=True))
    assert reading.method == "ocr"
    assert character_error_rate(reading.text, truth("report")[0]) < 0.02


def test_the_broken_sample_is_corrupt() -> None:
    with pytest.raises(CorruptFile):
        inspect(SAMPLES / "documents/broken.pdf")


def test_handwriting_and_print_are_distinguished_and_go_to_their_recognisers(pipeline: PagePipeline) -> None:
    note = pipeline.transcribe(SAMPLES / "documents/note-handwritten.png", 0, ReadOptions())
    assert {(region.kind, region.recogniser) for region in note.regions} == {("handwritten", "handwriting")}
    fax = pipeline.transcribe(SAMPLES / "documents/fax.tiff", 0, ReadOptions())
    assert {region.kind for region in fax.regions} == {"printed"}
    assert "tesseract" in {region.recogniser for region in fax.regions}


def test_a_threshold_of_one_calls_everything_print(pipeline: PagePipeline) -> None:
    note = pipeline.transcribe(SAMPLES / "documents/note-handwritten.png", 0, ReadOptions(kind_threshold=1))
    assert {region.kind for region in note.regions} == {"printed"}


def test_a_signature_is_a_place_without_text(pipeline: PagePipeline, tmp_path: Path) -> None:
    note = np.asarray(Image.open(SAMPLES / "documents/note-handwritten.png").convert("L"))
    last = max(DbnetDetector().detect(note), key=lambda box: float(box.corners[:, 1].mean())).corners.astype(int)
    name = ink_of(note[last[0, 1] : last[2, 1], last[0, 0] : last[2, 0]].astype(np.float32))
    document = pymupdf.open()
    sheet = document.new_page()
    for number in range(8):
        sheet.insert_text((72, 100 + 18 * number), "The tenant pays the rent on the first day of a month.")
    picture = sheet.get_pixmap(dpi=150, colorspace=pymupdf.csGRAY)
    page = np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w).copy()
    random = np.random.default_rng(3)
    for y in (560, 760, 960):
        ink = signed_name(random, name, 80)
        window = page[y : y + ink.shape[0], 300 : 300 + ink.shape[1]]
        window[:] = window * (1 - ink) + 30 * ink
    Image.fromarray(page).save(tmp_path / "signed.png", dpi=(150, 150))
    reading = pipeline.transcribe(tmp_path / "signed.png", 0, ReadOptions())
    signatures = [region for region in reading.regions if region.kind == "signature"]
    assert signatures
    assert {(region.text, region.confidence, region.recogniser) for region in signatures} == {("", None, "none")}
    assert reading.text.count("The tenant pays the rent on the first day of a month.") == 8
