"""Regions drawn over a page's picture: where they are, in which colour, and with which labels."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from models.document import Kind, Polygon
from models.errors import OptionsError
from models.export.draw_pixels import draw_regions
from models.export.draw_svg import svg_of
from models.export.drawing import DrawOptions, draw_options, drawing_of
from models.export.label_images import label_images
from models.export.registry import export
from models.export.types import ExportedDocument
from streams.commands.drawing import drawing_options
from streams.errors import ConfigurationError
from streams.messages.page_parts import RegionRecord, WordRecord
from streams.messages.records import PageText
from tests.unit.test_api import PAGE

LEANING: Polygon = ((20, 40), (80, 20), (84, 32), (24, 52))
WHITE = (255, 255, 255)


def page(*kinds: Kind, text: str = "an invoice") -> PageText:
    word = WordRecord(text="an", polygon=[(20, 60), (40, 60), (40, 70), (20, 70)], confidence=0.5)
    regions = [
        RegionRecord(
            polygon=list(LEANING), kind=kind, text=text, confidence=0.873, recogniser="tesseract", words=[word]
        )
        for kind in kinds or ("printed",)
    ]
    return PAGE.model_copy(update={"width": 100, "height": 100, "regions": regions})


def drawn(read: PageText, width: int = 100, **options: object) -> Image.Image:
    drawing = drawing_of(read, draw_options({"color.printed": "#ff0000", "line_width": 1} | options))
    return Image.fromarray(draw_regions(np.full((width, width, 3), 255, np.uint8), drawing))


def is_red(picture: Image.Image, x: int, y: int) -> bool:
    """Return whether a pixel is in an outline, which is smooth at its edges."""
    red, green, blue = np.asarray(picture)[y, x].tolist()
    return bool(red == 255 and green == blue and green < 60)


def test_a_polygon_lies_as_its_line_does_or_is_an_upright_box() -> None:
    leaning, box = drawn(page()), drawn(page(), rotated="0")
    assert leaning.getpixel((50, 30)) != WHITE and leaning.getpixel((20, 20)) == WHITE
    assert is_red(box, 50, 20) and is_red(box, 20, 30) and box.getpixel((50, 30)) == WHITE


def test_areas_are_filled_so_that_the_page_shows_through() -> None:
    red, green, blue = np.asarray(drawn(page(), filled="1"))[36, 50]
    assert red == 255 and 100 < green == blue < 200
    assert drawn(page()).getpixel((50, 36)) == WHITE


def test_shapes_are_scaled_to_the_picture() -> None:
    assert is_red(drawn(page(), 400, rotated="0"), 200, 80)


def test_kinds_have_colours_and_only_those_asked_for_are_drawn() -> None:
    shapes = drawing_of(page("printed", "handwritten", "signature"), DrawOptions()).shapes
    assert len({shape.colour for shape in shapes}) == 3
    only = drawing_of(page("printed", "signature"), draw_options({"kinds": "signature"})).shapes
    assert [shape.colour for shape in only] == [DrawOptions().colour_of("signature")]


def test_words_are_drawn_in_the_colour_of_their_line() -> None:
    shapes = drawing_of(page("handwritten"), draw_options({"regions": "lines,words", "confidences": 1})).shapes
    assert [(shape.is_word, shape.label, shape.colour) for shape in shapes] == [
        (False, "0.87", "#D55E00"), (True, "0.50", "#D55E00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["invoice", "Straße", "Ελλάδα", "Привет", "日本語", "한국어", "عربي", "हिन्दी", "ไทย"]
)
def test_labels_are_written_in_any_script(text: str) -> None:
    [label, missing, empty] = label_images([text, "\U000f0000" * len(text), ""], 20, 400)
    assert label.shape[0] == 32 and label.shape[1] > 10 and label.max() > 200
    assert missing.shape[1] == empty.shape[1] == 0


def test_a_label_stands_above_its_region_and_never_outside_the_page() -> None:
    assert (np.asarray(drawn(page(), 400, labels="1"))[40:78, 80:200] != 255).any()
    wide = drawn(page(text="long " * 100), 400, labels="1", font_size="40")
    assert wide.size == (400, 400)


def test_svg_escapes_what_was_read() -> None:
    read = page(text='<script>&\x00\x1b"')
    content = svg_of(drawing_of(read, draw_options({"labels": "1"})), (100, 100), None)
    root = ElementTree.fromstring(content)
    assert [one.tag.rpartition("}")[2] for one in root] == ["polygon", "text"]
    assert root[0][0].text == '<script>&  "'


def test_a_region_outside_the_picture_or_without_extent_breaks_nothing() -> None:
    far = 1e9
    outside = [(-50, -50), (-10, -50), (-10, -20)], [(far, far)] * 3, [(-far, 0), (far, 9), (0, 9)]
    for points in (*outside, [(5, 5)] * 4):
        odd = page()
        odd = odd.model_copy(update={"regions": [odd.regions[0].model_copy(update={"polygon": points})]})
        for filled in ("0", "1"):
            drawn(odd, filled=filled, labels="1")


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(OptionsError, match=r"no label in drawing; there are .*color\.printed"):
        draw_options({"label": "1"})
    with pytest.raises(OptionsError, match="line_width"):
        draw_options({"line_width": "101"})
    with pytest.raises(ConfigurationError, match="text has no drawing; use --format png, jpg, svg"):
        drawing_options(["labels=1"], "text")
    with pytest.raises(ConfigurationError, match="NAME=VALUE"):
        drawing_options(["labels"], "png")
    assert drawing_options([], "text") is None


@pytest.mark.parametrize(("form", "magic"), [("png", b"\x89PNG"), ("jpg", b"\xff\xd8"), ("svg", b"<svg")])
def test_a_page_is_a_picture_and_several_are_an_archive(tmp_path: Path, form: str, magic: bytes) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (100, 100), "white").save(path)
    failed = PAGE.model_copy(update={"exception": "read: X", "width": 0, "height": 0, "dpi": 0, "regions": []})
    for read in (page(), failed):
        made = export(form, ExportedDocument("a.png", [0], [read], path))
        assert b"".join(made.pieces).startswith(magic) and made.suffix == f".{form}"
    made = export(form, ExportedDocument("a.png", [], [], path))
    assert made.media_type == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(b"".join(made.pieces))).namelist() == []
