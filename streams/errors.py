"""The errors of the stream: the part of the tree of models.errors that models knows nothing of.

InkstreamError
├── MessageError
│   ├── UndecodableMessage   a message on a topic is not what the topic carries
│   ├── SourceGone           the file behind a reference is no longer there, or is no longer the same
│   ├── SourceForbidden      a reference may not be fetched, or its server refuses it
│   ├── SourceTooLarge       the file behind a reference is larger than it may be
│   ├── SourceUnsupported    there is no client here for a reference's scheme
│   ├── SourceFailed         a client raised what nobody expected of it
│   ├── ExpiredUnread        messages were deleted from their topic before anybody read them
│   ├── SealedElsewhere      a password was sealed with a key that is not this service's
│   ├── WebhookRefused       a webhook's server does not take a call
│   ├── PoisonMessage        the whole worker died each time it took up this message
│   └── RecordTooLarge       a result is larger than its topic takes
├── DiskFull                 there is no room for a document (retriable, waited for)
├── SourceUnavailable        a reference cannot be fetched right now (retriable)
│   └── SourceGivenUp        it could not be fetched for source_retry_s
├── QueryError               SQL that is wrong, not allowed, or takes too long
│   └── TableBusy            too many other queries run (retriable)
├── WordsMissing             a format needs the place of each word, and a page was read without words
├── FileUnreadable           a file to send is not there or may not be read
├── DocumentsFailed          all that was there was read, and some of it failed (exit code 4)
├── ConfigurationError       a setting is wrong; the message names it (exit code 2)
├── PartEnded                a part of the service ended by an error that nobody expected
├── DeliveryRefused          Kafka will never take what is sent to a topic: a right is missing (exit code 3)
└── BrokerError              Kafka cannot be started or reached (retriable, exit code 3)
"""

from __future__ import annotations

from models.errors import InkstreamError


class MessageError(InkstreamError):
    """A message cannot be processed, ever."""

    reason = "message"


class UndecodableMessage(MessageError):
    """A message does not decode as what its topic carries."""

    reason = "undecodable-message"


class SourceGone(MessageError):
    """The file behind a reference was deleted, expired, or changed since it was announced."""

    reason = "source-gone"


class SourceForbidden(MessageError):
    """A reference points where nothing may be fetched from, or its server refuses to serve it."""

    reason = "source-forbidden"


class SourceTooLarge(MessageError):
    """The file behind a reference is larger than `content_ref_max_bytes`."""

    reason = "source-too-large"


class SourceUnsupported(MessageError):
    """A reference needs a package that is not installed where it was to be fetched."""

    reason = "source-unsupported"


class SourceFailed(MessageError):
    """A reference cannot be fetched, for a reason that its server or client gave and nobody expected."""

    reason = "source-failed"


class ExpiredUnread(MessageError):
    """Messages were deleted from their topic, by retention or by hand, before anybody read them."""

    reason = "expired-unread"


class SealedElsewhere(MessageError):
    """A document's password was sealed with a key that is not known here."""

    reason = "sealed-elsewhere"


class WebhookRefused(MessageError):
    """A webhook's server answered a call with another status than 2xx."""

    reason = "webhook-refused"


class PoisonMessage(MessageError):
    """The worker died on this message as often as `max_attempts` allows."""

    reason = "repeat-killer"


class RecordTooLarge(MessageError):
    """A result is larger than its topic takes; raise max_message_bytes and the topic's max.message.bytes."""

    reason = "record-too-large"


class DiskFull(InkstreamError):
    """The disk has no room for a document. Every document would fail, so that room is waited for."""

    retriable = True
    waits = True
    reason = "disk-full"


class SourceUnavailable(InkstreamError):
    """A reference cannot be fetched now: a network or a broker is away."""

    retriable = True
    reason = "source-unavailable"


class SourceGivenUp(SourceUnavailable):
    """A reference could not be fetched for as long as it is tried; a replay of its letter tries it again."""

    retriable = False


class QueryError(InkstreamError):
    """SQL that is wrong, that would write, or that takes longer than it may."""

    reason = "query"


class TableBusy(QueryError):
    """So many other queries run that this one had no turn in time."""

    retriable = True
    reason = "table-busy"


class WordsMissing(InkstreamError):
    """A format needs the place of each word, which the page does not have."""

    reason = "no-words"


class FileUnreadable(InkstreamError):
    """A file to send is not there, not a file, or may not be read."""

    reason = "file-unreadable"


class DocumentsFailed(InkstreamError):
    """All that was there was read, and some documents, or pages of them, failed; the message names them."""

    reason = "documents-failed"
    exit_code = 4


class ConfigurationError(InkstreamError):
    """A setting is wrong; the message names it and what it may be."""

    reason = "configuration"
    exit_code = 2


class BrokerError(InkstreamError):
    """Kafka cannot be started or reached; the message names what is missing."""

    retriable = True
    reason = "broker"
    exit_code = 3


class PartEnded(InkstreamError):
    """A part of the service (the folder watcher, the console) ended by an error that is not ours."""

    reason = "part-ended"


class DeliveryRefused(InkstreamError):
    """Kafka refuses messages for a topic, and will refuse them again: a right or a setting is missing."""

    reason = "delivery-refused"
    exit_code = 3
