"""The id of an event: how far page-text and documents are read behind it, as `12.7.0.3-4.4.0.1`.

The offset that comes next of each partition of page-text, in their order, then of each partition of documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiokafka import TopicPartition

from streams.kafka.topics import TopicNames
from streams.web.problems import Refusal

# no more digits than Kafka's numbers have: Python refuses to make a number of 5,000
_ID = re.compile(r"[0-9]{1,19}(\.[0-9]{1,19}){0,9999}-[0-9]{1,19}(\.[0-9]{1,19}){0,9999}")


def event_id(positions: Mapping[TopicPartition, int], names: TopicNames) -> str:
    """Return positions as an id."""
    return "-".join(
        ".".join(str(positions[where]) for where in sorted(positions) if where.topic == topic)
        for topic in (names.page_text, names.documents)
    )


def positions_in(text: str, now: Mapping[TopicPartition, int], names: TopicNames) -> dict[TopicPartition, int]:
    """Return the positions in an id, none of them later than those of now; 0 for partitions that were added since.

    Raises:
        Refusal: It is no id of this service.
    """
    if _ID.fullmatch(text) is None:
        raise Refusal("malformed-request", "an event's id is what `id` of an event has, as 12.7-4.4")
    found: dict[TopicPartition, int] = {}
    for topic, offsets in zip((names.page_text, names.documents), text.split("-"), strict=True):
        partitions = sorted(where for where in now if where.topic == topic)
        given = list(map(int, offsets.split(".")))
        if len(given) > len(partitions):
            raise Refusal("malformed-request", f"the event's id has {len(given)} partitions of {topic}: too many")
        given += [0] * (len(partitions) - len(given))
        found |= {where: min(offset, now[where]) for where, offset in zip(partitions, given, strict=True)}
    return found
