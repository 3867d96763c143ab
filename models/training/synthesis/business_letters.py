"""Signed letters and forms as low-resolution scans show them, with the kind of ink at each pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import ImageU8
from models.training.synthesis.draft import Draft, Stationery
from models.training.synthesis.marks import add_dirt, add_logo, add_stamp, bleed_through, darken_margins
from models.training.synthesis.pages import draw_page
from models.training.synthesis.scan import scanned
from models.training.synthesis.signed_draft import SIGNATURE, SignedDraft

_CLOSINGS = (
    "Sincerely,", "Very truly yours,", "Yours,", "Best regards,", "Cordially,", "Respectfully submitted,", "cc:",
    "Signed", "By", "Approved by:", "Date", "Enclosure", "",
)  # fmt: skip
PAGE_TYPES = (0.4, 0.35, 0.25)  # probabilities of letters, of pages full of lines, and of pages as for kinds/
_MIN_INK_CONTRAST = 20  # grey levels between ink and the paper around it: fainter ink was lost in the scan
_MERGE_PX = 9  # strokes nearer than this are one signature, on pages that do not number them

# How many of each there are on a letter: the probability of each number.
_SIGNATURES = {0: 0.08, 1: 0.6, 2: 0.22, 3: 0.1}
_CLERKS_LINES = {0: 0.5, 1: 0.2, 2: 0.2, 4: 0.1}
_NOTES = {0: 0.6, 1: 0.2, 2: 0.15, 3: 0.05}
_DATES = {0: 0.7, 1: 0.2, 3: 0.1}
_UNDERLINES = {0: 0.7, 1: 0.1, 3: 0.1, 6: 0.1}
_STAMPS = {0: 0.65, 1: 0.25, 2: 0.1}
_HEADINGS = {0: 0.5, 1: 0.3, 3: 0.2}  # printed ones, above a page full of lines


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page, (H, W, 3) uint8 RGB, and the kind of ink at each pixel, (H', W') uint8, perhaps finer than the page.

    `ink` is 0 for none, 1 for print, 2 for handwriting, and from SIGNATURE on a number for each signature.
    """

    pixels: ImageU8
    ink: ImageU8


def draw_marked_page(
    rng: np.random.Generator, stationery: Stationery, page_types: Sequence[float] = PAGE_TYPES
) -> MarkedPage:
    """Return a letter, or a page of another type, as a scan or a thumbnail of it.

    Args:
        rng: Decides everything on the page.
        stationery: Fonts, writers and words.
        page_types: Probabilities of the types, as PAGE_TYPES; they add up to 1.
    """
    page_type = rng.choice(["letter", "lines", "other"], p=page_types)
    if page_type == "other":
        pixels, ink = draw_page(rng, stationery)
        return _without_bleached_ink(_downscaled(rng, pixels), _numbered(ink))
    draft = SignedDraft(rng, stationery)
    if rng.random() < 0.4:  # most letters that are signed are black on white
        draft.sheet.paper[:] = 1
        draft.pen = draft.black
    (_write_letter if page_type == "letter" else _fill_with_lines)(draft)
    if rng.random() < 0.1:
        bleed_through(rng, draft.sheet)
    pixels, ink = scanned(rng, draft.sheet)
    return _without_bleached_ink(_downscaled(rng, darken_margins(rng, pixels)), ink)


def _write_letter(draft: SignedDraft) -> None:
    """Compose a letter from top to bottom, then put notes, marks and stamps anywhere on it."""
    rng, height = draft.rng, draft.sheet.size[0]
    _add_letterhead(draft)
    _print_paragraphs(draft, round(height * rng.uniform(0.15, 0.75)))
    for _ in range(_count(rng, _SIGNATURES)):
        _sign_off(draft)
    _print_paragraphs(draft, min(draft.y + round(draft.em * rng.uniform(0, 8)), round(height * 0.95)))
    _add_handwriting(draft)
    for _ in range(_count(rng, _STAMPS)):
        add_stamp(draft)
    _add_serial_number(draft)
    add_dirt(rng, draft.sheet)


