"""Machine-readable zones of passports, visas and identity cards (ICAO Doc 9303): letters and digits by place.

Recognisers take O for 0 and I for 1 there as elsewhere, but the zone's grammar decides which of the two a place
holds, and its check digits show whether a whole field is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from models.document import Region

_LETTER_OF = str.maketrans("0125680", "OIZSGBO")
_DIGIT_OF = str.maketrans("OQDIZSGB", "00012568")
_OTHER = {**dict(zip("OIZSGB", "012568", strict=True)), **dict(zip("012568", "OIZSGB", strict=True))}
_MAX_SWAPS = 2  # of look-alikes in a field whose check digit is wrong
_WEIGHTS = (7, 3, 1)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The lines of one kind of zone: L letters, N digits, A either; `<` fills any place.

    Attributes:
        checked: Line, begin and end of each field that is followed by its check digit.
    """

    lines: tuple[str, ...]
    checked: tuple[tuple[int, int, int], ...]


# Document number, nationality, birth, sex, expiry; those of digits are followed by their check digit.
_SECOND = "AAAAAAAAANLLLNNNNNNNLNNNNNNN"
_CHECKED = ((1, 0, 9), (1, 13, 19), (1, 21, 27))
_LAYOUTS = (
    _Layout(("L" * 44, f"{_SECOND}{'A' * 14}NN"), _CHECKED),  # passport
    _Layout(("L" * 44, f"{_SECOND}{'A' * 16}"), _CHECKED),  # visa
    _Layout(("L" * 36, f"{_SECOND}{'A' * 7}N"), _CHECKED),  # card of two lines
    _Layout(
        (f"LALLL{'A' * 9}N{'A' * 15}", f"NNNNNNNLNNNNNNNLLL{'A' * 11}N", "L" * 30),  # card of three lines
        ((0, 5, 14), (1, 0, 6), (1, 8, 14)),
    ),
)
_FIRST_LETTERS = "PVAIC"
_FILLED = re.compile(r"[A-Z0-9<]*<<[A-Z0-9<]*")  # name and first name are always apart


def with_zones_corrected(regions: Sequence[Region]) -> list[Region]:
    """Return a page's regions, in reading order, with the look-alikes in machine-readable zones put right.

    A zone is lines that follow each other, of its lengths and characters, of whose check digits most are right.
    """
    found = list(regions)
    for begin in range(len(found)):
        for layout in _LAYOUTS:
            lines = [region.text for region in found[begin : begin + len(layout.lines)]]
            zone = _corrected([_compact(line) for line in lines], layout)
            if zone is not None:
                found[begin : begin + len(zone)] = [
                    replace(region, text=text) for region, text in zip(found[begin:], zone, strict=False)
                ]
                break
    return found


def _compact(text: str) -> str:
    return "".join(text.split()).replace("«", "<<").upper()


def _corrected(lines: Sequence[str], layout: _Layout) -> list[str] | None:
    """Return the lines of a zone with their look-alikes put right, None where they are none of this layout."""
    if [len(line) for line in lines] != [len(line) for line in layout.lines]:
        return None
    if lines[0][0].translate(_LETTER_OF) not in _FIRST_LETTERS or not _FILLED.fullmatch("".join(lines)):
        return None
    zone = [
        "".join(_by_place(*pair) for pair in zip(line, kinds, strict=True))
        for line, kinds in zip(lines, layout.lines, strict=True)
    ]
    right = 0
    for line, begin, end in layout.checked:
        field, digit = zone[line][begin:end], zone[line][end]
        candidates = _look_alikes(field) if layout.lines[line][begin] == "A" else [field]
        fitting = next((other for other in candidates if _check_digit(other) == digit), None)
        if fitting is not None:
            zone[line] = zone[line][:begin] + fitting + zone[line][end:]
            right += 1
    return zone if 2 * right > len(layout.checked) else None


def _by_place(character: str, kind: str) -> str:
    if kind == "L":
        return character.translate(_LETTER_OF)
    return character.translate(_DIGIT_OF) if kind == "N" else character


def _look_alikes(field: str) -> Iterator[str]:
    """Yield a field as it is, then with one and with two of its look-alikes exchanged."""
    places = [place for place, character in enumerate(field) if character in _OTHER]
    for count in range(_MAX_SWAPS + 1):
        for chosen in combinations(places, count):
            yield "".join(_OTHER[c] if place in chosen else c for place, c in enumerate(field))


def _check_digit(field: str) -> str:
    """Return the check digit of a field (Doc 9303, part 3, section 4.9)."""
    values = (0 if c == "<" else int(c, 36) for c in field)
    return str(sum(value * _WEIGHTS[place % 3] for place, value in enumerate(values)) % 10)
