"""Language hints as people and programs write them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models.errors import LanguageMissing
from models.languages import CODES, is_latin, is_read_by_ppocr, tesseract_codes
from models.options import ReadOptions
from models.pipeline import PagePipeline
from models.recognition.tesseract.data import check_languages, tessdata
from streams.settings import load_settings


@pytest.mark.parametrize(
    ("hints", "codes"),
    [
        ("eng", "eng"),
        ("de", "deu"),
        ("ger", "deu"),
        ("German", "deu"),
        ("deutsch", "deu"),
        ("de-AT", "deu"),
        ("en_US", "eng"),
        ("es-419", "spa"),
        ("zh-Hant", "chi_tra"),
        ("Français", "fra"),
        ("german, english", "deu+eng"),
        ("eng+en+English", "eng"),
        ("fr; it + la", "fra+ita+lat"),
        ("deu_latf", "deu_latf"),
        ("frk", "frk"),
        ("script/Latin", "script/Latin"),
        ("my_own_data", "my_own_data"),
        ("Auto", "auto"),
        ("german, auto", "auto+deu"),
    ],
)
def test_hints_become_tesseracts_codes(hints: str, codes: str) -> None:
    assert ReadOptions(languages=hints).languages == codes
    assert load_settings(languages=hints).languages == codes


@pytest.mark.parametrize(
    ("languages", "detects", "assumed"),
    [("auto", True, "eng"), ("auto+deu+fra", True, "deu+fra"), ("deu+fra", False, "deu+fra")],
)
def test_languages_that_stand_beside_auto_are_those_to_assume(languages: str, detects: bool, assumed: str) -> None:
    options = ReadOptions(languages=languages)
    assert (options.detects_languages, options.assumed_languages) == (detects, assumed)


@pytest.mark.parametrize(("languages", "latin"), [("eng+deu", True), ("kat", False), ("deu+rus", False)])
def test_languages_are_latin_where_all_of_them_are(languages: str, latin: bool) -> None:
    assert is_latin(languages) is latin


@pytest.mark.parametrize(
    ("languages", "known"), [("eng+deu", True), ("jpn", True), ("ell", False), ("eng+rus", False)]
)
def test_ppocr_knows_the_letters_of_some_scripts(languages: str, known: bool) -> None:
    assert is_read_by_ppocr(languages) is known


def test_codes_stay_as_they_are() -> None:
    assert [tesseract_codes(code) for code in CODES] == list(CODES)


@given(st.text())
def test_a_hint_that_was_taken_is_taken_again(hints: str) -> None:
    once = tesseract_codes(hints)
    assert tesseract_codes(once) == once


def test_a_language_that_is_not_installed_is_named_with_its_package_and_what_there_is() -> None:
    with pytest.raises(
        LanguageMissing, match=r"for yor: `apt-get install tesseract-ocr-yor`.*Installed here: .*eng"
    ):
        tessdata("eng+yor")


def test_data_of_ones_own_is_a_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    check_languages("deu+my_own")
    with pytest.raises(LanguageMissing, match="no language my_other"):
        check_languages("my_other")


def test_a_page_in_a_language_that_does_not_exist_is_refused_whatever_reads_it(tmp_path: Path) -> None:
    Image.new("L", (100, 100), 255).save(tmp_path / "page.png")
    with closing(PagePipeline()) as pipeline, pytest.raises(LanguageMissing, match="no language klingon"):
        pipeline.transcribe(tmp_path / "page.png", 0, ReadOptions(languages="eng+klingon"))


def test_a_language_that_does_not_exist_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(LanguageMissing, match=r"knows no language germn: did you mean german \(deu\)\?"):
        tessdata("germn")
    with pytest.raises(LanguageMissing, match=r"no language klingon.* it knows afr, amh.*Installed here: .*eng"):
        tessdata("klingon")
