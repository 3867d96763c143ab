"""Records as anybody may write them onto a topic: valid ones, changed one or more times at random, from a seed."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

RECORDS = int(os.environ.get("FORGED_RECORDS", "100"))
"""How many a test sends of its kind; `FORGED_RECORDS=10000` is the long run, of a quarter of an hour."""

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, 1e308, "", " ", "\0", "x", "0", "-1",
    "a\nb\tc", "\x1b[31m", "../../etc/passwd", "file:///dev/zero", "file:///etc/passwd", "kafka://pages/0/0", "kafka://x/y/z",
    "zip://a::file:///b", "s3://", "://", "sealed:", "sealed:AAAA", "%00", "é" * 300, "x" * 70_000, "\U0010ffff",
    [], [[]], {}, {"": {}}, [0] * 1000, {"password": 7}, {"a": {"b": {"c": []}}},
)  # fmt: skip
_HEADERS = ("path", "document-id", "content-ref", "options", "replay-of", "content-type", "x-other", "", "\x00")


@dataclass(frozen=True, slots=True)
class Forgery:
    """One message to send."""

    value: bytes | None
    key: bytes | None = None
    headers: list[tuple[str, bytes]] = field(default_factory=list)


class Forger:
    """Makes messages; the same from the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def partition(self, count: int) -> int:
        """Return any partition: mostly not the one that the key would choose."""
        return self._random.randrange(count)

    def records(self, valid: dict[str, Any], count: int) -> Iterator[Forgery]:
        """Yield a record as JSON, with its fields and then its bytes changed."""
        for _ in range(count):
            value: bytes | None = json.dumps(self._changed(valid)).encode()
            for _ in range(self._random.choice((0, 0, 0, 1, 2))):
                value = self._damaged(value or b"")
            yield Forgery(
                self._random.choice((value, value, value, value, value, None)), self._key(), self._headers()
            )

    def files(self, content: bytes, options: dict[str, Any], count: int) -> Iterator[Forgery]:
        """Yield a file, mostly whole, with headers of any kind."""
        for _ in range(count):
            value = self._random.choice((content, content, b"", content[:200], self._damaged(content), None))
            yield Forgery(value, self._key(), self._headers(options))

    def _changed(self, valid: dict[str, Any]) -> dict[str, Any]:
        record = dict(valid)
        for _ in range(self._random.randint(1, 3)):
            name = self._random.choice([*record, "unknown"])
            inside = record.get(name)
            if isinstance(inside, dict) and inside and self._random.random() < 0.7:
                record[name] = self._changed(inside)
            elif self._random.random() < 0.2:
                record.pop(name, None)
            else:
                record[name] = self._random.choice(_VALUES)
        return record

    def _damaged(self, value: bytes) -> bytes:
        at = self._random.randint(0, len(value))
        ways: list[Callable[[], bytes]] = [
            lambda: value[:at],
            lambda: value[:at] + self._random.randbytes(3) + value[at:],
            lambda: b"\xef\xbb\xbf" + value,
            lambda: value.decode("latin-1").encode("utf-16"),
            lambda: b"[" * 50_000,
            lambda: b'{"a":' * 2_000,
            lambda: value + value,
            lambda: self._random.randbytes(100),
            lambda: value.replace(b'"', b'"\\ud800', 1),
            lambda: value.replace(b":", b": NaN,", 1),
            lambda: value + b" " * 1_000_000,
        ]
        return self._random.choice(ways)()

    def _key(self) -> bytes | None:
        return self._random.choice(
            (None, b"", b"x/0", b"\xff\xfe", b"a/b/c/99999999999", self._random.randbytes(8))
        )

    def _headers(self, options: dict[str, Any] | None = None) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        for _ in range(self._random.choice((0, 1, 1, 2, 3))):
            name = self._random.choice(_HEADERS)
            text = self._random.choice(_VALUES)
            value = str(text)[:5000].encode(errors="replace")
            if name == "options" and options is not None:
                value = json.dumps(self._changed(options)).encode()
            found.append((name, self._random.choice((value, value, value, b"", self._random.randbytes(9)))))
        return found