def _add_letterhead(draft: SignedDraft) -> None:
    """Add a logo or none, and up to six lines: sender, addressee, date."""
    rng, width = draft.rng, draft.sheet.size[1]
    if rng.random() < 0.6:
        add_logo(draft, round(width * rng.uniform(0.02, 0.7)), round(draft.y * rng.uniform(0.3, 1)))
    for _ in range(rng.integers(1, 7)):
        x = draft.left if rng.random() < 0.6 else round(width * rng.uniform(0.1, 0.6))
        size = draft.em if rng.random() < 0.7 else round(draft.em * rng.uniform(0.6, 2.2))
        draft.print_at(draft.words(1, 5), x, draft.y, size, draft.fonts[int(rng.integers(0, 2))])
        draft.y += round(size * rng.uniform(1.2, 2.5))


def _add_handwriting(draft: SignedDraft) -> None:
    """Add clerks' lines, notes, dates and underlines anywhere on the page."""
    rng, (height, width) = draft.rng, draft.sheet.size
    for _ in range(_count(rng, _CLERKS_LINES)):
        tall = round(draft.em * rng.uniform(1.2, 3))
        x, y = round(width * rng.uniform(0.02, 0.8)), round(height * rng.uniform(0.01, 0.95))
        draft.write_at(x, y, tall, round(width * rng.uniform(0.08, 0.5)))
    for _ in range(_count(rng, _NOTES)):
        draft.note(round(width * rng.uniform(0, 0.85)), round(height * rng.uniform(0, 0.9)))
    for _ in range(_count(rng, _DATES)):
        x, y = round(width * rng.uniform(0, 0.85)), round(height * rng.uniform(0, 0.95))
        draft.date_at(x, y, round(draft.em * rng.uniform(1.3, 3)))
    for _ in range(_count(rng, _UNDERLINES)):
        draft.underline(round(width * rng.uniform(0, 0.8)), round(height * rng.uniform(0.05, 0.95)))


def _add_serial_number(draft: SignedDraft) -> None:
    """Print the number of eight digits that archives stamp at the foot of a page, on two pages in five."""
    rng, (height, width) = draft.rng, draft.sheet.size
    if rng.random() < 0.4:
        draft.print_at(str(rng.integers(10_000_000, 99_999_999)), round(width * 0.7), height - 2 * draft.em)


def _count(rng: np.random.Generator, probabilities: Mapping[int, float]) -> int:
    """Return a random number of things, from the probability of each number."""
    return int(rng.choice(list(probabilities), p=list(probabilities.values())))


