"""Weights come from a model hub: a small one on this machine that speaks as the real one does."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from models.errors import WeightsInvalid, WeightsMissing
from models.weights import HubFile, Weights, fetch_weights

CONTENT = b"weights of a network"
WEIGHTS = Weights("small", "small.pth", sha256(CONTENT).hexdigest(), None, HubFile("owner/small", "small.pth"))


class _Hub(BaseHTTPRequestHandler):
    content = CONTENT

    def do_HEAD(self) -> None:  # http.server's name
        self._head()

    def do_GET(self) -> None:
        if self._head():
            self.wfile.write(self.content)

    def _head(self) -> bool:
        there = self.path == "/owner/small/resolve/main/small.pth"
        self.send_response(200 if there else 404)
        self.send_header("ETag", f'"{sha256(self.content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(self.content) if there else 0))
        self.end_headers()
        return there

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    _Hub.content = CONTENT


def test_weights_are_fetched_once_and_found_again_offline(hub: str, tmp_path: Path) -> None:
    assert fetch_weights(WEIGHTS, tmp_path, endpoint=hub) == tmp_path / "small.pth"
    assert (tmp_path / "small.pth").read_bytes() == CONTENT
    assert fetch_weights(WEIGHTS, tmp_path, offline=True) == tmp_path / "small.pth"


def test_what_the_hub_sends_is_checked_and_not_kept_if_it_differs(hub: str, tmp_path: Path) -> None:
    _Hub.content = b"something else"
    with pytest.raises(WeightsInvalid, match="its sha256 is"):
        fetch_weights(WEIGHTS, tmp_path, endpoint=hub)
    assert not (tmp_path / "small.pth").exists()
    _Hub.content = CONTENT
    assert fetch_weights(WEIGHTS, tmp_path, endpoint=hub).read_bytes() == CONTENT


def test_a_hub_that_has_no_such_file_or_is_away_is_said(hub: str, tmp_path: Path) -> None:
    other = Weights("other", "other.pth", "0" * 64, None, HubFile("owner/other", "other.pth"))
    for endpoint in (hub, "http://127.0.0.1:9"):
        with pytest.raises(WeightsMissing, match=r"did not send other\.pth of owner/other"):
            fetch_weights(other, tmp_path, endpoint=endpoint)
