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
from models.documents.text_layer import TextLayer, TextLine, judge, without_echoes
from models.errors import UnsupportedFile

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
    ("text", "trust"),
    [
        ("7KLV OHDVH LV PDGH EHWZHHQ WKH SDUWLHV DQG VKDOO UHPDLQ LQ IRUFH XQWLO WKH HQG " * 2, "doubtful"),
        ("т℮κst ωιth lеttεrs οf mаnу sсrірts whісh nоbοdу wrоtе likе thаt" * 2, "doubtful"),
        ("この文書は日本語とカタカナとひらがなで書かれています。 " * 13, "trusted"),
        ("Договор заключен между сторонами и действует до конца года включительно всегда" * 2, "trusted"),
        ("Die Größe für Käufer über vierzig Jahre außer während schöner Tage ändert später " * 2, "trusted"),
        ("strč prst skrz krk", "doubtful"),  # too short to judge by its letters
        ("Die Kräfte betragen 12 µm und 40 kΩ an jeder Seite des Trägers, siehe Abbildung " * 2, "trusted"),
        (
            "kno wledge-based metho ds are ligh t w eigh t, since w e do not generate precise ones " * 3,
            "doubtful",
        ),
        (
            "SUS GmbH Stpl GmbH Brgm KGaA Trnsp GmbH Krnbg GmbH Prchm GmbH Schmdt GmbH Stlwrk " * 3,
            "doubtful",
        ),
    ],
)
def test_letters_that_make_no_words_are_compared_with_the_picture(text: str, trust: str) -> None:
    assert judge(text, 0.0, 0.0) == trust


def text_at(y: float, text: str, **how: Any) -> Draw:
    return lambda page: page.insert_text((20, y), text, **how)


def box_at(y: float, shade: float) -> Draw:
    return lambda page: page.draw_rect((10, y - 15, 290, y + 5), color=None, fill=(shade, shade, shade))


WHITE, GREY = (1, 1, 1), (0.6, 0.6, 0.6)


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize(
    ("steps", "is_there"),
    [
        ((text_at(90, "Hidden words", color=WHITE),), False),
        ((box_at(90, 0.2), text_at(90, "Hidden words", color=WHITE)), True),  # white on a dark heading
        ((box_at(90, 0.6), text_at(90, "Hidden words", color=GREY)), False),
        ((text_at(90, "Hidden words"), box_at(90, 0.5)), False),
        ((box_at(90, 0.9), text_at(90, "Hidden words")), True),  # a shaded row of a table
        ((text_at(90, "Hidden words", render_mode=3),), False),
        ((text_at(90, "Hidden words", fill_opacity=0),), False),
        ((text_at(-40, "Hidden words"),), False),
        ((text_at(90, "Hidden words", color=(0.75, 0.75, 0.75)),), True),  # pale, but there
    ],
)
def test_what_nobody_can_see_is_no_text(
    tmp_path: Path, steps: tuple[Draw, ...], is_there: bool, rotation: int
) -> None:
    found = layer(tmp_path, prose(2), *steps, rotation=rotation)
    assert found is not None
    assert ("Hidden words" in found.text) is is_there
    assert found.text.count("lessee") == 2


def test_text_of_a_hidden_layer_is_no_text(tmp_path: Path) -> None:
    def hidden(page: pymupdf.Page) -> None:
        switched_off = page.parent.add_ocg("off", on=False)
        page.insert_text((20, 200), "Switched off", oc=switched_off)

    found = layer(tmp_path, prose(2), hidden)
    assert found is not None and "Switched off" not in found.text


def test_bold_that_is_drawn_again_in_pieces_is_there_once(tmp_path: Path) -> None:
    def bold(page: pymupdf.Page) -> None:
        for x, text in ((20, "2011 Annual report"), (20.2, "2011"), (20.3, "2011 Annual")):
            page.insert_text((x, 50), text, fontsize=18)

    found = layer(tmp_path, bold)
    assert found is not None and found.text == "2011 Annual report"


