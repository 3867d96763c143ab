"""Which Kafka a command talks to: --broker, INKSTREAM_BROKER, or the one `inkstream up` runs in this folder."""

from __future__ import annotations

import sys
from typing import Any

import typer

from streams.addresses import address_in, api_note, broker_note
from streams.errors import ConfigurationError
from streams.settings import Settings, load_settings


def settings_for(broker: str | None = None, prefix: str | None = None, **more: Any) -> Settings:
    """Return the settings with a broker.

    Raises:
        ConfigurationError: There is no broker to talk to; the message names the ways to give one.
    """
    settings = load_settings(broker=broker, topic_prefix=prefix, **more)
    if settings.broker is None:
        address = address_in(broker_note(settings.data_dir))
        if address is None:
            raise ConfigurationError(
                "No Kafka to talk to: give --broker host:port, set INKSTREAM_BROKER, "
                "or run `inkstream up` in this folder."
            )
        settings = settings.model_copy(update={"broker": address})
    return settings


def agree_to_topics(settings: Settings, *, create: bool) -> None:
    """Return where the topics are there, or may be created: a prefix with a typing error would make five new ones.

    Args:
        create: Whether that was agreed to beforehand.

    Raises:
        ConfigurationError: They are not there, and nobody agreed to new ones.
        BrokerError: Kafka cannot be reached.
    """
    import asyncio

    from streams.kafka.topics import TopicNames, topics_exist

    if create or asyncio.run(topics_exist(settings)):
        return
    lack = f"Kafka at {settings.broker} has no topic {TopicNames.of(settings).raw_files}"
    if sys.stdin.isatty() and typer.confirm(f"{lack}. Create it and the four others?", err=True):
        return
    raise ConfigurationError(f"{lack}; correct --prefix, or agree to new topics with --create-topics")


def api_url(settings: Settings) -> str:
    """Return where the API of the service in this folder is: what it noted, else what the settings have.

    Where neither names one, the default address may be that of any service on this machine: stderr has a line then.
    """
    noted = address_in(api_note(settings.data_dir))
    if noted is None and not settings.model_fields_set & {"api_host", "api_port"}:
        print(f"note: no service runs in this folder; asking the one at {settings.api_url}", file=sys.stderr)
    return noted or settings.api_url


def api_secret(settings: Settings, token: str | None) -> str | None:
    """Return the token for the API: the one that was given, else that of the settings; None where there is none."""
    return token or (settings.api_token.get_secret_value() if settings.api_token else None)
