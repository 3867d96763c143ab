"""Read options as a user types them: one JSON object, as in a document's `options` header."""

from __future__ import annotations


def parsed_options(options: str) -> dict[str, object]:
    """Return the fields that --options gives. Raises OptionsError."""
    import json

    from models.errors import OptionsError

    advice = """write them as '{"reader": "ppocr", "dpi": 200}'"""
    try:
        given = json.loads(options)
    except json.JSONDecodeError as error:
        raise OptionsError(f"--options {options} is not JSON ({error}); {advice}") from error
    if not isinstance(given, dict):
        raise OptionsError(f"--options {options} is not a JSON object; {advice}")
    return given
