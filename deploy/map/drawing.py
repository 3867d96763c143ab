"""The map as SVG: a panel for each house, a box for each room, an arrow for each import that no other implies."""

from __future__ import annotations

import itertools
import textwrap
from html import escape
from typing import NamedTuple

from deploy.map.placing import Placed, place
from deploy.map.rooms import House, without_implied

_BOX_WIDTH, _BOX_HEIGHT = 216.0, 84.0
_ROW = 122.0  # from one row to the next
_GAP, _LANE, _MARGIN = 18.0, 14.0, 28.0
_HEAD = 74.0  # of a panel, for its name
_LETTERS = 37  # of a line of small print that fit into a box
_FONT = "font-family='Helvetica, Arial, DejaVu Sans, sans-serif'"


class _Colours(NamedTuple):
    panel: str
    box: str
    border: str
    title: str


_COLOURS = {
    "streams": _Colours("#f3f7fd", "#ffffff", "#4a7cc7", "#1d4684"),
    "models": _Colours("#f3f9f4", "#ffffff", "#4f9a68", "#1f5c36"),
}
_SUBTITLES = {
    "streams": "everything that knows Kafka",
    "models": "reads a page; knows nothing of Kafka",
}


def draw(houses: list[House]) -> str:
    """Return the map of the houses, side by side, as an SVG document."""
    panels, x = [], _MARGIN
    tall = _HEAD + max(max(house.rows.values()) for house in houses) * _ROW + _BOX_HEIGHT + _MARGIN
    for house in houses:
        placed = place(without_implied(house.arrows), house.rows, _BOX_WIDTH, _LANE, _GAP)
        panel, width = _panel(house, placed, x, tall)
        panels += panel
        x += width + _MARGIN
    height = tall + 2 * _MARGIN + 40
    note = (
        "An arrow is an import. One that follows from others is not drawn; every arrow goes down. "
        "Drawn from the code by `make map`."
    )
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {x:.0f} {height:.0f}' {_FONT}>",
            "<title>The rooms of inkstream and what they import</title>",
            "<defs><marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' "
            "markerWidth='7' markerHeight='7' orient='auto'>",
            "<path d='M0 0.8 L7.5 4 L0 7.2 z' fill='#7b8494'/></marker></defs>",
            f"<rect width='{x:.0f}' height='{height:.0f}' fill='#ffffff'/>",
            *panels,
            _text(_MARGIN, height - 24, note, 13, "#5b6472"),
            "</svg>\n",
        ]
    )


def _panel(house: House, placed: Placed, left: float, tall: float) -> tuple[list[str], float]:
    """Return a house's panel and its width."""
    colours = _COLOURS[house.name]
    across = [*placed.middles.values(), *(x for path in placed.paths.values() for x in path)]
    width = max(across) - min(across) + _BOX_WIDTH + 2 * _MARGIN
    shift = left - min(across) + _BOX_WIDTH / 2 + _MARGIN
    top = max(house.rows.values())
    parts = [
        f"<rect x='{left:.0f}' y='{_MARGIN:.0f}' width='{width:.0f}' height='{tall:.0f}' rx='14' "
        f"fill='{colours.panel}'/>",
        _text(left + _MARGIN, _MARGIN + 36, house.name, 24, colours.title, bold=True),
        _text(left + _MARGIN, _MARGIN + 56, _SUBTITLES[house.name], 13, "#5b6472"),
    ]

    def y_of(row: int) -> float:
        return _MARGIN + _HEAD + (top - row) * _ROW

    for (one, _), path in sorted(placed.paths.items()):
        parts.append(_arrow([x + shift for x in path], y_of(house.rows[one])))
    for room in sorted(house.rooms):
        parts += _box(house, room, placed.middles[room] + shift - _BOX_WIDTH / 2, y_of(house.rows[room]))
    return parts, width


def _arrow(path: list[float], y: float) -> str:
    """Return an arrow from the bottom of a box at `y` down its lanes to the top of another."""
    y += _BOX_HEIGHT
    steps = [f"M{path[0]:.1f} {y:.1f}"]
    for number, (x, to) in enumerate(itertools.pairwise(path)):
        end = y + _ROW - _BOX_HEIGHT
        middle = (y + end) / 2
        steps.append(f"C{x:.1f} {middle:.1f} {to:.1f} {middle:.1f} {to:.1f} {end:.1f}")
        y = end
        if number < len(path) - 2:  # past the boxes of a row
            y += _BOX_HEIGHT
            steps.append(f"L{to:.1f} {y:.1f}")
    return f"<path d='{' '.join(steps)}' fill='none' stroke='#7b8494' stroke-width='1.3' marker-end='url(#tip)'/>"


def _box(house: House, room: str, x: float, y: float) -> list[str]:
    colours, name = _COLOURS[house.name], room.split(".")[1]
    outside = sorted(other.split(".")[1] for other in house.outside[room])
    lines = 2 if outside else 3
    print_lines = textwrap.wrap(house.rooms[room], _LETTERS, max_lines=lines, placeholder=" …")
    parts = [
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{_BOX_WIDTH:.0f}' height='{_BOX_HEIGHT:.0f}' rx='8' "
        f"fill='{colours.box}' stroke='{colours.border}' stroke-width='1.4'/>",
        _text(x + 12, y + 22, name, 15, colours.title, bold=True),
        *(_text(x + 12, y + 39 + 14 * number, line, 11, "#3c4350") for number, line in enumerate(print_lines)),
    ]
    if outside:
        other_house = next(iter(house.outside[room])).split(".")[0]
        listed = textwrap.shorten(f"→ {other_house}: {', '.join(outside)}", _LETTERS + 1, placeholder=" …")
        parts.append(_text(x + 12, y + _BOX_HEIGHT - 9, listed, 10.5, _COLOURS[other_house].title))
    return parts


def _text(x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False) -> str:
    weight = " font-weight='bold'" if bold else ""
    return f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size:g}'{weight} fill='{colour}'>{escape(text)}</text>"
