from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from models.document import ReadOptions
from models.errors import OptionsError
from streams import records
from streams.codec import decode, decode_headers, encode, merge_options
from streams.errors import UndecodableMessage
from streams.page_ranges import format_ranges, parse_ranges
from streams.records import ContentDigest, PageTask, PageText, page_key
from streams.settings import Settings
from streams.topics import partition_for, topic_specs

TASK = PageTask(
    document_id="d", pagenum=0, total_pages=1, path="file:///a.pdf", reference="kafka://raw-files/0/1",
    content_type="application/pdf", sha256="0" * 64, size=1, options=ReadOptions(), started="now",
)  # fmt: skip


@given(st.text(), st.integers(0, 10**6), st.text(min_size=1))
def test_what_is_encoded_decodes_to_the_same(path: str, pagenum: int, document: str) -> None:
    task = TASK.model_copy(update={"path": path, "pagenum": pagenum, "document_id": document})
    assert decode(PageTask, encode(task)) == task


@given(st.one_of(st.none(), st.binary(), st.text().map(str.encode)))
def test_whatever_is_no_record_is_an_undecodable_message(value: bytes | None) -> None:
    with pytest.raises(UndecodableMessage):
        decode(PageTask, value)


@pytest.mark.parametrize(
    "change",
    [
        {"pagenum": -1},
        {"pagenum": "x"},
        {"sha256": "zz"},
        {"options": {"dpi": 1}},
        {"total_pages": 0},
        {"size": 1e400},
    ],
)
def test_a_record_with_one_wrong_field_is_undecodable_and_names_it(change: dict[str, object]) -> None:
    value = json.dumps({**json.loads(encode(TASK)), **change}).encode()
    with pytest.raises(
        UndecodableMessage, match=next(iter(change)) if change != {"size": 1e400} else "not a PageTask"
    ):
        decode(PageTask, value)


def test_deep_nesting_is_undecodable() -> None:
    with pytest.raises(UndecodableMessage):
        decode(PageTask, b"[" * 100_000)


def test_headers_of_any_client_are_understood() -> None:
    headers = decode_headers(
        [("path", b"a"), ("path", b"b"), ("x-other", b"\xff"), ("content-type", None), ("options", b'{"dpi": 200}')]
    )
    assert (headers.path, headers.content_type, headers.options) == ("b", None, {"dpi": 200})


@pytest.mark.parametrize(
    "header", [("path", b"\xff\xfe"), ("options", b"{"), ("options", b"[1]"), ("document-id", b"")]
)
def test_a_header_that_does_not_decode_is_named(header: tuple[str, bytes]) -> None:
    with pytest.raises(UndecodableMessage, match=header[0]):
        decode_headers([header])


def test_options_override_the_defaults_one_by_one() -> None:
    merged = merge_options(ReadOptions(languages="deu", dpi=200), {"dpi": 150})
    assert (merged.languages, merged.dpi) == ("deu", 150)


@pytest.mark.parametrize("wrong", [{"dpy": 1}, {"dpi": 9}, {"languages": "../etc"}, {"reader": "x"}])
def test_an_option_that_does_not_exist_or_is_out_of_range_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionsError, match=next(iter(wrong))):
        merge_options(ReadOptions(), wrong)


@given(st.lists(st.binary()), st.text())
def test_digests_do_not_depend_on_how_the_content_is_cut(pieces: list[bytes], path: str) -> None:
    cut, whole = ContentDigest(path), ContentDigest(path)
    for piece in pieces:
        cut.update(piece)
    whole.update(b"".join(pieces))
    assert (cut.document_id, cut.sha256, cut.size) == (whole.document_id, whole.sha256, whole.size)


def test_same_file_under_another_path_is_another_document() -> None:
    one, other = ContentDigest("a"), ContentDigest("b")
    assert one.sha256 == other.sha256
    assert one.document_id != other.document_id
    assert len(one.document_id) == 32


@given(st.text(min_size=1), st.integers(1, 64))
def test_documents_lie_where_every_kafka_client_puts_their_key(document: str, partitions: int) -> None:
    everything = list(range(partitions))
    assert partition_for(document, partitions) == DefaultPartitioner()(document.encode(), everything, everything)


@given(st.sets(st.integers(0, 300)))
def test_page_ranges_round_trip(pages: set[int]) -> None:
    assert parse_ranges(format_ranges(pages)) == pages


def test_page_ranges_read_as_a_person_writes_them() -> None:
    assert format_ranges({0, 1, 2, 4, 7, 8}) == "0-2,4,7-8"


def test_keys_are_deterministic() -> None:
    assert page_key("abc", 4) == "abc/4"


def test_published_schema_is_that_of_the_record() -> None:
    published = Path(records.__file__).with_name("page_text.schema.json")
    assert json.loads(published.read_text()) == PageText.model_json_schema(mode="serialization")


def test_waiting_pages_never_expire_and_results_are_compacted() -> None:
    specs = {spec.name: spec for spec in topic_specs(Settings(topic_prefix="p-"))}
    assert specs["p-pages"].config["retention.ms"] == "-1"
    assert specs["p-page-text"].config["cleanup.policy"] == "compact"
    assert specs["p-page-text"].partitions == specs["p-documents"].partitions
