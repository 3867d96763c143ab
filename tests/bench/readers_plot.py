"""Speed against accuracy as SVG: a panel for each set, a dot for each reader, and which reader to choose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any

_WIDTH, _HEIGHT, _MARGIN = 300.0, 230.0, 44.0
_SLACK = 0.01  # of accuracy: a reader so little below the best is as good
_FONT = "font-family='Helvetica, Arial, DejaVu Sans, sans-serif' font-size='12'"
_COLOURS = {"auto": "#1d4684", "ppocr": "#1f7a4d", "rapidocr": "#b4552d", "tesseract": "#7b8494"}


def accuracy(row: dict[str, Any]) -> float:
    """Return a row's word F1, or the share of passages found where the truth is tests of passages; in [0, 1]."""
    return next((float(row[name]) for name in ("word_f1", "passages") if row.get(name) is not None), 0.0)


def choice(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the fastest of the readers of one set that are within .01 of the best accuracy."""
    best = max(map(accuracy, rows))
    return max((row for row in rows if accuracy(row) >= best - _SLACK), key=lambda row: row["pages_per_s"] or 0.0)


def draw(rows: Sequence[dict[str, Any]]) -> str:
    """Return the plot of rows that `readers.measure` gave, those of a set one after the other."""
    panels = [list(group) for _, group in groupby(rows, key=lambda row: row["dataset"])]
    width = len(panels) * (_WIDTH + _MARGIN) + _MARGIN
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {_HEIGHT + 2.4 * _MARGIN:.0f}' {_FONT}>",
        "<title>Pages a second and accuracy of each reader</title>",
        "<rect width='100%' height='100%' fill='#ffffff'/>",
    ]
    for number, panel in enumerate(panels):
        x = _MARGIN + number * (_WIDTH + _MARGIN)
        parts += [f"<g transform='translate({x:.0f} {1.2 * _MARGIN:.0f})'>", *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return one set: pages a second to the right, on a logarithmic scale; accuracy upwards."""
    rows = [row for row in rows if row["pages_per_s"]]
    if not rows:
        return []
    speeds = [math.log10(row["pages_per_s"]) for row in rows]
    low, high = min(speeds) - 0.15, max(speeds) + 0.45  # room for the names at the right
    bottom = max(0.0, min(map(accuracy, rows)) - 0.05)
    best = choice(rows)
    parts = [
        f"<text y='-24' font-weight='bold'>{escape(best['dataset'])}</text>",
        f"<text y='-8'>choose {escape(best['reader'])}: {best['pages_per_s']:.2f} pages/s, "
        f"{accuracy(best):.3f}</text>",
        f"<rect width='{_WIDTH}' height='{_HEIGHT}' fill='#f7f8fa' stroke='#c9ced8'/>",
        f"<text y='{_HEIGHT + 16}'>{10**low:.2f}</text>",
        f"<text x='{_WIDTH}' y='{_HEIGHT + 16}' text-anchor='end'>{10**high:.1f}</text>",
        f"<text x='{_WIDTH / 2}' y='{_HEIGHT + 30}' text-anchor='middle'>pages a second</text>",
        "<text x='-4' y='10' text-anchor='end'>1.0</text>",
        f"<text x='-4' y='{_HEIGHT}' text-anchor='end'>{bottom:.2f}</text>",
    ]
    for row, speed in zip(rows, speeds, strict=True):
        x = (speed - low) / (high - low) * _WIDTH
        y = (1 - accuracy(row)) / (1 - bottom or 1) * _HEIGHT
        colour = _COLOURS.get(row["reader"], "#000000")
        parts += [
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{7 if row is best else 5}' fill='{colour}'/>",
            f"<text x='{x + 10:.1f}' y='{y + 4:.1f}' fill='{colour}'>{escape(row['reader'])}</text>",
        ]
    return parts
