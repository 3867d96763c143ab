"""Frees raw-files, where an earlier version made it, of its limit by time: unread files would go with the read."""

from __future__ import annotations

import logging

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from streams.kafka.clients import until_found

logger = logging.getLogger(__name__)

_SETTING, _UNLIMITED = "retention.ms", "-1"
_SET_ON_TOPIC = 1  # Kafka's config_source: DYNAMIC_TOPIC_CONFIG


async def keep_until_read(admin: AIOKafkaAdminClient, topic: str) -> None:
    """Have a topic keep its records for ever, until they are deleted; its other settings stay as they are.

    Where Kafka does not allow that, a warning names what to set.
    """
    try:
        found = await own_settings(admin, topic)
        if found.get(_SETTING) == _UNLIMITED:
            return
        # aiokafka 0.14 has no incremental request, and this one resets what it does not name
        wanted = ConfigResource(ConfigResourceType.TOPIC, topic, configs={**found, _SETTING: _UNLIMITED})
        for answer in await admin.alter_configs([wanted]):
            for code, reason, *_ in answer.resources:
                if code:
                    raise for_code(code)(reason)
        await until_found(lambda: _is_unlimited(admin, topic))  # else who looks next changes it again
    except KafkaError as error:
        logger.warning(
            "%s may delete files by time before they are read, and its %s cannot be changed (%r): set it to %s",
            topic, _SETTING, error, _UNLIMITED,
        )  # fmt: skip
    else:
        before = found.get(_SETTING, "the broker's default")
        logger.warning("%s: %s is %s now (was %s): files stay until read", topic, _SETTING, _UNLIMITED, before)


async def _is_unlimited(admin: AIOKafkaAdminClient, topic: str) -> bool | None:
    return True if (await own_settings(admin, topic)).get(_SETTING) == _UNLIMITED else None


async def own_settings(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    """Return the settings that a topic has of its own. Raises KafkaError."""
    found: dict[str, str] = {}
    for answer in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]):
        for code, reason, _, _, entries in answer.resources:
            if code:
                raise for_code(code)(reason)
            found |= {name: value for name, value, _, source, *_ in entries if source == _SET_ON_TOPIC}
    return found
