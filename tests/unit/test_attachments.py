"""Files that are attached to a PDF: which of them become documents, under which names, within which bounds."""

from __future__ import annotations

import zlib
from pathlib import Path

import pymupdf
import pytest

from models.documents.attachments import attached_files
from models.errors import shown_uri
from streams.agents.attachments import attachment_id, attachment_messages, may_have_attachments
from streams.agents.outgoing import Addressing
from streams.kafka.topics import TopicNames
from streams.settings import Settings

LIMIT = 1_000_000


def pdf(text: str = "attached") -> bytes:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), text)
    return bytes(document.tobytes())


def portfolio(file: Path, attached: dict[str, bytes], *, is_portfolio: bool = True) -> Path:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "cover")
    for number, (name, content) in enumerate(attached.items()):
        document.embfile_add(str(number), content, filename=name, ufilename=name)
    if is_portfolio:
        document.xref_set_key(document.pdf_catalog(), "Collection", "<</Type/Collection>>")
    # MuPDF has every file with attachments open with their list
    file.write_bytes(document.tobytes().replace(b"/UseAttachments", b"/UseNone       "))
    return file


def test_what_can_be_read_is_taken_and_one_warning_names_the_rest(tmp_path: Path) -> None:
    attached = {"a.pdf": pdf(), "data.xml": b"<invoice/>", "empty.pdf": b"", "large.pdf": pdf() + b" " * LIMIT}
    found = attached_files(portfolio(tmp_path / "p.pdf", attached), (), "portfolio", LIMIT)
    assert [(file.name, file.content) for file in found.files] == [("a.pdf", attached["a.pdf"])]
    (warning,) = found.warnings
    assert warning.startswith("attachments: of 4 attached files, these are not read: ")
    assert all(part in warning for part in ("data.xml (HTML or XML", "empty.pdf (empty)", "large.pdf (larger than"))


@pytest.mark.parametrize(
    ("is_portfolio", "which", "number"),
    [(True, "portfolio", 1), (False, "portfolio", 0), (False, "all", 1), (True, "none", 0)],
)
def test_whose_attachments_are_taken_is_an_option(
    tmp_path: Path, is_portfolio: bool, which: str, number: int
) -> None:
    file = portfolio(tmp_path / "p.pdf", {"a.pdf": pdf()}, is_portfolio=is_portfolio)
    assert len(attached_files(file, (), which, LIMIT).files) == number  # type: ignore[arg-type]


def test_a_pdf_that_opens_with_the_list_of_its_attachments_is_a_portfolio(tmp_path: Path) -> None:
    document = pymupdf.open(portfolio(tmp_path / "p.pdf", {"a.pdf": pdf()}, is_portfolio=False))
    document.xref_set_key(document.pdf_catalog(), "PageMode", "/UseAttachments")
    document.save(tmp_path / "q.pdf")
    assert len(attached_files(tmp_path / "q.pdf", (), "portfolio", LIMIT).files) == 1


def test_a_picture_has_no_attachments(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert attached_files(tmp_path / "a.png", (), "all", LIMIT).files == ()


def test_names_are_made_safe_and_unique(tmp_path: Path) -> None:
    names = ("../../etc/a.pdf", "C:\\secret\\a.pdf", "..", "b#c?\n\x07.pdf", "x" * 500 + ".pdf")
    file = portfolio(tmp_path / "p.pdf", {name: pdf() for name in names})
    found = [one.name for one in attached_files(file, (), "portfolio", LIMIT).files]
    assert found[:4] == ["a.pdf", "2-a.pdf", "attachment-3", "bc.pdf"]
    assert len(found[4]) == 120 and found[4].endswith(".pdf")


def test_number_and_unpacked_size_are_bounded(tmp_path: Path) -> None:
    many = portfolio(tmp_path / "many.pdf", {f"{number}.pdf": pdf() for number in range(105)})
    found = attached_files(many, (), "portfolio", LIMIT)
    assert len(found.files) == 100 and "all behind the first 100" in found.warnings[0]

    document = pymupdf.open(portfolio(tmp_path / "small.pdf", {"bomb.pdf": b"x"}))
    packer = zlib.compressobj(9)  # 400 MB of nothing
    packed = b"".join([*(packer.compress(bytes(4_000_000)) for _ in range(100)), packer.flush()])
    (stream,) = [
        x for x in range(1, document.xref_length()) if b"EmbeddedFile" in document.xref_object(x).encode()
    ][:1]
    document.update_stream(stream, packed, compress=False)
    document.xref_set_key(stream, "Filter", "/FlateDecode")
    document.save(tmp_path / "bomb.pdf")
    found = attached_files(tmp_path / "bomb.pdf", (), "portfolio", LIMIT)
    assert found.files == () and "bomb.pdf (" in found.warnings[0]


def test_an_attachment_is_sent_under_its_parents_path_and_options(tmp_path: Path) -> None:
    files = attached_files(portfolio(tmp_path / "p.pdf", {"my letter.pdf": pdf()}), (), "portfolio", LIMIT).files
    headers = [("options", b'{"dpi": 150}'), ("again", b"true"), ("document-id", b"parent"), ("path", b"elsewhere")]
    addressing = Addressing(TopicNames.of(Settings()), 3)
    (sent,) = attachment_messages("parent", "file:///p.pdf", files, headers, ["earlier"], addressing)
    assert (sent.topic, sent.value) == ("raw-files", files[0].content)
    assert dict(sent.headers) == {
        "document-id": attachment_id("parent", "my letter.pdf").encode(),
        "path": b"file:///p.pdf#attachment=my%20letter.pdf",
        "options": b'{"dpi": 150}',
        "again": b"true",
        "supersedes": attachment_id("earlier", "my letter.pdf").encode(),
    }


def test_the_path_of_an_attachment_is_shown_and_its_parents_query_is_not() -> None:
    shown = shown_uri("https://me:secret@host/p.pdf?sig=secret#attachment=a%20b.pdf#attachment=c.pdf")
    assert shown == "https://host/p.pdf#attachment=a%20b.pdf#attachment=c.pdf"
    assert shown_uri("https://host/p.pdf#secret") == "https://host/p.pdf"


def test_depth_is_bounded() -> None:
    assert may_have_attachments("file:///p.pdf#attachment=a.pdf")
    assert not may_have_attachments("file:///p.pdf#attachment=a.pdf#attachment=b.pdf")
