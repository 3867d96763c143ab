"""A message as it was taken from a topic, before anything in it is decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incoming:
    """One Kafka record: where it stands, and its bytes."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_s: float | None = None  # by the broker's clock, where its topic has that; seconds since 1970

    @property
    def position(self) -> str:
        """`topic/partition/offset`: no other message has it."""
        return f"{self.topic}/{self.partition}/{self.offset}"
