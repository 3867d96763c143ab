"""Control characters made visible: names, texts and errors come from whoever sent the document."""

from __future__ import annotations

# What steers a terminal instead of standing on it: C0 and C1 control characters, and those that turn the direction
# of writing.
_STEERING = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_IN_A_LINE = {code: ascii(chr(code))[1:-1] for code in _STEERING}
_IN_TEXT = {code: escaped for code, escaped in _IN_A_LINE.items() if chr(code) not in "\n\t"}


def plain(text: str) -> str:
    """Return text with control characters escaped (\\x1b), but for tabs and the ends of lines."""
    return text.translate(_IN_TEXT)


def plain_line(text: str) -> str:
    """Return text with all control characters escaped: it stands on one line."""
    return text.translate(_IN_A_LINE)
