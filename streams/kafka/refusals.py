"""Why a Kafka cannot be used, as one sentence with what to do next.

aiokafka raises `Unable to bootstrap` for whatever keeps a client from connecting, and logs the reason. What it logs
is kept here, and no longer printed where a process has not configured its logs.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl

from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

_LOGIN = (
    AuthenticationFailedError, AuthenticationMethodNotSupported, SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)  # fmt: skip
_RIGHTS = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)


class _Reasons(logging.Handler):
    """Keeps the last error with which a connection failed."""

    last: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        reasons = [argument for argument in arguments if isinstance(argument, Exception)]
        self.last = reasons[-1] if reasons else self.last


_reasons = _Reasons(logging.ERROR)
logging.getLogger("aiokafka").addHandler(_reasons)


def why(error: KafkaError, security_protocol: str) -> str:
    """Return what is wrong, and what to look at.

    Args:
        error: What a client raised just now.
        security_protocol: How the client connects.
    """
    reason: BaseException = error.__cause__ or error
    if reason is error and isinstance(error, KafkaConnectionError) and _reasons.last is not None:
        reason, _reasons.last = _reasons.last, None
    if isinstance(reason, _LOGIN):
        return "it refuses the login; check sasl_mechanism, sasl_username and sasl_password"
    if isinstance(reason, _RIGHTS):
        return f"{type(reason).__name__.removesuffix('Error')}; give this client the right, or correct the name"
    if isinstance(reason, ssl.SSLError):
        return f"no TLS with it ({reason.reason or reason}); check security_protocol and ssl_cafile"
    if isinstance(reason, socket.gaierror):
        return "there is no such host"
    if isinstance(reason, TimeoutError):
        return "it accepts connections and does not answer; is it a Kafka, and is it well?"
    if isinstance(reason, OSError):
        what = os.strerror(reason.errno) if reason.errno else reason
        return f"nothing answers there ({what}); correct the address, or start it: `inkstream up` runs one"
    if isinstance(reason, KafkaConnectionError):
        return f"it closes the connection; is it a Kafka, and is security_protocol {security_protocol} right?"
    if isinstance(reason, BrokerResponseError):
        return str(reason)
    return f"{type(reason).__name__}: {reason}"
