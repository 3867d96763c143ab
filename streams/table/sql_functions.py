"""SQLite's text functions whose time is the product of two lengths, bounded: no time limit reaches inside a call.

`instr(page, pattern)` with 16 MB and 4 MB takes hours, in one step that nothing interrupts. These give what
SQLite's own give, in Python's linear time, for patterns as people write them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

MAX_PATTERN_CHARS = 100  # of LIKE and GLOB too: SQLite compares 16 MB with such a pattern in 4 s
REFUSAL = (
    f"instr, replace and trim take text and numbers, patterns of at most {MAX_PATTERN_CHARS} characters, and make "
    "no text that is too big"
)

Value = str | int | float | bytes | None
"""What SQLite passes to a function, and takes as a parameter."""


def bound_functions(connection: sqlite3.Connection, longest_value: int) -> None:
    """Replace SQLite's functions by the bounded ones; what they make is at most `longest_value` characters."""

    def replace(text: Value, old: Value, new: Value) -> Value:
        if text is None or old is None:
            return None
        part = _pattern(old)
        if not part:
            return text  # even where `new` is NULL
        if new is None:
            return None
        whole, other = _text(text), _text(new)
        if len(whole) + whole.count(part) * (len(other) - len(part)) > longest_value:
            raise ValueError("too big")
        return whole.replace(part, other)

    connection.create_function("replace", 3, replace, deterministic=True)
    connection.create_function("instr", 2, _instr, deterministic=True)
    connection.create_function("trim", 2, _trimmed(str.strip), deterministic=True)
    connection.create_function("ltrim", 2, _trimmed(str.lstrip), deterministic=True)
    connection.create_function("rtrim", 2, _trimmed(str.rstrip), deterministic=True)


def _instr(text: Value, part: Value) -> int | None:
    return None if text is None or part is None else _text(text).find(_pattern(part)) + 1


def _trimmed(strip: Callable[[str, str], str]) -> Callable[[Value, Value], str | None]:
    def trim(text: Value, characters: Value) -> str | None:
        return None if text is None or characters is None else strip(_text(text), _pattern(characters))

    return trim


def _pattern(value: Value) -> str:
    text = _text(value)
    if len(text) > MAX_PATTERN_CHARS:
        raise ValueError("pattern too long")
    return text


def _text(value: Value) -> str:
    """Return a value as SQLite casts it to text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    raise ValueError("not text")


def _number(value: float) -> str:
    """Return a float with 15 digits and always a point, as SQLite writes it (the last digit may differ by one)."""
    mantissa, e, exponent = f"{value:.15g}".partition("e")
    if mantissa.lstrip("-") == "inf":
        return mantissa.replace("inf", "Inf")
    return (mantissa if "." in mantissa else f"{mantissa}.0") + e + exponent
