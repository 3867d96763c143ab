"""Ports of the embedded Kafka: the note of last time, and what may be listened on."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from streams.broker.embedded import free_port
from streams.broker.ports import answers, is_free, listens, ports_in


@pytest.mark.parametrize("note", ["", "4660x 1", "\x00\x00"])
def test_a_note_that_was_cut_off_counts_as_none(tmp_path: Path, note: str) -> None:
    file = tmp_path / "ports"
    file.write_text(note)
    assert ports_in(file) == []


def test_the_ports_of_last_time_are_read_and_a_first_time_has_none(tmp_path: Path) -> None:
    (tmp_path / "ports").write_text("40001 40002\n")
    assert ports_in(tmp_path / "ports") == [40001, 40002]
    assert ports_in(tmp_path / "nothing") == []


@pytest.mark.parametrize("port", [-1, 65_536, 99_999_999])
def test_a_port_that_does_not_exist_is_not_free(port: int) -> None:
    assert not is_free(port)


def test_somebody_who_listens_is_not_yet_a_kafka_that_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert not is_free(port)
        assert listens(f"127.0.0.1:{port}")
        assert not answers(f"127.0.0.1:{port}")
    port = free_port()
    assert is_free(port)
    assert not listens(f"127.0.0.1:{port}")
