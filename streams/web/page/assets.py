"""What the page's HTML loads: its own style and scripts, and libraries that stand in the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "assets"
_TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    media_type: str


class Assets:
    """All files of the folder, in memory (110 KB).

    Attributes:
        version: Changes with any of them. It stands in their addresses, so that browsers keep them for good.
    """

    def __init__(self) -> None:
        self._files = {
            path.relative_to(_FOLDER).as_posix(): Asset(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(_FOLDER.rglob("*"))
            if path.suffix in _TYPES
        }
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + b"\0" + asset.content)
        self.version = digest.hexdigest()[:16]

    def get(self, name: str) -> Asset | None:
        """Return a file by its path below the folder, None where there is none."""
        return self._files.get(name)

    def url(self, name: str) -> str:
        """Return where a file is. Raises KeyError where there is none: a template names it wrongly."""
        if name not in self._files:
            raise KeyError(name)
        return f"/assets/{self.version}/{name}"
