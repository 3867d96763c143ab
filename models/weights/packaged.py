"""Networks that come with an installed package: ours in `shipped/`, PP-OCR's in the rapidocr package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from models.errors import WeightsMissing

_SHIPPED = Path(__file__).resolve().parent / "shipped"


def shipped_weights(name: str) -> Path:
    """Return the path of a file or folder that this package ships; whether it is there shows when it is loaded."""
    return _SHIPPED / name


def packaged_weights(name: str) -> Path:
    """Return the path of a network inside the rapidocr package, which is not imported.

    Raises:
        WeightsMissing: The package is not installed, or has no such file.
    """
    spec = find_spec("rapidocr")
    file = Path(spec.origin).parent / "models" / name if spec and spec.origin else Path(name)
    if not file.is_file():
        raise WeightsMissing(f"the network {name} is not there: `pip install rapidocr` brings it")
    return file
