"""How log lines name a message."""

from __future__ import annotations

import json

import pytest

from streams.messages.incoming import Incoming
from streams.messages.names import named


def message(value: bytes | None = b"%PDF-1.7", **headers: bytes) -> Incoming:
    pairs = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Incoming("raw-files", 0, 8, None, value, pairs)


def test_a_file_is_named_as_its_sender_named_it() -> None:
    assert named(message(path=b"scanner://lobby/caf\xc3\xa9 1.pdf")) == "raw-files/0/8 (café 1.pdf)"
    assert named(message(b"", content_ref=b"s3://bucket/in/2.pdf")) == "raw-files/0/8 (2.pdf)"


def test_a_page_is_named_by_its_file_and_its_number_from_1() -> None:
    task = json.dumps({"path": "in/a.pdf", "pagenum": 2}).encode()
    assert named(message(task)) == "raw-files/0/8 (a.pdf, page 3)"


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{", b"[1]", b'{"path": 3}', b'{"pagenum": 1}', b"{" + b" " * 70_000 + b"}", b'{"path": ""}'],
)
def test_what_has_no_name_is_named_by_its_place(value: bytes | None) -> None:
    assert named(message(value)) == "raw-files/0/8"


def test_a_name_cannot_forge_a_line_of_the_log_or_hold_a_secret() -> None:
    assert named(message(path=b"a\nERROR b\x1b[2J.pdf")) == "raw-files/0/8 (a\\nERROR b\\x1b[2J.pdf)"
    assert "s3cret" not in named(message(content_ref=b"https://user:s3cret@host/x.pdf?sig=s3cret"))
    assert len(named(message(path=b"x" * 5000))) < 200
