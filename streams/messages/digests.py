"""What a file is known by: the hash of its content, and of its path and content together."""

from __future__ import annotations

import hashlib


class ContentDigest:
    """Hashes a file once for both its identities, in pieces, so that large files stream."""

    def __init__(self, path: str) -> None:
        self._content = hashlib.sha256()
        self._document = hashlib.sha256(path.encode() + b"\0")
        self.size = 0

    def update(self, piece: bytes) -> None:
        self.size += len(piece)
        self._content.update(piece)
        self._document.update(piece)

    @property
    def sha256(self) -> str:
        """The content's sha256, 64 hex digits."""
        return self._content.hexdigest()

    @property
    def document_id(self) -> str:
        """sha256(path ‖ NUL ‖ content), first 32 hex digits: same file, same path, same document."""
        return self._document.hexdigest()[:32]
