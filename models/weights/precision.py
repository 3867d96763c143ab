"""Which precision of a network fits this machine's processor."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from models.options import Precision


def fitting_precision() -> Precision:
    """Return int8 where this processor adds up products of 8 bits in 32, else fp32.

    Older x86 processors add pairs of them in 16 bits, which overflows without a word: the scores would be wrong.
    """
    if platform.machine().lower() in ("arm64", "aarch64"):
        return "int8"
    described = Path("/proc/cpuinfo")
    flags = described.read_text() if described.is_file() else ""
    return "int8" if re.search(r"\bavx(512)?_vnni\b", flags) else "fp32"
