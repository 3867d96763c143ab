"""Look-alikes in machine-readable zones are put right by the place they stand in, and nothing else is touched."""

from __future__ import annotations

import pytest

from models.document import Region
from models.recognition.machine_readable_zone import with_zones_corrected

# The specimens of ICAO Doc 9303.
PASSPORT = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
CARD = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
SHORT = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
VISA = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<")


def read(*texts: str) -> list[str]:
    square = ((0, 0), (9, 0), (9, 9), (0, 9))
    regions = [Region(square, text, 0.9, "ppocr", paragraph=n) for n, text in enumerate(texts)]
    found = with_zones_corrected(regions)
    assert [region.paragraph for region in found] == list(range(len(texts)))
    return [region.text for region in found]


@pytest.mark.parametrize("zone", [PASSPORT, CARD, SHORT, VISA])
def test_a_zone_that_is_right_stays(zone: tuple[str, ...]) -> None:
    assert read("Passport", *zone, "Utopia") == ["Passport", *zone, "Utopia"]


@pytest.mark.parametrize("zone", [PASSPORT, CARD, SHORT, VISA])
@pytest.mark.parametrize(
    ("wrong", "right"), [("O", "0"), ("0", "O"), ("I", "1"), ("1", "I"), ("S", "5"), ("2", "Z")]
)
def test_look_alikes_are_put_right_by_their_places(zone: tuple[str, ...], wrong: str, right: str) -> None:
    misread = [line.replace(right, wrong) for line in zone]
    in_free_fields = any(line[28:].count(right) for line in zone if zone in (PASSPORT, SHORT, VISA))
    found = read(*misread)
    assert [line[:27] for line in found] == [line[:27] for line in zone] or in_free_fields
    assert found[0] == zone[0] or zone is CARD


def test_spaces_small_letters_and_guillemets_are_the_readers() -> None:
    assert read(PASSPORT[0].replace("<<", "«", 1).lower(), " ".join(PASSPORT[1])) == list(PASSPORT)


@pytest.mark.parametrize(
    "texts",
    [
        ("TOTAL 17O", "SUM I2"),
        (PASSPORT[0], "L898902C36UTO7408122F1204159ZE184226B<<<<<1"),  # a character is missing
        (PASSPORT[0], "L898902C37UTO7408129F1204151ZE184226B<<<<<10"),  # its check digits are wrong
        ("A" * 44, "1" * 44),
        (PASSPORT[1], PASSPORT[0]),
    ],
)
def test_what_is_no_zone_is_left_alone(texts: tuple[str, ...]) -> None:
    assert read(*texts) == list(texts)
