"""`python -m deploy.map [--check]`: write deploy/docs/map.svg, or fail where it is not current."""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.map.drawing import draw
from deploy.map.rooms import read_houses

ROOT = Path(__file__).resolve().parents[2]
MAP = ROOT / "deploy/docs/map.svg"


def main(arguments: list[str]) -> int:
    """Return the exit code."""
    drawn = draw(read_houses(ROOT))
    if arguments == ["--check"]:
        if MAP.exists() and MAP.read_text() == drawn:
            return 0
        print(f"{MAP.relative_to(ROOT)} is not of this code: run  make map", file=sys.stderr)
        return 1
    MAP.write_text(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
