"""Bytes to messages and back. What does not decode is an UndecodableMessage, never another error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

import orjson
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from models.errors import OptionsError, as_unicode
from models.options import CraftOptions, ReadOptions
from streams.errors import UndecodableMessage
from streams.messages.corrections import Correction
from streams.messages.record import Record
from streams.messages.records import FileHeaders

R = TypeVar("R", bound=Record)
Headers = Iterable[tuple[str, bytes | None]]

_MAX_OPTIONS_CHARACTERS = 16 * 1024  # every page task has a copy
_NAMES = re.compile(r"\^\(([\w|]+)\)\$")  # the pattern of an option that is one of some names
_SHOWN_CHARACTERS = 100  # characters of what somebody else wrote, in a message


def encode(record: Record) -> bytes:
    """Return the record as compact UTF-8 JSON; what is no Unicode character in it, escaped.

    File names, and decoders' messages about broken files, come as bytes that need not be UTF-8.
    """
    try:
        return record.model_dump_json(by_alias=True).encode()
    except PydanticSerializationError:
        return orjson.dumps(_printable(record.model_dump(by_alias=True)))


def _printable(value: object) -> object:
    if isinstance(value, str):
        return as_unicode(value)
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value


def decode(kind: type[R], value: bytes | None) -> R:
    """Return the record in a message value.

    Raises:
        UndecodableMessage: The value is missing, not JSON, or not a `kind`.
    """
    if not value:
        raise UndecodableMessage(f"expected a {kind.__name__} as JSON, got an empty value")
    try:
        return kind.model_validate_json(value)
    except ValidationError as error:
        raise UndecodableMessage(f"not a {kind.__name__}: {_first_fault(error)}") from error


def correction_in(key: bytes | None, value: bytes | None) -> tuple[str, Correction | None]:
    """Return the key and the record of a message on `corrections`; None where it takes the correction back.

    Raises:
        UndecodableMessage: It has no key, is no Correction, or stands under another one's key.
    """
    name = (key or b"").decode(errors="replace")
    if not name:
        raise UndecodableMessage("a correction without a key")
    correction = decode(Correction, value) if value else None
    if correction is not None and correction.key != name:
        raise UndecodableMessage(f"its key is {name[:100]!r}, not {correction.key[:100]!r}")
    return name, correction


def decode_headers(headers: Headers) -> FileHeaders:
    """Return the known headers of a raw-files message; others are ignored, the last of a repeated one counts.

    Raises:
        UndecodableMessage: A known header is not UTF-8, or `options` is not a JSON object.
    """
    known = {field.alias or name for name, field in FileHeaders.model_fields.items()}
    values: dict[str, object] = {}
    for name, raw in headers:
        if name not in known or raw is None:
            continue
        try:
            text = raw.decode()
            values[name] = parse_options(text, "it") if name == "options" else text
        except (UnicodeDecodeError, OptionsError) as error:
            raise UndecodableMessage(f"header {name} does not decode: {error}") from error
    try:
        return FileHeaders.model_validate(values)
    except ValidationError as error:
        raise UndecodableMessage(f"bad header {_first_fault(error)}") from error


def parse_options(text: str, source: str) -> dict[str, object]:
    """Return the read options in a JSON object, as given: merge_options checks their names and values.

    Args:
        source: What the text came in, as the message calls it.

    Raises:
        OptionsError: It is not JSON, or not an object.
    """
    if len(text) > _MAX_OPTIONS_CHARACTERS:
        raise OptionsError(f"{source} has {len(text)} characters; options may have {_MAX_OPTIONS_CHARACTERS}")
    advice = """write options as '{"reader": "ppocr", "dpi": 200}'"""
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise OptionsError(f"{source} is not JSON ({error}); {advice}") from error
    if not isinstance(given, dict):
        raise OptionsError(f"{source} is not a JSON object; {advice}")
    return given


def merge_options(defaults: ReadOptions, given: dict[str, object]) -> ReadOptions:
    """Return the defaults, overridden by the given fields; nested objects are merged field by field.

    Raises:
        OptionsError: A field is unknown or out of range; the message names it.
    """
    try:
        return ReadOptions.model_validate(overlaid(defaults.model_dump(), given))
    except ValidationError as error:
        raise OptionsError(f"options: {_unknown_name(error) or _first_fault(error)}") from error


def overlaid(defaults: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """Return options overridden by others; nested objects are merged field by field."""
    merged = {**defaults, **given}
    for name, value in given.items():
        before = defaults.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[name] = overlaid(before, value)
    return merged


def _unknown_name(error: ValidationError) -> str | None:
    """Return what is wrong where an option, or a field of `craft`, has a name that does not exist."""
    for fault in error.errors(include_url=False, include_input=False):
        if fault["type"] == "extra_forbidden":
            *inside, name = map(str, fault["loc"])
            known = CraftOptions.model_fields if inside else ReadOptions.model_fields
            meant = get_close_matches(name, known, n=1)
            advice = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(known)}"
            return f"there is no option {'.'.join([*inside, name[:_SHOWN_CHARACTERS]])}; {advice}"
    return None


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, fault["loc"]))
    names = _NAMES.fullmatch(str(fault.get("ctx", {}).get("pattern", "")))
    reason = f"use {', '.join(names[1].split('|'))}" if names else str(fault["msg"])
    return f"{where}: {reason}" if where else reason
