"""Text as XML holds it."""

from __future__ import annotations

import re
from importlib.metadata import version
from xml.sax.saxutils import escape, quoteattr

from models.errors import as_unicode

# What XML 1.0 cannot hold, not even escaped: control characters, and two that are no characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def content(text: str) -> str:
    """Return text for between two tags; what XML cannot hold is the replacement character."""
    return escape(_legal(text))


def attribute(text: str) -> str:
    """Return text as a quoted attribute's value."""
    return quoteattr(_legal(text))


def comment(text: str) -> str:
    """Return a comment that holds text; two hyphens would end it early."""
    return f"<!-- {_legal(text).replace('--', '- -').rstrip('-')} -->"


def software_version() -> str:
    """Return the version of what writes the file."""
    return version("inkstream")


def points(polygon: tuple[tuple[float, float], ...]) -> str:
    """Return a polygon in whole pixels, none negative: `x,y x,y …`."""
    return " ".join(f"{max(0, round(x))},{max(0, round(y))}" for x, y in polygon)


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", as_unicode(text))
