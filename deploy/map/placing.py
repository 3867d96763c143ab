"""Where boxes stand and which way arrows take (Sugiyama et al. 1981): rows, order in a row, x coordinates."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.map.rooms import Arrows

_SWEEPS = 40  # the order of the rows stands still after five to ten


@dataclass(frozen=True)
class Placed:
    """Boxes and arrows on their places.

    Attributes:
        middles: Room → x of its middle.
        paths: (from, to) → an x for every row that the arrow crosses, from its start's row down to its end's.
    """

    middles: Mapping[str, float]
    paths: Mapping[tuple[str, str], list[float]]


def place(arrows: Arrows, rows: Mapping[str, int], box: float, lane: float, gap: float) -> Placed:
    """Place rooms so that arrows are short and cross little. The same rooms are always placed alike.

    Args:
        box: Width of a box.
        lane: Width that an arrow takes where it passes a row.
        gap: Between two neighbours of a row.
    """
    chains = {(one, other): _chain(one, other, rows) for one in sorted(arrows) for other in sorted(arrows[one])}
    neighbours: dict[str, set[str]] = defaultdict(set)
    lines: list[list[str]] = [[] for _ in range(max(rows.values()) + 1)]
    for room, row in sorted(rows.items()):
        lines[row].append(room)
    for chain in chains.values():
        for number, name in enumerate(chain[1:-1], 1):
            lines[rows[chain[0]] - number].append(name)
        for upper, lower in itertools.pairwise(chain):
            neighbours[upper].add(lower)
            neighbours[lower].add(upper)
    widths = {name: box if name in rows else lane for line in lines for name in line}
    x = _ordered(lines, neighbours, widths, gap)
    return Placed(
        {room: x[room] for room in rows}, {arrow: [x[name] for name in chain] for arrow, chain in chains.items()}
    )


def _chain(one: str, other: str, rows: Mapping[str, int]) -> list[str]:
    """Return the names of an arrow's ends, and of its crossings with the rows between them."""
    between = [f"{one}→{other} {row}" for row in range(rows[one] - 1, rows[other], -1)]
    return [one, *between, other]


def _ordered(
    lines: list[list[str]], neighbours: Mapping[str, set[str]], widths: Mapping[str, float], gap: float
) -> dict[str, float]:
    x: dict[str, float] = {}
    for line in lines:
        _spread(line, dict.fromkeys(line, 0.0), widths, gap, x)
    for sweep in range(_SWEEPS):
        for line in lines if sweep % 2 else reversed(lines):
            wanted = {name: _mean([x[other] for other in sorted(neighbours[name])], x[name]) for name in line}
            if sweep < _SWEEPS // 2:
                line.sort(key=lambda name: (wanted[name], name))
            _spread(line, wanted, widths, gap, x)
    return x


def _spread(
    line: list[str], wanted: Mapping[str, float], widths: Mapping[str, float], gap: float, x: dict[str, float]
) -> None:
    """Give a row's names the x nearest to the wanted at which none overlap: the mean of pushing right and left."""
    right: dict[str, float] = {}
    left: dict[str, float] = {}
    for names, found, sign in ((line, right, 1.0), (line[::-1], left, -1.0)):
        edge = float("-inf")
        for name in names:
            found[name] = max(sign * wanted[name], edge + widths[name] / 2)
            edge = found[name] + widths[name] / 2 + gap
    for name in line:
        x[name] = (right[name] - left[name]) / 2


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default
