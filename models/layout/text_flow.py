"""Whether the words of neighbouring pieces are read on downwards, as a column, or across, as a row.

Evidence is in log-odds, positive for a column. The weights were set by hand, not fitted to pages: a wrapped line
ends where the next line's first word has no room; sentences go on in small letters; cells are short, labels end in
colons and leaders, and amounts stand at the end of rows.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[\W\d]*\d[\d\W]*[^\W\d]{0,3}")  # amounts, dates and codes of digits, with a unit
_HYPHENS = ("-", "\N{SOFT HYPHEN}", "\N{HYPHEN}")
_LABEL_ENDS = (":", "..", "\N{HORIZONTAL ELLIPSIS}", "__")
_MIN_WORDS_OF_PROSE = 4
_MAX_WORDS_OF_CELL = 2
_MIN_CHARACTERS_OF_CASELESS_LINE = 8  # of scripts without capitals, that have no other sign than their length


def downward_evidence(line: str, following: str, *, is_full: bool) -> float:
    """Return the evidence that a line is continued in the one below it.

    Args:
        is_full: Whether the first word of the following line had no room at the end of this one.
    """
    if not (_has_case(line) or _has_case(following)):
        return _caseless_evidence(line + following, len(line), is_full=is_full)
    continues = _begins_small(following) or (line.rstrip().endswith(_HYPHENS) and len(line) > _MIN_WORDS_OF_PROSE)
    if continues:
        return 1.0 if is_full else 0.4
    if is_full and len(line.split()) >= _MIN_WORDS_OF_PROSE:
        return 0.4
    if is_number(line) or is_number(following):
        return -0.6
    return -0.1 if is_full else -0.3


def across_evidence(left: str, right: str) -> float:
    """Return the evidence that two neighbours in a row belong to two columns, rather than to one row."""
    if is_label(left) or is_number(right):
        return -0.8
    if is_number(left):
        return -0.5
    words = min(len(left.split()), len(right.split()))
    if words <= _MAX_WORDS_OF_CELL:
        return -0.4
    return 0.3 if words >= _MIN_WORDS_OF_PROSE else 0.0


def is_number(text: str) -> bool:
    """Return whether a piece is digits and signs, with no more than a short unit behind them."""
    return bool(_NUMBER.fullmatch(text.strip()))


def is_label(text: str) -> bool:
    """Return whether a piece is the label of what follows on its row: it ends in a colon or a leader."""
    return text.rstrip().endswith(_LABEL_ENDS)


def _caseless_evidence(text: str, line_length: int, *, is_full: bool) -> float:
    letters = sum(map(str.isalpha, text))
    is_prose = line_length >= _MIN_CHARACTERS_OF_CASELESS_LINE and 2 * letters > len(text.replace(" ", ""))
    return 0.6 if is_full and is_prose else -0.3


def _has_case(text: str) -> bool:
    return any(letter.islower() or letter.isupper() for letter in text)


def _begins_small(text: str) -> bool:
    first = next((character for character in text if character.isalnum()), "")
    return first.islower()
