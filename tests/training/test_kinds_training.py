"""What the classifier of kinds is trained on: pages whose ink is known, and the boxes on them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from models.detection.dbnet import DbnetDetector
from models.detection.types import TextBox
from models.errors import ModelError
from models.kinds.model import KINDS
from models.kinds.strokes import line_windows
from models.training.kinds.examples import Examples, examples_of
from models.training.kinds.tagged_letters import load_tagged_pages
from models.training.synthesis.draft import Stationery
from models.training.synthesis.handwriting import InkLine, ink_of, load_writers
from models.training.synthesis.pages import draw_page
from models.training.synthesis.pen import signature
from models.training.synthesis.receipts import Receipts
from models.training.synthesis.sheet import Sheet, kinds_of_boxes
from models.training.synthesis.typefaces import Typefaces
from tests.training.typefaces import typefaces

ALTO = """<alto><Tags><OtherTag ID="a" LABEL="DefaultLine:Handwritten"/><OtherTag ID="b" LABEL="DefaultLine:Print"/>
</Tags><Layout><Page><TextLine TAGREFS="a"><Shape><Polygon POINTS="0 0 200 0 200 100 0 100"/></Shape>
<String CONTENT="a name"/></TextLine><TextLine TAGREFS="b"><Shape><Polygon POINTS="0 100 200 100 200 200 0 200"/>
</Shape></TextLine></Page></Layout></alto>"""


def box(x0: float, y0: float, x1: float, y1: float) -> TextBox:
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return TextBox(corners, 0.9)


@pytest.fixture
def stationery(tmp_path: Path) -> Stationery:
    """Return stationery with the fonts that PyMuPDF carries, and a pen's waves for handwriting."""
    rng = np.random.default_rng(1)
    lines = [InkLine(signature(rng, 60), "a name", "writer") for _ in range(3)]
    return Stationery(typefaces(tmp_path), [lines], ["paper", "came", "back", "unpaid", "1905"])


def test_a_box_is_of_the_kind_that_most_of_its_ink_is() -> None:
    sheet = Sheet(np.ones((200, 300, 3), np.float32))
    solid = np.ones((20, 100), np.float32)
    sheet.stamp(solid, 10, 10, (0, 0, 0), "printed")
    sheet.stamp(solid, 10, 60, (0, 0, 0), "signature")
    sheet.stamp(solid[:, :30], 10, 110, (0, 0, 0), "printed")
    sheet.stamp(solid[:, :25], 60, 110, (0, 0, 0), "handwritten")
    sheet.stamp(solid, 10, 160, (0, 0, 0), None)
    rows = [box(0, y, 150, y + 30) for y in (5, 55, 105, 155)]
    assert kinds_of_boxes(sheet.ink, rows) == ["printed", "signature", None, None]


def test_ink_beyond_the_paper_is_cut_off() -> None:
    sheet = Sheet(np.ones((50, 60, 3), np.float32))
    for x, y in ((-10, -10), (50, 40), (-100, 0), (0, 500)):
        sheet.stamp(np.ones((20, 30), np.float32), x, y, (0, 0, 0), "printed")
    assert sheet.ink[:10, :20].all() and sheet.ink[40:, 50:].all()
    assert sheet.ink.sum() == 10 * 20 + 10 * 10


def test_drawn_pages_have_boxes_of_each_kind(stationery: Stationery, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    pages = [(str(number), *draw_page(rng, stationery)) for number in range(12)]
    found = examples_of(DbnetDetector(), pages, rng)
    found.save(tmp_path / "found.npz")
    kept = Examples.load(tmp_path / "found.npz")
    assert set(kept.kinds.tolist()) == {0, 1, 2}
    assert kept.windows.shape == (len(kept), 32, 128) and kept.features.shape == (len(kept), 198)


def test_receipts_are_print_with_a_note_at_times(stationery: Stationery) -> None:
    receipts = Receipts(stationery)
    pages = [receipts.draw_page(np.random.default_rng(seed)) for seed in range(8)]
    for pixels, ink in pages:
        assert pixels.shape == (*ink.shape, 3)
        assert np.mean(ink == 1 + KINDS.index("printed")) > 0.01
    notes = [np.any(ink == 1 + KINDS.index("handwritten")) for _, ink in pages]
    assert any(notes) and not all(notes)
    again = receipts.draw_page(np.random.default_rng(3))
    assert all(np.array_equal(one, other) for one, other in zip(again, pages[3], strict=True))


def test_fonts_that_are_not_installed_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="README"):
        Typefaces([tmp_path])


def test_light_letters_on_dark_count_as_ink() -> None:
    page = np.full((60, 300), 255, np.uint8)
    cv2.putText(page, "parcels", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    around = np.array([[10, 5], [200, 5], [200, 55], [10, 55]], np.float32)
    assert np.abs(line_windows(page, around) - line_windows(255 - page, around)).mean() < 0.05


def test_a_long_line_is_looked_at_in_two_places() -> None:
    page = np.full((40, 800, 3), 255, np.uint8)
    assert len(line_windows(page, box(0, 0, 800, 40).corners)) == 2
    assert len(line_windows(page, box(0, 0, 200, 40).corners)) == 1


def test_writers_are_loaded_by_document_and_only_their_training_lines(tmp_path: Path) -> None:
    source = tmp_path / "letters"
    source.mkdir()
    rows = ["file\ttext\tsplit\tpage\tdocument"]
    rows += [f'{n}.png\tline "{n}\ttrain\tp{n % 2}\td' for n in range(4)] + ["9.png\tnine\tvalid\tp9\td"]
    (source / "lines.tsv").write_text("\n".join(rows), encoding="utf-8")
    picture = io.BytesIO()
    Image.fromarray(np.tile(np.array([230, 230, 40, 230], np.uint8), (20, 15))).save(picture, "png")
    with tarfile.open(source / "images-00.tar", "w") as archive:
        for name in ("0.png", "1.png", "2.png", "3.png", "9.png"):
            member = tarfile.TarInfo(name)
            member.size = len(picture.getvalue())
            archive.addfile(member, io.BytesIO(picture.getvalue()))
    writers = load_writers(tmp_path, 100, np.random.default_rng(0))
    assert {name: len(lines) for name, lines in writers.items()} == {"letters/d/p0": 2, "letters/d/p1": 2}
    assert writers["letters/d/p0"][0].ink.max() == 1


def test_paper_is_no_ink() -> None:
    grey = np.full((40, 200), 190, np.float32)
    grey[18:22, 20:180] = 30
    ink = ink_of(grey)
    assert ink[:10].max() == 0 and ink[19:21, 30:170].min() == 1


def test_tagged_lines_of_letters_become_an_ink_map(tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "white").save(tmp_path / "one.jpg")
    (tmp_path / "one.xml").write_text(ALTO, encoding="utf-8")
    (page,) = load_tagged_pages(tmp_path, signed=True, longest_side=100)
    assert page.letter == "one" and page.pixels.shape == (100, 100, 3)
    assert (page.ink[:49] == 2).all() and (page.ink[52:] == 1).all()
