"""Typefaces for drawn pages that no machine need have installed."""

from __future__ import annotations

from pathlib import Path

import pymupdf

from models.training.synthesis.typefaces import Typefaces


def typefaces(folder: Path) -> Typefaces:
    """Return one typeface of each group, of the fonts that PyMuPDF carries, written to a folder."""
    for name, font in (("NimbusSans-A.otf", "helv"), ("Courier Prime.otf", "cour"), ("Kristi.otf", "tiit")):
        (folder / name).write_bytes(pymupdf.Font(font).buffer)
    return Typefaces([folder])
