"""Synthetic training pages: letters, forms, notes and single lines of print, real handwriting, drawn signatures."""

from __future__ import annotations

import numpy as np

from models.arrays import ImageU8
from models.training.synthesis.draft import Draft, Stationery
from models.training.synthesis.scan import scanned

_CLOSINGS = ("Sincerely,", "Very truly yours,", "Yours,", "Best regards,", "Signed:", "By:", "(Signature)", "Name:")


def draw_page(rng: np.random.Generator, stationery: Stationery) -> tuple[ImageU8, ImageU8]:
    """Return a page, (H, W, 3) uint8 RGB, and its ink map (see Sheet)."""
    draft = Draft(rng, stationery)
    kind = rng.choice(["letter", "form", "note", "print", "strip"], p=[0.34, 0.28, 0.12, 0.12, 0.14])
    {"letter": _letter, "form": _form, "note": _note, "print": _print, "strip": _strip}[str(kind)](draft)
    return scanned(rng, draft.sheet)


def _letter(draft: Draft) -> None:
    rng, (height, width) = draft.rng, draft.sheet.size
    for _ in range(rng.integers(0, 4)):  # the letterhead
        size = round(draft.em * rng.uniform(0.7, 2))
        draft.print_at(draft.words(1, 4), round(width * rng.uniform(0.1, 0.5)), draft.y, size, draft.fonts[1])
        draft.y += round(size * 1.5)
    _paragraphs(draft, round(height * rng.uniform(0.2, 0.7)))
    x = draft.left if rng.random() < 0.5 else round(width * rng.uniform(0.4, 0.65))
    for _ in range(rng.integers(1, 3)):
        draft.print_at(str(rng.choice(_CLOSINGS)), x, draft.y)
        tall = round(draft.em * rng.uniform(2, 6.5))
        top = draft.y + round(draft.em * rng.uniform(0.0, 1.6))
        draft.sign_at(x + round(draft.em * rng.uniform(-1, 4)), top, tall)
        draft.y = top + round(tall * rng.uniform(0.6, 1.1))
        if rng.random() < 0.3:
            draft.rule(x, x + draft.em * 14, draft.y)
        draft.print_at(draft.words(2), x, draft.y)
        x = round(width * 0.55) if x == draft.left else draft.left
        draft.y += round(draft.em * 1.5)
    for _ in range(rng.integers(0, 3)):  # notes in the margins
        tall = round(draft.em * rng.uniform(1.3, 3))
        draft.write_at(
            round(width * rng.uniform(0.02, 0.7)), round(height * rng.uniform(0.01, 0.95)), tall, width // 3
        )


