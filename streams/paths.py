"""Where a user's files are, by the XDG Base Directory specification."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache(name: str) -> Path:
    """Return inkstream's cache folder of that name: what is in it can be fetched or made again."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "inkstream" / name
