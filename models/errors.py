"""The root of every error that inkstream raises on purpose, and those of documents and models.

InkstreamError           retriable, reason, exit_code: what becomes of it is decided by these
├── DocumentError        the document is at fault: reading it again cannot help
│   ├── UnsupportedFile
│   ├── CorruptFile
│   ├── EncryptedFile
│   ├── EmptyDocument
│   ├── PageTooLarge
│   └── TooManyPages
├── ModelError           the reader is at fault
│   ├── WeightsMissing
│   ├── WeightsInvalid
│   ├── LanguageMissing
│   ├── RecognitionTimeout
│   ├── WorkerDied
│   ├── NothingRead
│   └── ReaderFailed
├── OptionsError         the caller asked for something that does not exist
└── …                    streams.errors: messages, references, queries, configuration, the broker
"""

from __future__ import annotations

import re
from typing import ClassVar

# user and password, or the one token that http takes for both; in abfs://container@account nothing is secret
# (people write ? and # in passwords as they are)
_USER_INFO = re.compile(r"(https?://)[^/\s]*@|(://)[^/?#\s:@]*:[^/\s]*@", re.IGNORECASE)
# A presigned URL is a password: its query holds the signature. In file:// a question mark belongs to the name.
_AFTER_SCHEME = re.compile(r"""(?<!file)(?<!kafka)://[^\s"'<>]*""", re.IGNORECASE)


def as_unicode(text: str) -> str:
    """Return text with what is no Unicode escaped: names of files and messages of decoders come as any bytes."""
    return text.encode(errors="backslashreplace").decode()


def without_secrets(text: str) -> str:
    """Return text without the users, passwords and queries of its URIs: messages end in logs, records, letters."""
    bare = _USER_INFO.sub(lambda found: found[1] or found[2], text)
    return _AFTER_SCHEME.sub(lambda found: _before_query(found[0]), bare)


_ATTACHMENT = re.compile(r"(#attachment=[^#?/]+)+\Z")  # of a document that is attached to the one at the URI


def shown_uri(uri: str) -> str:
    """Return a whole URI, or a path, without its user, password and query, whatever characters are in them."""
    bare = without_secrets(uri)
    return bare if "://" not in bare or bare.startswith(("file://", "kafka://")) else _before_query(bare)


def _before_query(uri: str) -> str:
    attachment = _ATTACHMENT.search(uri)
    return re.split(r"[?#]", uri, maxsplit=1)[0] + (attachment[0] if attachment else "")


class InkstreamError(Exception):
    """An error with a policy, which its class holds.

    Attributes:
        retriable: Whether the same work may succeed later.
        waits: Whether a retriable error is tried again until it is gone, however long that takes.
        reason: A stable slug: the label of metrics, a field of dead letters, the end of an HTTP problem's type.
        exit_code: What a command that ends with it returns to the shell.
    """

    retriable: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    reason: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    @property
    def message(self) -> str:
        """Return the sentence for a person: what happened and what to do next; Unicode, and no URI's secrets."""
        return without_secrets(as_unicode(str(self.args[0]))) if self.args else self.reason

    @property
    def summary(self) -> str:
        """Return `ClassName: message`, the form that records and dead letters carry."""
        return f"{type(self).__name__}: {self.message}"


class DocumentError(InkstreamError):
    """The document itself cannot be read."""

    reason = "document"


class UnsupportedFile(DocumentError):
    """The bytes are of a kind that inkstream does not read."""

    reason = "unsupported-file"


class CorruptFile(DocumentError):
    """The bytes claim a supported kind but cannot be opened, or a page of them cannot be drawn."""

    reason = "corrupt-file"


class EncryptedFile(DocumentError):
    """The document needs a password that was not given."""

    reason = "encrypted-file"


class EmptyDocument(DocumentError):
    """The file is empty or has no pages."""

    reason = "empty-document"


class PageTooLarge(DocumentError):
    """A page or image has more pixels than the configured limit, or needs more memory than a reader has."""

    reason = "page-too-large"


class TooManyPages(DocumentError):
    """The document has more pages than the configured limit."""

    reason = "too-many-pages"


class ModelError(InkstreamError):
    """The reader cannot do its work."""

    reason = "model"


class WeightsMissing(ModelError):
    """A network's weights are not on this machine; the message has the command that fetches them."""

    reason = "weights-missing"


class WeightsInvalid(ModelError):
    """A file of weights is not what it should be; the message names what it is and how to replace it."""

    reason = "weights-invalid"


class LanguageMissing(ModelError):
    """A recogniser has no data for a requested language; the message names what to install."""

    reason = "language-missing"


class RecognitionTimeout(ModelError):
    """A page took longer than its time limit."""

    reason = "recognition-timeout"


class WorkerDied(ModelError):
    """The process reading a page died (crash, out of memory, killed) each time it was tried."""

    reason = "worker-died"


class NothingRead(ModelError):
    """A page shows text, and nothing of it was read: that is no blank page."""

    reason = "nothing-read"


class ReaderFailed(ModelError):
    """A reader raised what it never should: a defect of ours, shown by one page."""

    reason = "reader-failed"


class OptionsError(InkstreamError):
    """A document's options are malformed; the message names the field."""

    reason = "bad-options"
