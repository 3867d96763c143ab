"""What a failed fetch means, for http servers, file systems and the object stores behind fsspec alike.

| what failed | error | what becomes of the message |
|---|---|---|
| nothing there: 404, 410, no such file | SourceGone | dead letter |
| refused: 401, 403, no credentials, an untrusted certificate | SourceForbidden | dead letter |
| away: 5xx, 408, 425, 429, timeouts, lost connections | SourceUnavailable | tried again for source_retry_s |
| no client here for such a reference | SourceUnsupported | dead letter |
| anything else that a client raises | SourceFailed | dead letter: it fails alone, not the worker |
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator
from http import HTTPStatus

from models.errors import InkstreamError
from streams.errors import (
    SourceFailed,
    SourceForbidden,
    SourceGone,
    SourceTooLarge,
    SourceUnavailable,
    SourceUnsupported,
)

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # our disk's, not the source's fault

_AWAY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_REFUSED = {
    HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
}  # fmt: skip
_NOT_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
_NAMED_WRONG = (errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)

# Classes of clients that are not installed everywhere, by name: they are neither OSErrors nor carry a status.
_REFUSED_CLASSES = {
    "botocore.exceptions.NoCredentialsError", "botocore.exceptions.PartialCredentialsError",
    "botocore.exceptions.CredentialRetrievalError", "botocore.exceptions.TokenRetrievalError",
    "google.auth.exceptions.DefaultCredentialsError", "google.auth.exceptions.RefreshError",
    "azure.core.exceptions.ClientAuthenticationError",
}  # fmt: skip
_AWAY_CLASSES = {
    "botocore.exceptions.ConnectionError", "botocore.exceptions.HTTPClientError",
    "botocore.exceptions.IncompleteReadError", "botocore.exceptions.ResponseStreamingError",
    "google.auth.exceptions.TransportError",
    "azure.core.exceptions.ServiceRequestError", "azure.core.exceptions.ServiceResponseError",
    "azure.core.exceptions.IncompleteReadError",
    "aiohttp.client_exceptions.ClientError", "requests.exceptions.RequestException",
}  # fmt: skip

_LOG_IN = (
    "give the reference a valid signature or user and password, or the worker credentials, and replay the letter"
)
_LET_READ = "let the worker's user read it, and replay the letter"
_SEND_AGAIN = "send the document again with where it is now"
_SHOWN_CHARACTERS = 300  # of what a client has to say: some write pages


def error_of_status(status: int, answer: str) -> InkstreamError:
    """Return what an HTTP status other than 2xx means; `answer` is who answered with it, as a sentence."""
    if status in _AWAY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SourceUnavailable(answer)
    if status in _REFUSED:
        return SourceForbidden(f"{answer}; {_LOG_IN}")
    return SourceGone(f"{answer}; {_SEND_AGAIN}")


def error_of(failure: BaseException, shown: str) -> InkstreamError:
    """Return what an exception of a file system or of a client library means.

    Args:
        shown: The reference, without secrets.

    Raises:
        OSError: The failure itself, where our own disk is full.
    """
    if isinstance(failure, InkstreamError):
        return failure
    if isinstance(failure, ImportError):
        return SourceUnsupported(f"{shown} needs a client that is not installed here ({failure}); then replay")
    why = _in_words(failure)
    if untrusted_certificate(failure):
        return SourceForbidden(f"the certificate of {shown} is not trusted here: {why}")
    status = _status_of(failure)
    if status is not None and status >= HTTPStatus.MULTIPLE_CHOICES:
        return error_of_status(status, f"{shown}: {why}")
    if isinstance(failure, OSError):
        return _error_of_os(failure, shown, why)
    classes = set(_classes(failure))
    if classes & _REFUSED_CLASSES:
        return SourceForbidden(f"{shown}: {why}; {_LOG_IN}")
    if classes & _AWAY_CLASSES:
        return SourceUnavailable(f"{shown} cannot be fetched now: {why}")
    return SourceFailed(f"{shown} cannot be fetched, unexpectedly: {why}")


def too_large(shown: str, max_bytes: int) -> SourceTooLarge:
    """Return what a source means that has more bytes than it may."""
    return SourceTooLarge(
        f"{shown} is larger than content_ref_max_bytes ({max_bytes} bytes); raise that, and replay the letter"
    )


def untrusted_certificate(failure: BaseException) -> bool:
    """Return whether a server's certificate was refused: trying again does not help."""
    return any(isinstance(error, ssl.SSLCertVerificationError) for error in _causes(failure))


def _error_of_os(failure: OSError, shown: str, why: str) -> InkstreamError:
    if failure.errno in DISK_FULL:
        raise failure
    if isinstance(failure, _NOT_THERE) or failure.errno in _NAMED_WRONG:
        return SourceGone(f"{shown} cannot be read here: {failure.strerror or why}; {_SEND_AGAIN}")
    if isinstance(failure, PermissionError):
        advice = _LET_READ if shown.startswith("file://") else _LOG_IN
        return SourceForbidden(f"{shown} may not be read: {failure.strerror or why}; {advice}")
    return SourceUnavailable(f"{shown} cannot be fetched now: {why}")


def _status_of(failure: BaseException) -> int | None:
    """Return the HTTP status that a client's exception carries: botocore's in its response, others' as a field.

    s3fs makes OSErrors of botocore's. Other causes do not count: aiohttp puts a 400 of its own under a connection
    that was lost.
    """
    for error in _causes(failure):
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return status if isinstance(status, int) else None
    for name in ("status_code", "status", "code"):
        status = getattr(failure, name, None)
        if isinstance(status, str) and status.isascii() and status.isdigit():
            status = int(status[:3])
        if isinstance(status, int) and HTTPStatus.CONTINUE <= status < 600:
            return status
    return None


def _classes(failure: BaseException) -> Iterator[str]:
    for error in _causes(failure):
        for kind in type(error).__mro__:
            yield f"{kind.__module__}.{kind.__qualname__}"


def _causes(failure: BaseException) -> Iterator[BaseException]:
    error: BaseException | None = failure
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _in_words(failure: BaseException) -> str:
    first, *_ = str(failure).splitlines() or [""]
    return f"{type(failure).__name__} {first[:_SHOWN_CHARACTERS]}".rstrip()