def test_ideographs_that_stand_in_columns_are_a_line_each(tmp_path: Path) -> None:
    def columns(page: pymupdf.Page) -> None:
        for x, text in ((250, "縦書きの日本語"), (220, "右から左へ")):
            for number, glyph in enumerate(text):
                page.insert_text((x, 50 + 16 * number), glyph, fontname="japan", fontsize=14)

    found = layer(tmp_path, columns)
    assert found is not None and found.text == "縦書きの日本語\n右から左へ"


def widget(kind: int, rect: tuple[float, ...], value: object, flags: int = 0) -> Draw:
    def add(page: pymupdf.Page) -> None:
        field = pymupdf.Widget()
        field.field_type, field.rect, field.field_name = kind, pymupdf.Rect(rect), f"field {rect}"
        field.field_value, field.field_flags = value, flags
        if flags:
            field.text_maxlen = 9
        page.add_widget(field)

    return add


def test_form_fields_stand_where_their_widgets_are(tmp_path: Path) -> None:
    found = layer(
        tmp_path, text_at(60, "Smoker"), text_at(100, "Diabetes"), text_at(140, "Code"),
        widget(pymupdf.PDF_WIDGET_TYPE_CHECKBOX, (80, 48, 94, 62), True),
        widget(pymupdf.PDF_WIDGET_TYPE_CHECKBOX, (80, 88, 94, 102), False),
        widget(pymupdf.PDF_WIDGET_TYPE_TEXT, (80, 126, 250, 144), "AB1234567", 1 << 24),
        widget(pymupdf.PDF_WIDGET_TYPE_TEXT, (80, 166, 250, 184), "Lindqvist"),
    )  # fmt: skip
    assert found is not None
    boxes = {line.text: line.box for line in found.lines}
    assert {"☒", "☐", "AB1234567", "Lindqvist", "Smoker"} <= set(boxes)
    assert len(found.lines) == 7
    assert boxes["☒"] == pytest.approx((80, 48, 94, 62), abs=1)
    assert boxes["☐"] == pytest.approx((80, 88, 94, 102), abs=1)


@pytest.mark.parametrize("annotations", [True, False])
def test_sticky_notes_are_read_where_they_are_wanted(tmp_path: Path, annotations: bool) -> None:
    document = pymupdf.open()
    page = document.new_page(width=300, height=400)
    page.insert_text((20, 50), "Draft of the lease")
    page.add_text_annot((200, 40), "Delete clause 7")
    document.save(tmp_path / "made.pdf")
    with closing(open_document(tmp_path / "made.pdf")) as opened:
        found = opened.text_layer(0, 72, annotations=annotations)
    assert found is not None
    assert ("Delete clause 7" in found.text) is annotations


@pytest.mark.parametrize(
    ("step", "more"),
    [
        (lambda page: page.insert_image((20, 200, 120, 300), stream=picture()), True),
        (lambda page: page.draw_line((20, 200), (280, 200)), False),  # a rule
        (lambda page: page.draw_rect((15, 35, 290, 60), color=None, fill=(0.9, 0.9, 0.9)), False),  # behind a line
        (lambda page: page.draw_bezier((20, 200), (40, 220), (60, 180), (80, 200)), True),  # it might be a letter
        (lambda page: page.insert_text((20, 100), "More"), False),
    ],
)
def test_pages_with_pictures_and_drawings_may_show_more(tmp_path: Path, step: Draw, more: bool) -> None:
    found = layer(tmp_path, step, text_at(50, "A line of text"))
    assert found is not None and found.may_show_more is more


def test_a_dynamic_form_is_named_and_not_read_as_a_request_to_wait(tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page().insert_text((50, 50), "Please wait...")
    catalog = document.pdf_catalog()
    form = document.get_new_xref()
    document.update_object(form, "<</XFA null>>")
    document.update_stream(form, b"<xdp/>", new=True)
    document.xref_set_key(catalog, "AcroForm", f"<</Fields[]/XFA {form} 0 R>>")
    document.xref_set_key(catalog, "NeedsRendering", "true")
    document.save(tmp_path / "form.pdf")
    with pytest.raises(UnsupportedFile, match="dynamic XFA form"):
        open_document(tmp_path / "form.pdf")
