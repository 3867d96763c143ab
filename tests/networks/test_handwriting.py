"""Our recogniser of handwriting: its shipped files, and how language and sight are weighed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.arrays import F32
from models.detection.registry import TextDetectors
from models.options import ReadOptions
from models.reading.routed import RoutedReader
from models.recognition.ctc.alignment import forced_align
from models.recognition.ctc.beam import CtcBeamDecoder
from models.recognition.ctc.best_path import decode
from models.recognition.ctc.handwriting import CROSSED_OUT, LANGUAGE_MODEL, NETWORK, HandwritingRecogniser
from models.recognition.ctc.ngrams import CharNgramLM
from models.recognition.registry import LineRecognisers
from models.training.lines.ngrams import count_ngrams
from tests.drawing.letters import line, shaky

NETWORK_SHA256 = "c3b0937d1cbfa48bcb551f6645e125d40c11a3cbfcc16747c894de3ca28c0651"
CROSSED_OUT_SHA256 = "8b533468729d6791a049806ef9ae705abdda38c988701acabea449658094047b"
SEQUENCES_SHA256 = "72cdc62fe7a578837b3887c9c1b48ae5e06c907ea8d41c025ad15ca94e090947"
CHARACTERS = ["", *"abcdefghijklmnopqrstuvwxyz", " ", *"0123456789"]


@pytest.fixture(scope="module")
def sequences() -> CharNgramLM:
    return CharNgramLM(LANGUAGE_MODEL)


@pytest.fixture(scope="module")
def recogniser() -> HandwritingRecogniser:
    return HandwritingRecogniser()


def seen(*steps: dict[str, float]) -> F32:
    """Return probabilities: the characters named at each step, and for the rest the blank, named as nothing."""
    rows = np.zeros((len(steps), len(CHARACTERS)), np.float32)
    for row, step in zip(rows, steps, strict=True):
        for character, probability in step.items():
            row[CHARACTERS.index(character)] = probability
        row[0] = 1 - row.sum()
    return rows


def written(text: str) -> list[dict[str, float]]:
    """Return steps that leave no doubt of a text."""
    return [step for character in text for step in ({character: 0.999}, {})]


def test_the_shipped_files_are_those_that_the_model_card_speaks_of() -> None:
    assert sha256(NETWORK.read_bytes()).hexdigest() == NETWORK_SHA256
    assert sha256(CROSSED_OUT.read_bytes()).hexdigest() == CROSSED_OUT_SHA256
    assert sha256(LANGUAGE_MODEL.read_bytes()).hexdigest() == SEQUENCES_SHA256


@pytest.mark.parametrize("text", ["Dear Mr. Smith, thank you", "paid 12.50 on 3 May 1987", "Room 4711-B"])
def test_written_lines_are_read_exactly(recogniser: HandwritingRecogniser, text: str) -> None:
    (decoded,) = recogniser.recognise([shaky(line(text))])
    assert decoded.text == text
    assert decoded.confidence > 0.7
    assert list(decoded.positions) == sorted(decoded.positions)
    assert len(decoded.positions) == len(text)


def test_a_line_does_not_depend_on_its_neighbours(recogniser: HandwritingRecogniser) -> None:
    lines = [line(text) for text in ("short", "a much longer line of words", "middling line")]
    together = [decoded.text for decoded in recogniser.recognise(lines)]
    assert together == [recogniser.recognise([one])[0].text for one in lines]


@pytest.mark.parametrize("width", [100, 300, 900])
def test_blank_paper_has_no_text(recogniser: HandwritingRecogniser, width: int) -> None:
    (decoded,) = recogniser.recognise([np.full((40, width, 3), 225, np.uint8)])
    assert (decoded.text, decoded.confidence, decoded.positions) == ("", 0.0, ())


def test_steps_of_blanks_say_nothing(sequences: CharNgramLM) -> None:
    decoded = CtcBeamDecoder(CHARACTERS, sequences, 0.3).decode(seen({}, {}, {}))
    assert (decoded.text, decoded.confidence, decoded.positions) == ("", 0.0, ())


def test_between_two_letters_that_look_alike_the_language_decides(sequences: CharNgramLM) -> None:
    doubtful = seen(*written("the wor"), {"h": 0.5, "k": 0.49}, {}, *written("s well"))
    assert decode(doubtful, CHARACTERS).text == "the worhs well"
    assert CtcBeamDecoder(CHARACTERS, sequences, 0.3).decode(doubtful).text == "the works well"


def test_what_is_seen_clearly_stays_however_odd(sequences: CharNgramLM) -> None:
    clear = seen(*written("xqzt gwv"))
    assert CtcBeamDecoder(CHARACTERS, sequences, 0.45).decode(clear).text == "xqzt gwv"


def test_which_digit_it_is_is_decided_from_the_picture_alone(sequences: CharNgramLM) -> None:
    decoder = CtcBeamDecoder(CHARACTERS, sequences, 0.45)
    for one, other in ("17", "38", "56"):
        amount = seen(*written("in 19"), {one: 0.5, other: 0.49}, {}, *written("0"))
        assert decoder.decode(amount).text == f"in 19{one}0"


def test_whether_there_is_a_digit_at_all_the_language_has_a_say(sequences: CharNgramLM) -> None:
    decoder = CtcBeamDecoder(CHARACTERS, sequences, 0.3)
    word = seen(*written("thi"), {"5": 0.5, "s": 0.49}, {}, *written(" is"))
    year = seen(*written("in 19"), {"s": 0.5, "5": 0.49}, {}, *written("0"))
    assert [decode(rows, CHARACTERS).text for rows in (word, year)] == ["thi5 is", "in 19s0"]
    assert [decoder.decode(rows).text for rows in (word, year)] == ["this is", "in 1950"]


def test_capitals_after_a_digit_are_decided_from_the_picture_alone(sequences: CharNgramLM) -> None:
    decoder = CtcBeamDecoder(["", *" EXTW8", *"abcdefghijklmnopqrstuvwxyz"], sequences, 0.45)
    rows = np.full((5, 33), 1e-6, np.float32)
    for step, character in enumerate([5, 0, 6, 0, 0]):  # W, 8, then X or E
        rows[step, character] = 0.999
    rows[4, [0, 2, 3]] = 0.01, 0.45, 0.53
    assert decoder.decode(rows).text == "W8X"
    rows[2, [6, 4]] = 1e-6, 0.999  # after a letter, E is likelier
    assert decoder.decode(rows).text == "WTE"


def test_letters_follow_each_other_as_in_french_of_today(sequences: CharNgramLM) -> None:
    after = sequences.next_probs(sequences.context("développem"))
    assert after[sequences.alphabet.index("e")] > 0.9


def test_digits_that_were_never_counted_are_decided_from_the_picture_alone(tmp_path: Path) -> None:
    count_ngrams(["this is a word"] * 20, tmp_path / "counts.npz")
    sequences = CharNgramLM(tmp_path / "counts.npz")
    assert not sequences.has_digits
    year = seen(*written("in 19"), {"s": 0.5, "5": 0.45}, {}, *written("0"))
    assert CtcBeamDecoder(CHARACTERS, sequences, 0.3).decode(year).text == "in 19s0"


def test_without_the_language_it_is_what_the_best_path_gives(sequences: CharNgramLM) -> None:
    rng = np.random.default_rng(0)
    decoder = CtcBeamDecoder(CHARACTERS, sequences, 0.0)
    steps = seen(*written("some words 42"))
    rows = steps * 0.9 + 0.1 * rng.dirichlet(np.ones(len(CHARACTERS)), len(steps)).astype(np.float32)
    assert decoder.decode(rows).text == decode(rows, CHARACTERS).text


def test_the_language_is_not_asked_about_letters_that_it_cannot_save(sequences: CharNgramLM) -> None:
    asked: list[str] = []

    class Listening(CharNgramLM):
        def context(self, text: str) -> str:
            asked.append(text)
            return super().context(text)

    faint = {"a": 0.9985, "b": 0.0012}  # 6.7 apart in logarithms: .5 of the language's do not bring it within 6
    decoder = CtcBeamDecoder(CHARACTERS, Listening(LANGUAGE_MODEL), 0.2)
    assert decoder.decode(seen(faint, {"c": 0.9985, "d": 0.0012})).text == "ac"
    assert asked == ["", "a"]
    asked.clear()
    assert decoder.decode(seen({"a": 0.999}, {"b": 0.0012})).text == "a"
    assert asked == [""]


def test_letters_stand_where_they_are_likeliest() -> None:
    rows = seen({}, {"a": 0.6}, {"a": 0.9}, {}, {"a": 0.7}, {"b": 0.8}, {})
    assert forced_align(rows, [1, 1, 2]) == [2, 4, 5]


def test_what_follows_a_context_adds_up_to_one(sequences: CharNgramLM) -> None:
    for text in ("", "th", "the quick", "zzzzzz", "日本 a"):
        likely = sequences.next_probs(sequences.context(text))
        assert likely.shape == (len(sequences.alphabet),)
        assert likely.sum() == pytest.approx(1.0)
        assert (likely > 0).all()


def test_letters_follow_each_other_as_in_english(sequences: CharNgramLM) -> None:
    after = sequences.next_probs(sequences.context("the que"))
    assert after[sequences.alphabet.index("s")] > 10 * after[sequences.alphabet.index("x")]


def test_handwriting_has_its_recogniser_where_its_letters_are_known() -> None:
    reader = RoutedReader(None, TextDetectors(), LineRecognisers())
    assert reader.models(ReadOptions(languages="eng"))["handwritten"] == HandwritingRecogniser.name
    other = reader.models(ReadOptions(languages="jpn"))
    assert other["handwritten"] == other["printed"]


def test_the_language_counts_only_where_it_was_counted() -> None:
    clear = shaky(line("the works of the committee were read"))
    doubtful = [np.asarray(cv2.GaussianBlur(clear, (0, 0), 5.0), np.uint8)]
    german, english, from_the_picture = (
        HandwritingRecogniser(languages, lm_weight=weight).recognise(doubtful)
        for languages, weight in (("deu", None), ("eng", None), ("deu", 0.0))
    )
    assert german == from_the_picture
    assert english != from_the_picture