def _form(draft: Draft) -> None:
    rng, (height, width) = draft.rng, draft.sheet.size
    pitch = round(draft.em * rng.uniform(1.7, 3.4))
    signed = rng.random() < 0.6
    columns = int(rng.integers(1, 4))
    handwritten = rng.choice([0.0, 0.4, 0.9])  # fraction of the fields that are filled in with a pen
    while draft.y < height - 4 * pitch:
        for column in range(columns):
            x = draft.left + column * (width - 2 * draft.left) // columns
            right = x + (width - 2 * draft.left) // columns - draft.em
            label = draft.words(1, 3)[: max(4, (right - x) // draft.em)] + str(rng.choice([":", "", " -"]))
            x = draft.print_at(label, x, draft.y) + draft.em // 2
            if rng.random() < handwritten and right - x > 3 * draft.em:
                tall = min(round(draft.em * rng.uniform(1.2, 2.4)), pitch)
                draft.write_at(x, draft.y - round(tall * 0.35), max(tall, 12), right - x)
            elif rng.random() < 0.6:
                draft.print_at(draft.entry()[: max(2, (right - x) // draft.em)], x, draft.y, font=draft.fonts[1])
            if rng.random() < 0.5:
                draft.rule(x, right, draft.y + round(draft.em * rng.uniform(0.9, 1.2)))
        draft.y += pitch
    if signed:
        _sign_form(draft, width)


def _sign_form(draft: Draft, width: int) -> None:
    rng = draft.rng
    for x in (draft.left, round(width * 0.55)):
        if rng.random() < 0.7:
            right = draft.print_at(str(rng.choice(_CLOSINGS)), x, draft.y)
            tall = round(draft.em * rng.uniform(1.8, 5))
            draft.sign_at(right, draft.y - tall // 2, tall)
            draft.rule(right, right + draft.em * 12, draft.y + draft.em)
            draft.print_at(
                str(rng.choice(_CLOSINGS)), right + draft.em, draft.y + round(draft.em * 1.3), round(draft.em * 0.9)
            )


def _note(draft: Draft) -> None:
    rng, (height, width) = draft.rng, draft.sheet.size
    tall = round(height * rng.uniform(0.022, 0.06))
    pitch = round(tall * rng.uniform(0.8, 1.4))
    ruled = rng.random() < 0.3
    if rng.random() < 0.3:
        draft.print_at(draft.words(3), round(width * rng.uniform(0.1, 0.5)), draft.y)
        draft.y += draft.em * 3
    end = height - tall * int(rng.integers(2, 8))
    while draft.y < end:
        draft.write_at(draft.left, draft.y, tall, round((width - draft.left) * rng.uniform(0.4, 1)))
        if ruled:
            draft.rule(0, width, draft.y + round(tall * 0.75))
        draft.y += pitch
    if rng.random() < 0.4:
        draft.sign_at(round(width * rng.uniform(0.1, 0.6)), draft.y, round(tall * rng.uniform(0.9, 2)))


def _print(draft: Draft) -> None:
    rng, (height, width) = draft.rng, draft.sheet.size
    if rng.random() < 0.5:
        _paragraphs(draft, round(height * 0.95))
        return
    columns = int(rng.integers(2, 6))
    while draft.y < height * 0.95:
        for column in range(columns):
            text = draft.entry()
            draft.print_at(text[:14], draft.left + column * (width - draft.left) // columns, draft.y)
        if rng.random() < 0.3:
            draft.rule(draft.left, width - draft.left, draft.y + round(draft.em * 1.2))
        draft.y += round(draft.em * 1.6)


def _strip(draft: Draft) -> None:
    """Fill the picture with one line or a few, as snippets and cut-out fields are."""
    rng = draft.rng
    tall = int(rng.integers(28, 130))
    lines = int(rng.choice([1, 1, 1, 2, 4]))
    draft.resize(round(tall * (1.3 * lines + 0.3)), int(rng.integers(5, 16)) * tall)
    written = rng.random()
    for number in range(lines):
        y = round(tall * (0.2 + 1.3 * number))
        if written < 0.6:
            draft.write_at(tall // 5, y, tall, draft.sheet.size[1] - tall // 3)
        elif written < 0.7:
            draft.sign_at(tall, y, tall)
        else:
            draft.print_at(draft.words(1, 7), tall // 5, y, max(12, round(tall * 0.7)))


def _paragraphs(draft: Draft, bottom: int) -> None:
    rng, width = draft.rng, draft.sheet.size[1]
    pitch = round(draft.em * rng.uniform(1.25, 2.1))
    letters = round((width - 2 * draft.left) / (draft.em * 0.52))
    while draft.y < bottom:
        style = rng.random()
        for _ in range(rng.integers(1, 8)):
            text = draft.words(16)[: max(3, round(letters * (1 if rng.random() < 0.8 else rng.uniform(0.1, 1))))]
            right = draft.print_at(text.upper() if style < 0.12 else text, draft.left, draft.y)
            if style > 0.92:
                draft.rule(draft.left, right, draft.y + round(draft.em * 1.05))
            draft.y += pitch
        draft.y += round(pitch * rng.uniform(0, 1.5))
