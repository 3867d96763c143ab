"""Notes of addresses: believed while their process lives."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from streams.addresses import address_in, api_note, broker_note, listening_socket, noted
from streams.commands.connection import api_url, settings_for
from streams.errors import ConfigurationError
from streams.settings import Settings


def test_a_note_is_believed_while_it_is_held_and_gone_afterwards(tmp_path: Path) -> None:
    note = broker_note(tmp_path)
    with noted("127.0.0.1:9092", note):
        assert address_in(note) == "127.0.0.1:9092"
        assert note.stat().st_mode & 0o777 == 0o600
    assert not note.exists()
    assert address_in(note) is None


def test_a_note_that_a_killed_process_left_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker_note(tmp_path).write_text("127.0.0.1:9092\n")
    monkeypatch.delenv("INKSTREAM_BROKER", raising=False)
    with pytest.raises(ConfigurationError, match="No Kafka to talk to"):
        settings_for(data_dir=tmp_path)


def test_a_note_replaces_a_longer_one(tmp_path: Path) -> None:
    api_note(tmp_path).write_text("http://a-very-long-name-of-a-host.example:12345\n")
    with noted("http://127.0.0.1:1", api_note(tmp_path)):
        assert address_in(api_note(tmp_path)) == "http://127.0.0.1:1"


def test_a_command_shows_where_it_asks_when_no_service_runs_in_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert api_url(Settings(data_dir=tmp_path)) == "http://127.0.0.1:8321"
    assert capsys.readouterr().err == (
        "note: no service runs in this folder; asking the one at http://127.0.0.1:8321\n"
    )
    assert api_url(Settings(data_dir=tmp_path, api_port=9000)) == "http://127.0.0.1:9000"
    assert capsys.readouterr().err == ""


def test_a_taken_port_is_one_sentence_that_names_the_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError) as raised:
            listening_socket("127.0.0.1", port)
    taken = f"cannot listen on 127.0.0.1:{port} ({os.strerror(errno.EADDRINUSE)})"
    assert raised.value.message == f"{taken}; choose another api_port, or 0 for any free one"


def test_answers_are_sent_without_waiting_for_acknowledgements() -> None:
    with listening_socket("127.0.0.1", 0) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
