"""The documents that a reader process has open: pages of one document mostly come one after the other."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from models.documents.files import OpenDocument, open_document

# Opening a 1,000-page PDF takes longer than rendering a page of it.
_MAX_OPEN = 3


class OpenDocuments:
    """The last few documents that were asked for, open. Not thread-safe."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[object, ...], OpenDocument] = OrderedDict()

    def get(self, path: Path, password: str | None) -> OpenDocument:
        """Return the open document at a path; a file that was replaced is opened again. Raises DocumentError."""
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size, password)
        if key not in self._open:
            self._open[key] = open_document(path, () if password is None else (password,))
            if len(self._open) > _MAX_OPEN:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(key)
        return self._open[key]

    def close(self) -> None:
        """Close them all."""
        while self._open:
            self._open.popitem()[1].close()
