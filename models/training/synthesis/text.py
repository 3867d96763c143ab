"""Text for synthetic lines: English sentences, and entries of forms."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from models.errors import ModelError
from models.training.synthesis.choices import one_of

_FROM_YEAR = 1930  # older speeches have words and spellings that nobody uses now
_MAX_CHARACTERS = 80  # of a line
_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
]  # fmt: skip
_FIRST = [
    "Mary", "John", "Aisha", "Robert", "Linda", "Wei", "Fatima", "James", "Patricia", "Carlos", "Olga",
    "David", "Susan", "Hiroshi", "Emma", "Noah", "Zoë", "Kwame", "Elizabeth", "Priya", "Jack", "Quentin",
    "Xavier", "Yusuf", "Grace", "Ivan", "Hannah", "Björn", "Victor", "Ursula",
]  # fmt: skip
_LAST = [
    "Smith", "Johnson", "O'Brien", "Nguyen", "Garcia", "Patel", "Müller", "Williams", "Kowalski", "Brown",
    "Jones", "McDonald", "Okafor", "Wright", "Young", "Fitzgerald", "Hernández", "Quinn", "Zhang", "Jackson",
    "Van-Dyke", "Lee", "Evans", "Umar", "Kaplan", "Blackwell", "Xu", "Ives",
]  # fmt: skip
_STREETS = [
    "Street", "St.", "Avenue", "Ave.", "Road", "Rd.", "Lane", "Drive", "Blvd.", "Court", "Square", "Way",
    "Place",
]  # fmt: skip
_UNITS = [
    "kg", "lb", "miles", "km", "hours", "days", "pcs.", "boxes", "ft", "in.", "mg", "ml", "%", "cm",
]  # fmt: skip
_NOTES = (
    "Call back {phone}", "Re: {name}", "Signed: {name}", "Dear {name},", "Yours sincerely,", "Total {amount}",
    "Due {date}", "N/A", "{name} & Co.", "c/o {name}", "Attn: {name}", "Tel. {phone}", "{mail}", "Ref. #{code}",
    "Paid {amount} on {date}", "{name} ({date})", "see p. {number}", "P.S. {word}!", "Q: {word}?",
    "- {word} {number}",
    "{number}) {word}", "[x] {word}", "{number} {unit} @ {amount}", "{word}/{word}", "{word} = {number}{unit}",
    "{word} + {word}", '"{word}"', "'{word}'", "{word}; {word}", "{word}: {word}", "* {word}", "{place}", "{date}",
    "{amount}", "{name}", "{code}", "{time}", "{phone}", "{number}",
)  # fmt: skip


class EnglishText:
    """Draws lines of text from a folder of speeches (JSON files with `year` and `text`) or of .txt files."""

    def __init__(self, folder: Path) -> None:
        """Read the texts, speeches from 1930 on. Raises ModelError where there is too little."""
        texts = [file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.txt"))]
        for file in sorted(folder.rglob("*.json")):
            speech = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(speech, dict) and speech.get("year", 0) >= _FROM_YEAR:
                texts.append(speech["text"])
        self.words = " ".join(texts).replace("’", "'").split()
        if len(self.words) < 1000:
            raise ModelError(
                f"{folder} holds too little English text; models/training/README.md describes what is needed"
            )

    def line(self, rng: np.random.Generator) -> str:
        """Return one line: a piece of a sentence three times in four, else an entry of a form."""
        text = self._piece(rng) if rng.random() < 0.75 else self.entry(rng)
        case = rng.random()
        if case < 0.06:
            return text.upper()
        return text.lower() if case < 0.09 else text

    def entry(self, rng: np.random.Generator) -> str:
        """Return a date, an amount, a name, an address, a note."""
        form = str(rng.choice(np.array(_NOTES)))
        # a word that is put in may have braces of its own, and is left as it is
        return re.sub(r"\{(\w+)\}", lambda field: str(getattr(self, "_" + field[1])(rng)), form)

    def _piece(self, rng: np.random.Generator) -> str:
        start = int(rng.integers(0, len(self.words) - 12))
        return " ".join(self.words[start : start + int(rng.integers(1, 12))])[:_MAX_CHARACTERS].strip()

    def _word(self, rng: np.random.Generator) -> str:
        start = int(rng.integers(0, len(self.words) - 3))
        return " ".join(word.strip(",.;:") for word in self.words[start : start + int(rng.integers(1, 3))])

    def _name(self, rng: np.random.Generator) -> str:
        first, last = one_of(rng, _FIRST), one_of(rng, _LAST)
        middle = f" {chr(65 + int(rng.integers(0, 26)))}." if rng.random() < 0.3 else ""
        title = one_of(rng, ["Mr. ", "Mrs. ", "Dr. ", "Ms ", "Prof. "]) if rng.random() < 0.3 else ""
        return f"{title}{first}{middle} {last}" if rng.random() < 0.8 else f"{last}, {first}{middle}"

    def _date(self, rng: np.random.Generator) -> str:
        day, month, year = int(rng.integers(1, 32)), int(rng.integers(0, 12)), int(rng.integers(1920, 2031))
        name = _MONTHS[month] if rng.random() < 0.6 else _MONTHS[month][:3] + "."
        short, number = f"{year % 100:02}", month + 1
        return one_of(rng, [
            f"{name} {day}, {year}", f"{day} {name} {year}", f"{number:02}/{day:02}/{year}",
            f"{day}/{number}/{short}",
            f"{day}.{number}.{year}", f"{year}-{number:02}-{day:02}", f"{number}-{day}-{short}", f"{name} '{short}",
        ])  # fmt: skip

    def _amount(self, rng: np.random.Generator) -> str:
        value = float(np.exp(rng.uniform(0, 13)))
        return one_of(rng, ["$", "£", "€", "$ ", ""]) + one_of(
            rng, [f"{value:,.2f}", f"{value:.2f}", f"{value:,.0f}", f"{value:.0f}.-"]
        )

    def _phone(self, rng: np.random.Generator) -> str:
        a, b, c = int(rng.integers(200, 999)), int(rng.integers(200, 999)), int(rng.integers(0, 10000))
        return one_of(
            rng,
            [f"({a}) {b}-{c:04}", f"{a}-{b}-{c:04}", f"+44 {a} {b} {c:04}", f"{a}.{b}.{c:04}", f"0{a} {b}{c:04}"],
        )

    def _mail(self, rng: np.random.Generator) -> str:
        name = f"{one_of(rng, _FIRST)}{one_of(rng, ['.', '_', '-', ''])}{one_of(rng, _LAST)}"
        name = name.lower().replace("'", "")
        return f"{name}@{one_of(rng, ['mail.com', 'example.org', 'post.co.uk', 'uni.edu'])}"

    def _code(self, rng: np.random.Generator) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + "-/"
        return (
            "".join(letters[int(rng.integers(0, len(letters)))] for _ in range(int(rng.integers(4, 11)))).strip(
                "-/"
            )
            or "A1"
        )

    def _number(self, rng: np.random.Generator) -> str:
        return str(int(np.exp(rng.uniform(0, 9))))

    def _unit(self, rng: np.random.Generator) -> str:
        return one_of(rng, _UNITS)

    def _time(self, rng: np.random.Generator) -> str:
        hour, minute = int(rng.integers(0, 24)), int(rng.integers(0, 60))
        return one_of(rng, [f"{hour}:{minute:02}", f"{hour % 12 or 12}:{minute:02} pm", f"{hour % 12 or 12} a.m."])

    def _place(self, rng: np.random.Generator) -> str:
        number, street = int(rng.integers(1, 9999)), one_of(rng, _LAST)
        return f"{number} {street} {one_of(rng, _STREETS)}" + (
            f", Apt {number % 90 + 1}" if rng.random() < 0.2 else ""
        )
