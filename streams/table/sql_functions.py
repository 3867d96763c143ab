"""SQLite's text functions that take as long as somebody likes, bounded: no time limit reaches inside a call.

`instr(page, pattern)` with 16 MB and 4 MB takes hours, and `printf('%.2147483647c', 'x')` half a minute, in one
step that nothing interrupts. These give what SQLite's own give, in Python's linear time, for arguments as people
write them.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MAX_PATTERN_CHARS = 100  # of LIKE and GLOB too: SQLite compares 16 MB with such a pattern in 4 s
MAX_SEARCH_CHARS = 100_000  # as long as the SQL itself may be
MAX_FORMAT_WIDTH, MAX_CONVERSIONS = 1000, 100  # of printf and format
REFUSAL = (
    f"instr, replace and trim take text and numbers, patterns of at most {MAX_PATTERN_CHARS} characters, and make "
    "no text that is too big; "
    f"format takes widths up to {MAX_FORMAT_WIDTH} and %d %i %u %x %o %f %e %g %s %q %Q"
)
_CONVERSION = re.compile(r"%([-+ 0,#!]*)(\d{0,9})(?:\.(\d{0,9}))?l{0,2}(.)", re.DOTALL)
_BEGUN_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_INTEGERS, _FLOATS, _TEXTS = "diuxXo", "eEfgG", "sqQw"

Value = str | int | float | bytes | None
"""What SQLite passes to a function, and takes as a parameter."""


class _Clock(threading.local):
    """When the query that runs on this thread is to have ended, by time.monotonic(); why a function refused it."""

    ends = math.inf
    refusal = REFUSAL


_clock = _Clock()


@contextmanager
def time_limit(after_s: float) -> Iterator[None]:
    """Let functions of the block's thread that begin after a time raise."""
    _clock.ends, _clock.refusal = monotonic() + after_s, REFUSAL
    try:
        yield
    finally:
        _clock.ends = math.inf


def refused(why: str) -> ValueError:
    """Return what a function raises that refuses its arguments; SQLite would not pass on why."""
    _clock.refusal = why
    return ValueError(why)


def refusal() -> str:
    """Return why a function refused the query that ran last on this thread."""
    return _clock.refusal


def within_time(function: Callable[P, T]) -> Callable[P, T]:
    """Return the function, which raises TimeoutError once time is over.

    SQLite looks whether it is interrupted between rows only, and a row may have a hundred slow calls.
    """

    def timed(*arguments: P.args, **named: P.kwargs) -> T:
        if monotonic() > _clock.ends:
            raise TimeoutError
        return function(*arguments, **named)

    return timed


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

    bounded: list[tuple[str, int, Callable[..., Value]]] = [
        ("replace", 3, replace), ("instr", 2, _instr),
        ("trim", 2, _trimmed(str.strip)), ("ltrim", 2, _trimmed(str.lstrip)), ("rtrim", 2, _trimmed(str.rstrip)),
        ("printf", -1, _formatted), ("format", -1, _formatted),
    ]  # fmt: skip
    for name, arguments, function in bounded:
        connection.create_function(name, arguments, within_time(function), deterministic=True)


def _instr(text: Value, part: Value) -> int | None:
    return None if text is None or part is None else _text(text).find(_pattern(part)) + 1


def _trimmed(strip: Callable[[str, str], str]) -> Callable[[Value, Value], str | None]:
    def trim(text: Value, characters: Value) -> str | None:
        return None if text is None or characters is None else strip(_text(text), _pattern(characters))

    return trim


def _formatted(*arguments: Value) -> str | None:
    """Return what SQLite's printf does, for widths that a table may have."""
    if not arguments or arguments[0] is None:
        return None
    template, values = _text(arguments[0]), iter(arguments[1:])
    if template.count("%") > 2 * MAX_CONVERSIONS:
        raise ValueError("too many conversions")
    return _CONVERSION.sub(lambda found: _converted(found, values), template)


def _converted(found: re.Match[str], values: Iterator[Value]) -> str:
    flags, width, precision, kind = found[1], int(found[2] or 0), found[3], found[4]
    if kind == "%":
        return "%"
    if max(width, int(precision or 0)) > MAX_FORMAT_WIDTH or kind not in _INTEGERS + _FLOATS + _TEXTS:
        raise ValueError("no such conversion")
    value = next(values, None)
    shown = "".join(
        flag for flag in ("+ 0#" if "0" in flags and kind in _INTEGERS else "-+ 0#") if flag in flags
    ) + (str(width) if width else "")
    if kind in _TEXTS:
        text = _quoted("" if value is None and kind != "Q" else value, kind)
        return f"%{'-' if '-' in flags else ''}{width or ''}s" % (text[: int(precision)] if precision else text)
    digits = "" if precision is None else f".{precision or 0}"
    number = _number_of(value)
    if kind in _INTEGERS:
        text = f"%{shown}{digits}{'d' if kind in 'diu' else kind}" % int(number)
    else:
        text = f"%{shown}{digits}{kind}" % number
    return f"{int(number):,}" if "," in flags and kind in "diu" else text


def _quoted(value: Value, kind: str) -> str:
    if value is None:
        return "NULL"
    text = _text(value)
    if kind == "s":
        return text
    mark = '"' if kind == "w" else "'"
    doubled = text.replace(mark, 2 * mark)
    return f"'{doubled}'" if kind == "Q" else doubled


def _number_of(value: Value) -> float | int:
    """Return a value as SQLite casts it to a number: what text begins with, else 0."""
    if isinstance(value, int | float):
        return value
    begun = _BEGUN_NUMBER.match(value) if isinstance(value, str) else None
    return 0 if begun is None else float(begun[0]) if set(begun[0]) & set(".eE") else int(begun[0])


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
