"""Names of files on a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def printable(file: Path) -> str:
    """Return a file's name as stdout can print it: names are bytes, in no known encoding."""
    encoding = sys.stdout.encoding or "utf-8"
    return os.fsencode(file).decode(errors="replace").encode(encoding, "replace").decode(encoding)
