from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from models.evaluation.datasets import load_dataset, load_datasets, sample
from models.evaluation.errors import MalformedGroundTruth, NoGroundTruth
from models.evaluation.items import Dataset, Item
from models.evaluation.measure import measure_item
from models.evaluation.readers.types import Transcription
from models.evaluation.scores import ErrorCount

ALTO = """<?xml version="1.0"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">
 <Description><sourceImageInformation><fileName>letter.png</fileName></sourceImageInformation></Description>
 <Tags><OtherTag ID="T1" LABEL="DefaultLine:Typewritten"/><OtherTag ID="T2" LABEL="DefaultLine:Handwritten"/>
  <OtherTag ID="T3" LABEL="DefaultLine:Signature"/></Tags>
 <Layout><Page WIDTH="200" HEIGHT="100"><PrintSpace><TextBlock>
  <TextLine TAGREFS="T1" HPOS="10" VPOS="20" WIDTH="50" HEIGHT="10">
   <String CONTENT="Dear"/><SP/><String CONTENT="Si"/><HYP CONTENT="-"/></TextLine>
  <TextLine TAGREFS="X T2" HPOS="0" VPOS="0" WIDTH="9" HEIGHT="9">
   <Shape><Polygon POINTS="1 2 3 4 5 6"/></Shape><String CONTENT="yours"/></TextLine>
  <TextLine TAGREFS="T3" HPOS="1" VPOS="50" WIDTH="9" HEIGHT="9"/>
 </TextBlock></PrintSpace></Page></Layout>
</alto>"""

PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">
 <Page imageFilename="letter.png" imageWidth="200" imageHeight="100">
  <ReadingOrder><OrderedGroup><RegionRefIndexed index="1" regionRef="a"/>
   <OrderedGroupIndexed index="0"><RegionRefIndexed index="5" regionRef="b"/></OrderedGroupIndexed>
  </OrderedGroup></ReadingOrder>
  <TextRegion id="a"><TextLine production="typewritten"><Coords points="0,0 5,0 5,5"/>
   <TextEquiv><Unicode>third</Unicode></TextEquiv></TextLine></TextRegion>
  <TextRegion id="b" production="handwritten-cursive">
   <TextLine custom="readingOrder {index:1;}"><Coords points="0,0 5,0 5,5"/>
    <Word><TextEquiv><Unicode>not this</Unicode></TextEquiv></Word>
    <TextEquiv index="1"><Unicode>a guess</Unicode></TextEquiv>
    <TextEquiv index="0"><Unicode>second</Unicode></TextEquiv></TextLine>
   <TextLine custom="readingOrder {index:0;}"><Coords points="0,0 5,0 5,5"/>
    <TextEquiv><Unicode>first</Unicode></TextEquiv></TextLine></TextRegion>
  <GraphicRegion type="signature"><Coords points="1,1 2,1 2,2"/></GraphicRegion>
 </Page></PcGts>"""


def picture(path: Path, size: tuple[int, int] = (20, 10)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, 255).save(path)
    return path


def texts(dataset: Dataset) -> dict[str, str | None]:
    return {item.name: item.text for item in dataset.items}


def test_a_text_belongs_to_the_documents_of_its_name(tmp_path: Path) -> None:
    for name in ("note.jpg", "note.pdf", "lease.png", "lease.json", "untold.png"):
        (tmp_path / name).write_bytes(b"-")
    (tmp_path / "note.gt.txt").write_text("by its stem")
    (tmp_path / "note.pdf.gt.txt").write_text("by its full name")
    (tmp_path / "lease.gt.txt").write_text("\ufefflease", encoding="utf-8")
    (tmp_path / "gone.gt.txt").write_text("no document")
    found = load_dataset(tmp_path)
    assert texts(found) == {"lease.png": "lease", "note.jpg": "by its stem", "note.pdf": "by its full name"}
    assert len(found.notes) == 1
    assert "gone.gt.txt" in found.notes[0]


def test_texts_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    picture(tmp_path / "documents" / "a.png")
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "a.gt.txt").write_text("words")
    assert texts(load_dataset(tmp_path / "documents", tmp_path / "truth")) == {"a.png": "words"}


def test_funsd_gives_words_with_boxes_and_the_blocks_text(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "form.png")
    words = [{"box": [1, 2, 3, 4], "text": "Date:"}, {"box": [5, 2, 9, 4], "text": ""}]
    form = {"form": [{"text": "Date:", "words": words}, {"text": "5 May", "words": []}]}
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "form.json").write_text(json.dumps(form))
    [item] = load_dataset(tmp_path).items
    assert (item.name, item.text, item.unit) == ("form.png", "Date:\n5 May", "word")
    assert [(box.text, box.polygon) for box in item.boxes] == [("Date:", ((1, 2), (3, 2), (3, 4), (1, 4)))]


def test_alto_gives_lines_with_their_kinds(tmp_path: Path) -> None:
    picture(tmp_path / "letter.png")
    (tmp_path / "some-name.xml").write_text(ALTO)
    [item] = load_dataset(tmp_path).items
    assert (item.name, item.text, item.size) == ("letter.png", "Dear Si-\nyours", (200, 100))
    assert [(box.kind, box.text) for box in item.boxes] == [
        ("printed", "Dear Si-"), ("handwritten", "yours"), ("signature", ""),
    ]  # fmt: skip
    assert item.boxes[0].polygon == ((10, 20), (60, 20), (60, 30), (10, 30))
    assert item.boxes[1].polygon == ((1, 2), (3, 4), (5, 6))


@pytest.mark.parametrize("where", [".", "page"])
def test_page_xml_is_read_in_its_reading_order(tmp_path: Path, where: str) -> None:
    picture(tmp_path / "letter.png")
    (tmp_path / where).mkdir(exist_ok=True)
    (tmp_path / where / "letter.xml").write_text(PAGE)
    [item] = load_dataset(tmp_path).items
    assert item.text == "first\nsecond\nthird"
    assert [box.kind for box in item.boxes] == ["handwritten", "handwritten", "printed", "signature"]


def test_a_table_without_a_header_is_file_and_text(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "gt.tsv").write_text('a.png\t"so\n')
    [item] = load_dataset(tmp_path).items
    assert (item.text, item.single_line, item.document(tmp_path)) == ('"so', True, tmp_path / "a.png")


def test_pictures_of_lines_come_out_of_their_tar_file(tmp_path: Path) -> None:
    packed(tmp_path / "images.tar", {"one/a.png": b"1", "two/a.png": b"2"})
    (tmp_path / "lines.tsv").write_text("file\ttext\none/a.png\tfirst\ntwo/a.png\tsecond\n")
    out = tmp_path / "out"
    out.mkdir()
    found = {item.text: item.document(out) for item in load_dataset(tmp_path).items}
    assert {text: path.read_bytes() for text, path in found.items()} == {"first": b"1", "second": b"2"}
    assert all(path.parent == out and path.suffix == ".png" for path in found.values())


def test_lines_for_training_are_not_measured_on_unless_asked_for(tmp_path: Path) -> None:
    rows = ["file\ttext\tsplit\ttar", "a.png\ta\ttrain\ti.tar", "b.png\tb\tvalid\ti.tar"]
    packed(tmp_path / "i.tar", {"a.png": b"", "b.png": b""})
    (tmp_path / "lines.tsv").write_text("\n".join(rows))
    assert texts(load_dataset(tmp_path)) == {"b.png": "b"}
    assert texts(load_dataset(tmp_path, split="train")) == {"a.png": "a"}
    with pytest.raises(NoGroundTruth, match="it has train, valid"):
        load_dataset(tmp_path, split="test")


def test_yolo_boxes_become_signatures_and_logos_are_left_aside(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    picture(tmp_path / "none.jpg")
    (tmp_path / "a.txt").write_text("0 .5 .5 1 1\n1 0.5 0.25 0.5 0.5\n")
    (tmp_path / "none.txt").write_text("")
    first, second = load_dataset(tmp_path).items
    assert (first.text, first.unit, first.size) == (None, "signature", (1, 1))
    assert [box.polygon for box in first.boxes] == [((0.25, 0.0), (0.75, 0.0), (0.75, 0.5), (0.25, 0.5))]
    assert second.boxes == ()


def test_yolo_classes_may_be_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("0 .5 .5 1 1\n")
    (tmp_path / "classes.txt").write_text("Signature\nstamp\n")
    assert len(load_dataset(tmp_path).items[0].boxes) == 1


def test_eight_coordinates_and_a_text_are_a_line(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png", "other.png"):
        picture(tmp_path / name)
    (tmp_path / "a.csv").write_text("1,2,9,2,9,4,1,4,TOTAL, RM 12.50\n1,5,9,5,9,7,1,7,###\n", encoding="utf-8")
    (tmp_path / "gt_b.txt").write_text("\ufeff1,2,9,2,9,4,1,4,Thank you\n", encoding="utf-8")
    (tmp_path / "other.csv").write_text("name,amount\nx,1\n")
    first, second = load_dataset(tmp_path).items
    assert [(item.name, item.text) for item in (first, second)] == [
        ("a.jpg", "TOTAL, RM 12.50"),
        ("b.png", "Thank you"),
    ]
    assert first.boxes[0].polygon == ((1, 2), (9, 2), (9, 4), (1, 4))
    assert [box.text for box in first.boxes] == ["TOTAL, RM 12.50", ""]
    assert not first.in_capitals


def test_a_set_without_small_letters_is_compared_in_capitals(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "a.csv").write_text("1,2,9,2,9,4,1,4,TOTAL\n", encoding="utf-8")
    (item,) = load_dataset(tmp_path).items

    class Lower:
        gives_boxes = False

        def warm_up(self) -> None: ...

        def read(self, path: Path) -> Transcription:
            return Transcription("Total", 1)

    assert measure_item(item, Lower(), tmp_path).characters == ErrorCount(0, 5)


def test_a_folder_of_sets_gives_those_that_have_truth(tmp_path: Path) -> None:
    for name in ("b", "a"):
        picture(tmp_path / name / "x.png")
        (tmp_path / name / "x.gt.txt").write_text(name)
    picture(tmp_path / "c" / "x.png")
    assert [(found.name, texts(found)) for found in load_datasets(tmp_path)] == [
        ("a", {"x.png": "a"}), ("b", {"x.png": "b"}),
    ]  # fmt: skip


def test_a_folder_without_truth_names_what_is_understood(tmp_path: Path) -> None:
    picture(tmp_path / "x.png")
    with pytest.raises(NoGroundTruth, match=r"ALTO or PAGE XML.*NAME\.gt\.txt"):
        load_datasets(tmp_path)
    with pytest.raises(NoGroundTruth, match="is not a folder"):
        load_datasets(tmp_path / "x.png")
    with pytest.raises(NoGroundTruth, match="is not a folder"):
        load_datasets(tmp_path, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gt.tsv", "gone.png\ttext\n", "there is no .*gone.png"),
        ("gt.tsv", "only one column\n", "1 columns"),
        ("lines.tsv", "file\ttext\nx.png\ta\tb\n", "row 1: 3 columns"),
        ("gt.tsv", "x.png\ta\nx.png\tb\n", "x.png more than once"),
        ("x.xml", "<alto><Layout>", "cannot be parsed"),
        ("x.xml", "<alto/>", "no <Page>"),
        ("x.xml", "<html/>", "neither ALTO nor PAGE"),
        ("x.xml", ALTO.replace('HPOS="10"', ""), "HPOS"),
        ("x.xml", ALTO.replace("1 2 3 4 5 6", "1 2"), "not a polygon"),
        ("x.xml", ALTO.replace("1 2 3 4", "1 2 nan 4"), "not a position"),
        ("x.xml", ALTO.replace('WIDTH="200"', 'WIDTH="0"'), "the page is 0 × 100"),
        ("y.xml", PAGE.replace("letter", "gone"), "no document"),
        ("x.txt", "Dear Sir,\n", "call it x.gt.txt"),
        ("x.txt", "7 .5 .5 1 1\n", "row 1 is not a YOLO box"),
        ("x.txt", "1 .5 nan 1 1\n", "row 1 is not a YOLO box"),
        ("x.gt.txt", b"caf\xe9", "not UTF-8"),
        ("annotations/x.json", "{}", "not FUNSD"),
        ("x.csv", "1,2,3,4,5,6,7,8,a\n1,2,3,4,5,6,7,b,a\n", "row 2 is not x, y of four corners"),
        ("x.csv", "1,2,3,4,5,6,7,8\n", "row 1 is not x, y of four corners"),
    ],
)
def test_broken_truth_names_the_file_and_the_fault(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    picture(tmp_path / "x.png")
    picture(tmp_path / "images" / "x.png")
    picture(tmp_path / "letter.png")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MalformedGroundTruth, match=message) as caught:
        load_datasets(tmp_path)
    assert Path(name).name in caught.value.message


def test_a_tar_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "gt.tsv").write_text("a.png\ta\n")
    (tmp_path / "i.tar").write_bytes(b"x" * 2000)
    with pytest.raises(MalformedGroundTruth, match=r"i\.tar is not a tar file"):
        load_dataset(tmp_path)


def test_a_sample_is_always_the_same_and_grows_with_its_limit() -> None:
    items = tuple(Item(f"{number}.png", Path(f"{number}.png"), "") for number in range(50))
    whole = Dataset("set", "text", items)
    small, large = sample(whole, 5), sample(whole, 20)
    assert small == sample(Dataset("set", "text", items), 5)
    assert [len(small.items), len(large.items)] == [5, 20]
    assert set(small.items) < set(large.items)
    assert list(large.items) == [item for item in items if item in large.items]
    assert small.items != items[:5]
    assert {item.name for item in small.items} != set(sorted(item.name for item in items)[:5])
    assert sample(whole, None) == sample(whole, 99) == whole


def packed(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_a_text_of_words_in_order_joins_what_lines_split(tmp_path: Path) -> None:
    (tmp_path / "note.pdf").write_bytes(b"-")
    (tmp_path / "note.pdf.expected.txt").write_text("the committee")
    dataset = load_dataset(tmp_path)
    assert dataset.format == "words"
    assert texts(dataset) == {"note.pdf": "the committee"}
    assert dataset.items[0].joins_words


TEST = {
    "pdf": "scans/1.pdf",
    "page": 1,
    "id": "1",
    "type": "order",
    "before": "one",
    "after": "two",
    "max_diffs": 1,
}


def passage_tests(folder: Path, *rows: dict[str, object]) -> Path:
    (folder / "scans").mkdir(exist_ok=True)
    (folder / "scans" / "1.pdf").write_bytes(b"-")
    (folder / "scans.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_tests_of_passages_belong_to_their_documents(tmp_path: Path) -> None:
    absent = {**TEST, "id": "2", "type": "absent", "text": "31", "first_n": 10, "case_sensitive": False}
    dataset = load_dataset(passage_tests(tmp_path, TEST, absent, {**TEST, "type": "math"}))
    (item,) = dataset.items
    assert (item.name, item.split, item.text) == ("scans/1.pdf", "scans", None)
    order, other = item.checks
    assert (order.kind, order.passage, order.following, order.max_edits) == ("order", "one", "two", 1)
    assert (other.kind, other.first_characters, other.case_sensitive) == ("absent", 10, False)
    assert dataset.notes == ("1 tests of type math are left aside",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**TEST, "pdf": "scans/2.pdf"}, "no document"), ({**TEST, "pdf": "../1.pdf"}, "no document"),
        ({**TEST, "page": 2}, "page 2"), ({"id": "1"}, "no test"), ({**TEST, "type": "present"}, "has no 'text'"),
    ],
)  # fmt: skip
def test_tests_that_cannot_be_run_are_named(tmp_path: Path, row: dict[str, object], reason: str) -> None:
    with pytest.raises(MalformedGroundTruth, match=reason):
        load_dataset(passage_tests(tmp_path, row))
