"""Which Kafka a command talks to: --broker, INKSTREAM_BROKER, or the one `inkstream up` runs in this folder."""

from __future__ import annotations

from typing import Any

from streams.errors import ConfigurationError
from streams.settings import Settings, load_settings


def settings_for(broker: str | None = None, prefix: str | None = None, **more: Any) -> Settings:
    """Return the settings with a broker.

    Raises:
        ConfigurationError: There is no broker to talk to; the message names the ways to give one.
    """
    settings = load_settings(broker=broker, topic_prefix=prefix, **more)
    if settings.broker is None:
        address = settings.data_dir / "broker"
        if not address.is_file():
            raise ConfigurationError(
                "No Kafka to talk to: give --broker host:port, set INKSTREAM_BROKER, "
                "or run `inkstream up` in this folder."
            )
        settings = settings.model_copy(update={"broker": address.read_text().strip()})
    return settings


def api_url(settings: Settings) -> str:
    """Return where the API of the service in this folder is: what it wrote down, else what the settings have."""
    written = settings.data_dir / "api"
    return written.read_text().strip() if written.is_file() else settings.api_url
