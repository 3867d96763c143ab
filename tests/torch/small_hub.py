"""A model hub on this machine that speaks as the real one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_LARGE = 1024  # bytes: as on the hub, large files are named by their sha256 and small ones by git's sha1


@contextmanager
def small_hub(files: Mapping[str, bytes], *, sends: Mapping[str, bytes] | None = None) -> Iterator[str]:
    """Yield the address of a hub that has files, by OWNER/REPOSITORY/NAME.

    Args:
        files: The files that it lists; read at each request.
        sends: What it sends instead of some of them.
    """

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:  # http.server's name
            self._head()

        def do_GET(self) -> None:
            content = self._head()
            if content is not None:
                self.wfile.write(content)

        def _head(self) -> bytes | None:
            name = self.path.removeprefix("/").replace("/resolve/main/", "/")
            listed = files.get(name)
            content = None if listed is None else (sends or {}).get(name, listed)
            self.send_response(404 if listed is None else 200)
            if listed is None:
                self.send_header("X-Error-Code", "EntryNotFound")
            else:
                self.send_header("ETag", f'"{_etag(listed)}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            return content

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _etag(content: bytes) -> str:
    if len(content) >= _LARGE:
        return sha256(content).hexdigest()
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
