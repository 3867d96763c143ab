from __future__ import annotations

import json
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import CorruptFile, OptionsError
from models.options import ReadOptions
from streams.errors import UndecodableMessage
from streams.messages.codec import decode, decode_headers, encode, merge_options
from streams.messages.page_records import failed_page_text
from streams.messages.records import FileHeaders, PageTask, PageText

TASK = PageTask(
    document_id="d", pagenum=0, total_pages=1, path="file:///a.pdf", reference="kafka://raw-files/0/1",
    sha256="0" * 64, options=ReadOptions(), started="now",
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
        {"pagenum": 1e400},
    ],
)
def test_a_record_with_one_wrong_field_is_undecodable_and_names_it(change: dict[str, object]) -> None:
    value = json.dumps({**json.loads(encode(TASK)), **change}).encode()
    with pytest.raises(
        UndecodableMessage, match=next(iter(change)) if change != {"pagenum": 1e400} else "not a PageTask"
    ):
        decode(PageTask, value)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
))  # fmt: skip
def test_json_that_is_no_record_is_an_undecodable_message(value: object) -> None:
    with pytest.raises(UndecodableMessage):
        decode(PageTask, json.dumps(value).encode())


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 100_000,
        b'{"document_id":' * 100_000,
        encode(TASK).replace(b'"d"', b'"\\ud800"'),  # half of a surrogate pair: no text, and no UTF-8
        encode(TASK).replace(b'"d"', b'"\xff"'),
        encode(TASK).replace(b'"pagenum":0', b'"pagenum":' + b"9" * 100_000),
        encode(TASK).replace(b'"pagenum":0', b'"pagenum":NaN'),
        encode(TASK).replace(b'"min_confidence":0.0', b'"min_confidence":NaN'),
        encode(TASK)[:-1],
        encode(TASK).decode().encode("utf-16"),
    ],
    ids=["deep list", "deep object", "surrogate", "not UTF-8", "huge", "NaN", "NaN inside", "cut", "UTF-16"],
)
def test_what_breaks_other_parsers_is_undecodable(value: bytes) -> None:
    assert value != encode(TASK)
    with pytest.raises(UndecodableMessage):
        decode(PageTask, value)


def test_a_task_of_an_older_version_is_still_read() -> None:
    fields = TASK.model_dump() | {"content_type": "application/pdf", "size": 1}
    assert decode(PageTask, orjson.dumps(fields)) == TASK


def test_headers_of_any_client_are_understood() -> None:
    headers = decode_headers(
        [("path", b"a"), ("path", b"b"), ("x-other", b"\xff"), ("document-id", None), ("options", b'{"dpi": 200}')]
    )
    assert (headers.path, headers.document_id, headers.options) == ("b", None, {"dpi": 200})


@pytest.mark.parametrize(
    "header",
    [
        ("path", b"\xff\xfe"),
        ("content-ref", "lönk".encode("latin-1")),
        ("options", b""),
        ("options", b"{"),
        ("options", b"[1]"),
        ("options", b"null"),
        ("options", b'{"dpi": NaN}'),
        ("options", b'{"password": "\\ud800"}'),
        ("options", b'{"a":' * 100_000),
        ("document-id", b""),
        ("document-id", b"x" * 201),
        ("document-id", b"a/b"),
        ("document-id", b"a\nb"),
        ("document-id", b"a\x1b[31m"),
        ("document-id", "a\u202eb".encode()),
        ("document-id", b" a"),
        ("document-id", b".."),
        ("path", b"x" * 4097),
        ("content-ref", b"s3://" + b"x" * 8192),
        ("options", b'{"languages": "' + b"x" * 16_384 + b'"}'),
    ],
)
def test_a_header_that_does_not_decode_is_named(header: tuple[str, bytes]) -> None:
    with pytest.raises(UndecodableMessage, match=header[0]):
        decode_headers([header])


@given(st.lists(st.tuples(st.sampled_from(["path", "document-id", "options", "x"]), st.none() | st.binary())))
def test_headers_decode_or_are_undecodable_and_nothing_else(headers: list[tuple[str, bytes | None]]) -> None:
    with suppress(UndecodableMessage):
        assert isinstance(decode_headers(headers), FileHeaders)


@pytest.mark.parametrize(
    "name", ["case-4711", "Rechnung 12 / 3".replace("/", "·"), "契約書", "a" * 200, "a.b:c@d?e#f"]
)
def test_an_id_may_be_of_any_printable_characters(name: str) -> None:
    assert decode_headers([("document-id", name.encode())]).document_id == name


def test_options_override_the_defaults_one_by_one() -> None:
    merged = merge_options(ReadOptions(languages="deu", dpi=200), {"dpi": 150})
    assert (merged.languages, merged.dpi) == ("deu", 150)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dpy": 1},
        {"dpi": 9},
        {"dpi": 10**30},
        {"languages": "../etc"},
        {"languages": "/etc/passwd"},
        {"languages": "script/../../eng"},
        {"languages": "+".join(f"own{n}" for n in range(17))},
        {"languages": ""},
        {"max_megapixels": 10**9},
        {"handwritten": "trocr-" + "x" * 1000},
        {"password": "x" * 5000},
        {"craft": {"canvas_size": 10**9}},
        {"reader": "x"},
        {"min_confidence": float("nan")},
        {"password": {"a": 1}},
    ],
)
def test_an_option_that_does_not_exist_or_is_out_of_range_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionsError, match=next(iter(wrong))):
        merge_options(ReadOptions(), wrong)


def test_an_option_that_does_not_exist_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(OptionsError, match=r"no option dpy; did you mean dpi\?"):
        merge_options(ReadOptions(), {"dpy": 1})
    with pytest.raises(OptionsError, match=r"no option craft\.canvas; did you mean canvas_size\?"):
        merge_options(ReadOptions(), {"craft": {"canvas": 1}})
    with pytest.raises(OptionsError, match="there are reader, detector"):
        merge_options(ReadOptions(), {"x" * 10_000: 1})


def test_what_is_no_unicode_is_escaped_wherever_it_stands() -> None:
    task = PageTask(
        document_id="d", pagenum=0, total_pages=1, path="caf\udce9.pdf", reference="kafka://raw-files/0/0",
        sha256="0" * 64, options=ReadOptions(), started="",
    )  # fmt: skip
    assert decode(PageTask, encode(task)).path == "caf\\udce9.pdf"
    error = CorruptFile("page 0 holds \udcd8")
    assert error.summary == "CorruptFile: page 0 holds \\udcd8"
    record = decode(PageText, encode(failed_page_text(task, error.summary)))
    assert (record.path, record.exception) == ("caf\\udce9.pdf", "CorruptFile: page 0 holds \\udcd8")


def test_an_option_that_is_one_of_some_names_lists_them() -> None:
    with pytest.raises(OptionsError, match="reader: use auto, tesseract, ppocr"):
        merge_options(ReadOptions(), {"reader": "gpt"})
