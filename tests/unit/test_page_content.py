"""Whose text is taken: what a person sees on the page, never what somebody laid under or over a picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
import pytest
from PIL import Image

from models.documents.files import open_document
from models.documents.text_layer import TextLayer, TextLine, is_trusted, without_echoes

PROSE = "The lessee pays the rent on the first working day of every month. "
Draw = Callable[[pymupdf.Page], object]


def picture(mode: str = "L", shade: object = 200) -> bytes:
    data = io.BytesIO()
    Image.new(mode, (60, 80), shade).save(data, "PNG")  # type: ignore[arg-type]
    return data.getvalue()


def layer(tmp_path: Path, *steps: Draw, rotation: int = 0) -> TextLayer | None:
    """Return the text layer of a page of 300 × 400 points on which the steps were drawn in this order."""
    document = pymupdf.open()
    page = document.new_page(width=300, height=400)
    for step in steps:
        step(page)
    page.set_rotation(rotation)
    document.save(tmp_path / "made.pdf")
    with closing(open_document(tmp_path / "made.pdf")) as opened:
        return opened.text_layer(0, 72)


def prose(times: int = 10, **how: object) -> Draw:
    return lambda page: page.insert_textbox((10, 10, 290, 390), PROSE * times, fontsize=9, **how)


def scan(*box: float, **how: Any) -> Draw:
    return lambda page: page.insert_image(box or page.rect, stream=picture(**how), keep_proportion=False)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("steps", "taken"),
    [
        ((prose(),), True),
        ((scan(), prose()), True),  # print over a background picture
        ((scan(0, 0, 300, 190), prose(1)), True),  # a brochure: less than half of it is picture
        ((prose(), scan(mode="LA", shade=(0, 30))), True),  # a watermark over all of it
        ((scan(), prose(render_mode=3)), False),  # the OCR of another program over its scan
        ((scan(), prose(render_mode=7)), False),  # the same, as a clipping path
        ((scan(), prose(fill_opacity=0)), False),  # the same, transparent
        ((prose(), scan()), False),  # the same, under the scan
        ((prose(), *(scan(0, y, 300, y + 40) for y in range(0, 400, 40))), False),  # under a scan in strips
        ((*(scan(0, y, 300, y + 40) for y in range(0, 400, 40)), prose(1)), False),  # a stamp on a scan in strips
        ((scan(), prose(5), prose(5, render_mode=3)), False),  # a stamp and an OCR layer
    ],
)
def test_only_text_that_is_seen_and_is_the_page_is_taken(
    tmp_path: Path, steps: tuple[Draw, ...], taken: bool, rotation: int
) -> None:
    found = layer(tmp_path, *steps, rotation=rotation)
    assert (found is not None) is taken
    assert found is None or found.text.startswith("The lessee pays")


def test_text_beside_a_picture_is_seen_though_the_picture_is_drawn_later(tmp_path: Path) -> None:
    caption = prose(3)
    found = layer(tmp_path, caption, scan(0, 250, 300, 400))
    assert found is not None
    assert found.text.count("lessee") == 3


def test_the_layer_of_a_small_label_under_a_logo_is_not_lost_on_a_large_page(tmp_path: Path) -> None:
    found = layer(tmp_path, prose(), lambda page: page.insert_text((10, 380), "Logo"), scan(5, 360, 60, 390))
    assert found is not None
    assert found.text.count("lessee") == 10


@pytest.mark.parametrize("crop", [(0, 0, 300, 400), (20, 30, 290, 360)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_are_where_the_ink_is_on_turned_and_cropped_pages(
    tmp_path: Path, rotation: int, crop: tuple[float, ...]
) -> None:
    def turn(page: pymupdf.Page) -> None:
        page.insert_text((60, 90), "Turned and cropped")
        page.set_cropbox(pymupdf.Rect(crop))

    found = layer(tmp_path, turn, rotation=rotation)
    with closing(open_document(tmp_path / "made.pdf")) as document:
        image = document.image(0, 72, 80, grey=True)
    assert found is not None
    assert (found.width, found.height) == (image.width, image.height)
    ink = np.argwhere(image.pixels < 128)
    x0, y0, x1, y1 = found.lines[0].box
    assert np.abs(np.array([x0, x1]) - (ink[:, 1].min(), ink[:, 1].max())).max() < 12
    assert np.abs(np.array([y0, y1]) - (ink[:, 0].min(), ink[:, 0].max())).max() < 12
    inside = (ink >= np.floor([y0, x0])) & (ink <= np.ceil([y1, x1]))
    assert inside.all()


@pytest.mark.parametrize("dpi", [72, 96, 100, 150, 300])
def test_a_text_layer_has_the_size_of_the_picture_of_its_page(tmp_path: Path, dpi: int) -> None:
    document = pymupdf.open()
    document.new_page(width=595.28, height=841.89).insert_text((50, 50), "A4 is no whole number of points")
    document.save(tmp_path / "a4.pdf")
    with closing(open_document(tmp_path / "a4.pdf")) as opened:
        found, image = opened.text_layer(0, dpi), opened.image(0, dpi, 80, grey=True)
    assert found is not None
    assert (found.width, found.height) == (image.width, image.height)


def test_glyphs_that_stand_for_no_known_character_are_not_taken_for_others(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=300, height=400)
    font = page.insert_font(fontname="odd", fontbuffer=pymupdf.Font("helv").buffer)
    page.insert_text((20, 50), "Unmapped", fontname="odd")
    document.xref_set_key(font, "ToUnicode", "null")
    document.save(tmp_path / "made.pdf")
    with closing(open_document(tmp_path / "made.pdf")) as opened:
        assert opened.text_layer(0, 72) is None


def test_text_made_bold_by_drawing_it_twice_is_read_once(tmp_path: Path) -> None:
    def bold(page: pymupdf.Page) -> None:
        page.insert_text((20, 50), "Twice but once")
        page.insert_text((20, 90), "In between")
        page.insert_text((20.3, 50.2), "Twice but once")

    found = layer(tmp_path, bold)
    assert found is not None
    assert found.text == "Twice but once\nIn between"


def test_a_text_that_is_there_twice_is_kept_twice() -> None:
    rows = [TextLine((10, top, 60, top + 10), "ditto") for top in (0, 11, 22)]
    assert without_echoes(rows) == rows


@pytest.mark.parametrize(
    ("text", "trusted"),
    [
        ("7KLV OHDVH LV PDGH EHWZHHQ WKH SDUWLHV DQG VKDOO UHPDLQ LQ IRUFH XQWLO WKH HQG " * 2, False),
        ("т℮κst ωιth lеttεrs οf mаnу sсrірts whісh nоbοdу wrоtе likе thаt" * 2, False),
        ("この文書は日本語とカタカナとひらがなで書かれています。" * 3, True),
        ("Договор заключен между сторонами и действует до конца года включительно всегда" * 2, True),
        ("Die Größe für Käufer über vierzig Jahre außer während schöner Tage ändert später " * 2, True),
        ("strč prst skrz krk", True),
        ("Die Kräfte betragen 12 µm und 40 kΩ an jeder Seite des Trägers, siehe Abbildung " * 2, True),
    ],
)
def test_letters_that_make_no_words_are_a_wrong_font_map(text: str, trusted: bool) -> None:
    assert is_trusted(text, 0.0, 0.0) is trusted
