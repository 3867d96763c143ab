"""How commands print tables: as wide as the terminal, or as wide as the content where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

_WIDE = 400  # a file or a pipe has no width


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns; nothing in them is taken for markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
