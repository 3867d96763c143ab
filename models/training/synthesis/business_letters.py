"""Letters and forms that are signed, as low-resolution scans show them; what kind of ink lies where is known."""

from __future__ import annotations

from collections.abc import Sequence
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
SORTS = (0.4, 0.35, 0.25)  # shares of letters, of pages full of lines, and of the pages of kinds/
_FAINTEST = 20  # grey levels between ink and the paper around it: fainter ink has been lost in the scan
_MERGE = 9  # pixels: strokes as near as this are of one signature, on pages that do not number them


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page, (H, W, 3) uint8 RGB, and whose ink lies where, (H', W') uint8, perhaps finer than the page.

    `ink` is 0 for none, 1 for print, 2 for handwriting, and from SIGNATURE on a number for each signature.
    """

    pixels: ImageU8
    ink: ImageU8


def draw_marked_page(
    rng: np.random.Generator, stationery: Stationery, sorts: Sequence[float] = SORTS
) -> MarkedPage:
    """Return a letter, or a page of any other sort, as a scanner or a thumbnail of the scan shows it."""
    sort = rng.choice(["letter", "lines", "other"], p=sorts)
    if sort == "other":
        pixels, ink = draw_page(rng, stationery)
        return _seen(_reduced(rng, pixels), _numbered(ink))
    draft = SignedDraft(rng, stationery)
    if rng.random() < 0.4:  # most letters that are signed are black on white
        draft.sheet.paper[:] = 1
        draft.pen = draft.black
    (_write_letter if sort == "letter" else _fill_with_lines)(draft)
    if rng.random() < 0.1:
        bleed_through(rng, draft.sheet)
    pixels, ink = scanned(rng, draft.sheet)
    return _seen(_reduced(rng, darken_margins(rng, pixels)), ink)


def _write_letter(draft: SignedDraft) -> None:
    rng, (height, width) = draft.rng, draft.sheet.size
    if rng.random() < 0.6:
        add_logo(draft, round(width * rng.uniform(0.02, 0.7)), round(draft.y * rng.uniform(0.3, 1)))
    for _ in range(rng.integers(1, 7)):  # who writes, to whom, when
        x = draft.left if rng.random() < 0.6 else round(width * rng.uniform(0.1, 0.6))
        size = draft.em if rng.random() < 0.7 else round(draft.em * rng.uniform(0.6, 2.2))
        draft.print_at(draft.words(1, 5), x, draft.y, size, draft.fonts[int(rng.integers(0, 2))])
        draft.y += round(size * rng.uniform(1.2, 2.5))
    _print_paragraphs(draft, round(height * rng.uniform(0.15, 0.75)))
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.08, 0.6, 0.22, 0.1]))):
        _sign_off(draft)
    _print_paragraphs(draft, min(draft.y + round(draft.em * rng.uniform(0, 8)), round(height * 0.95)))
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.5, 0.2, 0.2, 0.1]))):  # notes, dates and initials of clerks
        tall = round(draft.em * rng.uniform(1.2, 3))
        x, y = round(width * rng.uniform(0.02, 0.8)), round(height * rng.uniform(0.01, 0.95))
        draft.write_at(x, y, tall, round(width * rng.uniform(0.08, 0.5)))
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.6, 0.2, 0.15, 0.05]))):
        draft.note(round(width * rng.uniform(0, 0.85)), round(height * rng.uniform(0, 0.9)))
    for _ in range(int(rng.choice([0, 1, 3], p=[0.7, 0.2, 0.1]))):
        x, y = round(width * rng.uniform(0, 0.85)), round(height * rng.uniform(0, 0.95))
        draft.date_at(x, y, round(draft.em * rng.uniform(1.3, 3)))
    for _ in range(int(rng.choice([0, 1, 3, 6], p=[0.7, 0.1, 0.1, 0.1]))):
        draft.underline(round(width * rng.uniform(0, 0.8)), round(height * rng.uniform(0.05, 0.95)))
    for _ in range(int(rng.choice([0, 1, 2], p=[0.65, 0.25, 0.1]))):
        add_stamp(draft)
    if rng.random() < 0.4:
        draft.print_at(str(rng.integers(10_000_000, 99_999_999)), round(width * 0.7), height - 2 * draft.em)
    add_dirt(rng, draft.sheet)


def _fill_with_lines(draft: SignedDraft) -> None:
    """Fill a page, or some of it, with lines of one hand under a printed head or none, and perhaps sign it.

    Some are large print instead, as in books and posters: large letters are not a pen's for being large.
    """
    rng, (height, width) = draft.rng, draft.sheet.size
    by_hand = rng.random() < 0.7
    for _ in range(int(rng.choice([0, 1, 3], p=[0.5, 0.3, 0.2]))):
        draft.print_at(draft.words(1, 5), round(width * rng.uniform(0.05, 0.6)), draft.y, draft.em, draft.fonts[1])
        draft.y += round(draft.em * rng.uniform(1.2, 2.5))
    tall = round(draft.em * (rng.uniform(1.4, 4) if rng.random() < 0.55 else rng.uniform(3, 7)))
    pitch = round(tall * rng.uniform(0.8, 1.8)) if by_hand else round(tall * rng.uniform(1.1, 2))
    left, bottom = round(width * rng.uniform(0.02, 0.15)), height * rng.uniform(0.2, 0.97)
    ruled = rng.random() < 0.25
    while draft.y < bottom - tall:
        for column in (left, width // 2) if rng.random() < 0.08 else (left,):
            widest = max(round((width - column - left) * _share(rng, 0.7, 0.15)), 2 * tall)
            if by_hand:
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


def _share(rng: np.random.Generator, whole: float, least: float) -> float:
    """Return how much of its room a line takes: all with a probability of `whole`, else no less than `least`."""
    return 1.0 if rng.random() < whole else float(rng.uniform(least, 1))


def _print_paragraphs(draft: Draft, bottom: int) -> None:
    rng, width = draft.rng, draft.sheet.size[1]
    pitch = round(draft.em * rng.choice([1.15, 1.3, 1.6, 2.2]))
    letters = round((width - 2 * draft.left) / (draft.em * 0.52))
    while draft.y < bottom:
        for _ in range(rng.integers(1, 9)):
            if draft.y >= bottom:
                return
            share = _share(rng, 0.8, 0.1)
            draft.print_at(draft.words(16)[: max(3, round(letters * share))], draft.left, draft.y)
            draft.y += pitch
        draft.y += round(pitch * rng.uniform(0, 1.2))


def _sign_off(draft: SignedDraft) -> None:
    """Close a letter: a signature over, under, beside or through what is printed there."""
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


def _reduced(rng: np.random.Generator, pixels: ImageU8) -> ImageU8:
    """Return the page at the size of a thumbnail, a fax or a scan, its longest side 560 to 1,300 pixels."""
    longest = rng.uniform(560, 760) if rng.random() < 0.55 else rng.uniform(760, 1300)
    scale = min(1.0, longest / max(pixels.shape[:2]))
    how = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how)
    if rng.random() < 0.6:
        _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 96))])
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(small, np.uint8)


def _seen(pixels: ImageU8, ink: ImageU8) -> MarkedPage:
    """Return a page whose ink map tells of no ink that scanning has bleached away."""
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)
    depth = cv2.dilate(grey, np.ones((15, 15), np.uint8)) - cv2.erode(grey, np.ones((5, 5), np.uint8))
    dark = cv2.resize((depth > _FAINTEST).astype(np.uint8), ink.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return MarkedPage(pixels, np.asarray(np.where(dark > 0, ink, 0), np.uint8))


def _numbered(ink: ImageU8) -> ImageU8:
    """Return an ink map whose signatures are numbered, from one where all are SIGNATURE."""
    near = cv2.dilate((ink == SIGNATURE).astype(np.uint8), np.ones((_MERGE, 3 * _MERGE), np.uint8))
    _, numbers = cv2.connectedComponents(near)
    numbered = np.where(ink == SIGNATURE, np.minimum(SIGNATURE - 1 + numbers, 255), ink)
    return np.asarray(numbered, np.uint8)
