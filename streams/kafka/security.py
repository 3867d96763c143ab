"""How Kafka clients connect and prove who they are: from settings to the arguments of aiokafka's clients."""

from __future__ import annotations

import ssl
from typing import Any

from streams.errors import ConfigurationError
from streams.settings import Settings


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the arguments that every aiokafka client takes: addresses, TLS, SASL.

    Raises:
        ConfigurationError: No broker is configured, or a certificate or key file is missing or not PEM.
    """
    if settings.broker is None:
        raise ConfigurationError(
            "No Kafka broker given. Use --broker host:port or INKSTREAM_BROKER, "
            "or start everything with `inkstream up`."
        )
    options: dict[str, Any] = {
        "bootstrap_servers": settings.broker.split(","),
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.security_protocol.startswith("SASL") and settings.sasl_password:
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return options


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS context of Kafka clients, None where the protocol has no TLS.

    Raises:
        ConfigurationError: A certificate or key file is missing or not PEM.
    """
    if "SSL" not in settings.security_protocol:
        return None
    setting = f"ssl_cafile {settings.ssl_cafile}"
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile)
        if settings.ssl_certfile:
            setting = f"ssl_certfile {settings.ssl_certfile} with ssl_keyfile {settings.ssl_keyfile}"
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(f"{setting}: {error.strerror or error}; it must be a PEM file") from error
    return context
