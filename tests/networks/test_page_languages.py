"""`languages=auto`: each page has the languages it is written in, or those that are assumed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from models.detection.registry import TextDetectors
from models.document import PageImage, PageLanguages, PageLines, PageReading, Region
from models.layout.geometry import box_polygon
from models.options import ReadOptions
from models.pipeline import PagePipeline
from models.reading.page_languages import read_in_own_languages
from models.reading.routed import RoutedReader
from models.recognition.registry import LineRecognisers
from models.recognition.tesseract.script import script_of_page
from models.recognition.tesseract.words import PlacedWord
from models.recognition.text_language import languages_of_text

ENGLISH = (
    "Dear Madam, thank you for your letter of last week. We have sent the goods today and hope that they will "
    "reach you in the next few days. Please pay the amount within a fortnight. Do call us if anything is missing."
)
GERMAN = (
    "Sehr geehrte Frau Schneider, vielen Dank für Ihre Bestellung vom vergangenen Dienstag. Wir haben die Ware "
    "heute verschickt und hoffen, dass sie in den nächsten Tagen bei Ihnen eintrifft. Bitte zahlen Sie den Betrag."
)
ICELANDIC = (
    "Kæra frú, þakka þér fyrir bréfið í síðustu viku. Við sendum vörurnar í dag og vonum að þær berist þér á næstu "
    "dögum. Vinsamlegast greiðið upphæðina innan tveggja vikna. Ef þú hefur spurningar, hringdu þá í okkur."
)
RUSSIAN = (
    "Благодарим Вас за письмо, полученное на прошлой неделе. Мы отправили товар сегодня и надеемся, что он "
    "прибудет к вам в ближайшие дни. Просим оплатить счёт в течение двух недель. Если будут вопросы, звоните нам."
)
AUTOMATIC = ReadOptions(languages="auto")


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        (ENGLISH, ("eng",)),
        (GERMAN, ("deu",)),
        (ENGLISH.upper(), ("eng",)),
        (RUSSIAN, ("rus",)),
        ("Η γλώσσα αυτή είναι ελληνική και πολύ παλιά", ("ell",)),
        ("这是一个简体中文的句子，我们今天发货了。", ("chi_sim",)),
        ("這是一個繁體中文的句子，我們今天發貨了。", ("chi_tra",)),
        ("これは日本語の文章です。今日は天気がいいですね。", ("jpn",)),
        ("Total 12.50", ()),
        ("1234 5678 90", ()),
        ("", ()),
    ],
)
def test_a_text_has_its_language_or_none_where_that_is_not_certain(text: str, languages: tuple[str, ...]) -> None:
    assert languages_of_text(text) == languages


def test_a_page_in_two_languages_has_both_and_a_quotation_makes_no_second() -> None:
    assert set(languages_of_text(f"{ENGLISH}\n{GERMAN}")) == {"eng", "deu"}
    assert languages_of_text("\n".join([ENGLISH] * 5 + [GERMAN])) == ("eng",)


@dataclass
class Reader:
    """Reads one line, whatever the page, and notes in which languages it was asked to."""

    text: str
    confidence: float = 0.95
    asked: list[str] = field(default_factory=list)
    wants_grey: bool = True

    def warm_up(self, options: ReadOptions) -> None: ...

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        self.asked.append(options.languages)
        polygon = box_polygon((10, 10, 90, 20), image.width, image.height)
        regions = (Region(polygon, self.text, self.confidence, "none"),) if self.text else ()
        return PageLines(regions, unread_glyphs=0 if self.text else 100)

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        return {}


def found(engine: Reader, image: PageImage, **options: str) -> PageLanguages:
    _, languages = read_in_own_languages(
        image, ReadOptions.model_validate({"languages": "auto", **options}), engine, in_process=True
    )
    return languages


def drawn(*texts: str) -> PageImage:
    picture = document(*texts)[0].get_pixmap(dpi=150, colorspace="gray")
    return PageImage(np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w), 150)


def document(*texts: str) -> pymupdf.Document:
    made = pymupdf.open()
    page = made.new_page()
    writer = pymupdf.TextWriter(page.rect)
    for number, text in enumerate(texts):
        area = pymupdf.Rect(60, 60 + 300 * number, 540, 350 + 300 * number)
        writer.fill_textbox(area, text, font=pymupdf.Font("helv"), fontsize=14)
    writer.write_text(page)
    return made


def test_a_page_in_another_language_is_read_again_in_it() -> None:
    reader = Reader(ICELANDIC)
    assert found(reader, drawn(), reader="ppocr") == PageLanguages("isl", "detected")
    assert reader.asked == ["eng", "isl"]


def test_a_page_in_the_assumed_language_is_read_once() -> None:
    reader = Reader(GERMAN)
    assert found(reader, drawn(), languages="auto+deu", reader="ppocr") == PageLanguages("deu", "detected")
    assert reader.asked == ["deu"]


@pytest.mark.parametrize("reader", [Reader("Total 12.50"), Reader(ICELANDIC, confidence=0.4)])
def test_a_page_that_does_not_show_its_language_is_read_in_the_assumed_one(reader: Reader) -> None:
    assert found(reader, drawn(ENGLISH)) == PageLanguages("eng", "assumed")
    assert found(reader, drawn(ENGLISH), languages="auto+deu+eng") == PageLanguages("deu+eng", "assumed")


def test_a_language_that_cannot_be_read_is_named_with_its_package() -> None:
    languages = found(Reader(RUSSIAN), drawn(), reader="ppocr")
    assert (languages.codes, languages.source) == ("eng", "assumed")
    assert languages.warnings[0].startswith("language-not-installed: the page seems to be in rus")
    assert "apt-get install tesseract-ocr-rus" in languages.warnings[0]


def test_a_script_that_cannot_be_read_is_named() -> None:
    reader = Reader("")
    languages = found(reader, drawn(RUSSIAN, RUSSIAN), reader="ppocr")
    assert languages.source == "assumed" and "Cyrillic script" in languages.warnings[0]
    assert reader.asked == ["eng"]


@pytest.mark.parametrize("in_process", [True, False])
def test_the_script_of_a_page_is_found_both_ways_and_that_of_a_blank_one_is_not(in_process: bool) -> None:
    assert script_of_page(drawn(RUSSIAN, RUSSIAN), in_process=in_process) == "Cyrillic"
    assert script_of_page(drawn(), in_process=in_process) is None


def read(path: Path, options: ReadOptions) -> PageReading:
    with closing(PagePipeline()) as pipeline:
        pipeline.warm_up(options)
        return pipeline.transcribe(path, 0, options)


@pytest.mark.parametrize(
    ("text", "language", "source"), [(GERMAN, "deu", "detected"), ("Total 12.50", "eng", "assumed")]
)
def test_a_text_layer_has_the_language_of_its_text(tmp_path: Path, text: str, language: str, source: str) -> None:
    document(text).save(tmp_path / "layer.pdf")
    reading = read(tmp_path / "layer.pdf", AUTOMATIC)
    assert (reading.method, reading.language, reading.language_source) == ("text_layer", language, source)
    reading = read(tmp_path / "layer.pdf", ReadOptions())
    assert (reading.language, reading.language_source) == ("eng", "given")


@pytest.mark.parametrize("reader", ["auto", "tesseract"])
def test_a_scan_has_the_language_that_is_read_on_it(tmp_path: Path, reader: str) -> None:
    document(ENGLISH)[0].get_pixmap(dpi=200).save(tmp_path / "scan.png")
    reading = read(tmp_path / "scan.png", AUTOMATIC.model_copy(update={"reader": reader}))
    assert (reading.method, reading.language, reading.language_source) == ("ocr", "eng", "detected")
    assert "".join(reading.text.split())[:40] == "".join(ENGLISH.split())[:40]


@dataclass
class Words:
    """Reads one word in the middle of the line, with little confidence."""

    word: PlacedWord

    def warm_up(self, options: ReadOptions) -> None: ...

    def words(self, image: PageImage, options: ReadOptions) -> list[PlacedWord]:
        return [self.word]

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        return {"printed": "words"}


@pytest.mark.parametrize(("languages", "is_kept"), [("ell", True), ("eng", False)])
def test_what_tesseract_reads_stands_where_ppocr_does_not_know_the_letters(languages: str, is_kept: bool) -> None:
    page = pymupdf.open().new_page(width=300, height=150)
    page.insert_text((40, 80), "Nothing but a line", fontsize=24)
    picture = page.get_pixmap(dpi=150)
    image = PageImage(np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3), 150)
    reader = RoutedReader(
        Words(PlacedWord((90, 120, 480, 180), "Γλώσσα", 0.7)), TextDetectors(None), LineRecognisers(None)
    )
    lines = reader.read(image, ReadOptions(languages=languages))
    assert ("Γλώσσα" in [region.text for region in lines.regions]) is is_kept