def _fill_with_lines(draft: SignedDraft) -> None:
    """Fill a page, or part of it, with lines by one writer under a printed heading or none, and perhaps sign it.

    Some pages are large print instead, as in books and on posters: size alone does not make handwriting.
    """
    rng, (height, width) = draft.rng, draft.sheet.size
    handwritten = rng.random() < 0.7
    for _ in range(_count(rng, _HEADINGS)):
        draft.print_at(draft.words(1, 5), round(width * rng.uniform(0.05, 0.6)), draft.y, draft.em, draft.fonts[1])
        draft.y += round(draft.em * rng.uniform(1.2, 2.5))
    tall = round(draft.em * (rng.uniform(1.4, 4) if rng.random() < 0.55 else rng.uniform(3, 7)))
    pitch = round(tall * rng.uniform(0.8, 1.8)) if handwritten else round(tall * rng.uniform(1.1, 2))
    left, bottom = round(width * rng.uniform(0.02, 0.15)), height * rng.uniform(0.2, 0.97)
    ruled = rng.random() < 0.25
    while draft.y < bottom - tall:
        for column in (left, width // 2) if rng.random() < 0.08 else (left,):
            widest = max(round((width - column - left) * _line_fill(rng, 0.7, 0.15)), 2 * tall)
            if handwritten:
                _write_line(draft, column + round(rng.normal(0, tall / 8)), tall, widest)
            else:
                draft.print_at(draft.words(12)[: max(2, round(widest / tall * 2))], column, draft.y, tall)
        if ruled:
            draft.rule(left, width - left, draft.y + round(tall * 0.75))
        draft.y += pitch if rng.random() < 0.9 else round(pitch * rng.uniform(1.2, 3))
    if rng.random() < 0.6:
        top = round(min(draft.y + pitch * rng.uniform(0, 1), height * 0.88))
        draft.sign_at(round(width * rng.uniform(0.1, 0.6)), top, round(tall * rng.uniform(0.9, 2.2)))
    add_dirt(rng, draft.sheet)


def _write_line(draft: SignedDraft, x: int, tall: int, widest: int) -> None:
    end = draft.write_at(x, draft.y, tall, widest)
    if draft.rng.random() < 0.07:
        draft.strike_out(x, end, draft.y, tall)


def _line_fill(rng: np.random.Generator, whole: float, least: float) -> float:
    """Return the fraction of its width that a line fills: 1 with a probability of `whole`, else `least` or more."""
    return 1.0 if rng.random() < whole else float(rng.uniform(least, 1))


def _print_paragraphs(draft: Draft, bottom: int) -> None:
    rng, width = draft.rng, draft.sheet.size[1]
    pitch = round(draft.em * rng.choice([1.15, 1.3, 1.6, 2.2]))
    letters = round((width - 2 * draft.left) / (draft.em * 0.52))
    while draft.y < bottom:
        for _ in range(rng.integers(1, 9)):
            if draft.y >= bottom:
                return
            fill = _line_fill(rng, 0.8, 0.1)
            draft.print_at(draft.words(16)[: max(3, round(letters * fill))], draft.left, draft.y)
            draft.y += pitch
        draft.y += round(pitch * rng.uniform(0, 1.2))


def _sign_off(draft: SignedDraft) -> None:
    """Close a letter: a signature over, under, beside or through the printed closing and name."""
    rng, (height, width) = draft.rng, draft.sheet.size
    x = draft.left if rng.random() < 0.4 else round(width * rng.uniform(0.3, 0.65))
    top = min(draft.y, round(height * 0.85))
    draft.print_at(str(rng.choice(_CLOSINGS)), x, top)
    tall = round(
        draft.em * rng.choice([rng.uniform(1.5, 3), rng.uniform(2.5, 5), rng.uniform(3, 5), rng.uniform(4, 8)])
    )
    gap = round(tall * rng.uniform(0.4, 1.2)) + draft.em
    across = round(draft.em * rng.uniform(-3, 5))
    if rng.random() < 0.35:
        draft.rule(x, x + draft.em * int(rng.integers(8, 22)), top + gap)
    name = draft.words(2) if rng.random() < 0.7 else draft.words(2).title()
    right = draft.print_at(name, x, top + gap + round(draft.em * rng.uniform(0.1, 0.6)))
    if rng.random() < 0.5:
        draft.print_at(draft.words(1, 4), x, top + gap + round(draft.em * 1.6))
    draft.sign_at(max(0, x + across), top + round(draft.em * rng.uniform(-0.2, 1.4)), tall)
    if rng.random() < 0.2:
        beside = round(width * rng.uniform(0.05, 0.8))
        draft.date_at(beside, top + round(gap * rng.uniform(0, 1)), round(draft.em * rng.uniform(1.5, 3)))
    if rng.random() < 0.12:  # a secretary's initials after the name
        small = round(draft.em * rng.uniform(1, 2))
        draft.write_at(right + draft.em // 3, top + gap, small, round(small * rng.uniform(0.8, 2)))
    draft.y = top + gap + round(draft.em * rng.uniform(2, 4))


def _downscaled(rng: np.random.Generator, pixels: ImageU8) -> ImageU8:
    """Return the page at the size of a thumbnail, a fax or a scan, its longest side 560 to 1,300 pixels."""
    longest = rng.uniform(560, 760) if rng.random() < 0.55 else rng.uniform(760, 1300)
    scale = min(1.0, longest / max(pixels.shape[:2]))
    how = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how)
    if rng.random() < 0.6:
        _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 96))])
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(small, np.uint8)


def _without_bleached_ink(pixels: ImageU8, ink: ImageU8) -> MarkedPage:
    """Return a page whose ink map has no ink that the scan has bleached away: nobody could detect that."""
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)
    contrast = cv2.dilate(grey, np.ones((15, 15), np.uint8)) - cv2.erode(grey, np.ones((5, 5), np.uint8))
    visible = (contrast > _MIN_INK_CONTRAST).astype(np.uint8)
    dark = cv2.resize(visible, ink.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return MarkedPage(pixels, np.asarray(np.where(dark > 0, ink, 0), np.uint8))


def _numbered(ink: ImageU8) -> ImageU8:
    """Return an ink map with numbered signatures, from one where all are labelled SIGNATURE."""
    near = cv2.dilate((ink == SIGNATURE).astype(np.uint8), np.ones((_MERGE_PX, 3 * _MERGE_PX), np.uint8))
    _, numbers = cv2.connectedComponents(near)
    numbered = np.where(ink == SIGNATURE, np.minimum(SIGNATURE - 1 + numbers, 255), ink)
    return np.asarray(numbered, np.uint8)
