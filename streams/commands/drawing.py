"""How `inkstream read` draws regions: `--draw NAME=VALUE`, with the names that the API's query has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.export.registry import FORMATS
from streams.errors import ConfigurationError

if TYPE_CHECKING:
    from models.export.drawing import DrawOptions


def drawing_options(given: Sequence[str], output: str) -> DrawOptions | None:
    """Return how regions are drawn in a format; None where it draws none.

    Raises:
        ConfigurationError: The format draws nothing, or one of these is not NAME=VALUE.
        OptionsError: There is no such name or value.
    """
    if not FORMATS[output].has_drawing:
        if given:
            drawn = ", ".join(name for name, found in FORMATS.items() if found.has_drawing)
            raise ConfigurationError(f"--draw {given[0]}: {output} has no drawing; use --format {drawn}")
        return None
    from models.export.drawing import draw_options

    options: dict[str, object] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise ConfigurationError(f"--draw {one}: write it as NAME=VALUE, as labels=1")
        options[name] = value
    return draw_options(options)
