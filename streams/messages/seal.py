"""Secrets of documents, sealed before they go on a topic: passwords, and references that hold a secret.

Whoever may read a topic, a dead letter or Kafka's files reads a token. Workers of one service share the key: it is
in the data folder, or in `seal_keys` where they run on several machines.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import shown_uri
from models.options import ReadOptions
from streams.errors import ConfigurationError, SealedElsewhere
from streams.messages.records import PageTask
from streams.paths import SEAL_KEY
from streams.settings import Settings

PREFIX = "sealed:"
SECRET_OPTIONS = ("password", "webhook")


class Seal:
    """Seals texts and opens them again (Fernet: AES-128-CBC with HMAC-SHA256). May be used from any thread."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Create a seal from at least one key: the first seals, all open."""
        self._fernet = MultiFernet([_fernet(key) for key in keys])

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the seal of a service; without `seal_keys`, its key is made in the data folder where it has none.

        Raises:
            ConfigurationError: The key can be neither read nor made.
        """
        keys = [key.get_secret_value() for key in settings.seal_keys]
        file = settings.data_dir / SEAL_KEY
        try:
            if not keys or file.exists():  # a service that has got seal_keys opens what it sealed before
                keys.append(_key_in(file))
        except OSError as error:
            raise ConfigurationError(f"the key of sealed passwords, {file}: {error.strerror}") from error
        return cls(keys)

    def seal(self, text: str) -> str:
        """Return the text as a token; a token as it is."""
        return text if is_sealed(text) else PREFIX + self._fernet.encrypt(text.encode()).decode()

    def open(self, text: str) -> str:
        """Return the text in a token; other text as it is.

        Raises:
            SealedElsewhere: It was sealed with a key that is not ours.
        """
        if not is_sealed(text):
            return text
        try:
            return self._fernet.decrypt(text.removeprefix(PREFIX).encode()).decode()
        except (InvalidToken, UnicodeError) as error:
            raise SealedElsewhere(
                "a password was sealed with a key that is not known here; give all workers and senders the same "
                "INKSTREAM_SEAL_KEYS, and then replay"
            ) from error

    def sealed_task(self, task: PageTask) -> PageTask:
        """Return a page task whose secrets are tokens."""
        shown = shown_uri(task.reference)
        credentials = task.credentials if shown == task.reference else self.seal(task.reference)
        return task.model_copy(
            update={
                "options": self.sealed_options(task.options),
                "reference": shown,
                "credentials": credentials,
            }
        )

    def opened_task(self, task: PageTask) -> PageTask:
        """Return a page task with its secrets in the clear. Raises SealedElsewhere."""
        reference = task.reference
        if task.credentials is not None:
            reference = self.open(task.credentials)
            if "://" not in reference:  # user and password alone, as versions before this one sealed them
                parts = urlsplit(task.reference)
                reference = urlunsplit(parts._replace(netloc=f"{reference}@{parts.netloc}"))
        return task.model_copy(update={"options": self.opened_options(task.options), "reference": reference})

    def opened_options(self, options: ReadOptions) -> ReadOptions:
        """Return options with their secrets in the clear. Raises SealedElsewhere."""
        return _with_secrets(options, self.open)

    def sealed_options(self, options: ReadOptions) -> ReadOptions:
        """Return options whose secrets are tokens."""
        return _with_secrets(options, self.seal)

    def sealed_bytes(self, value: bytes) -> bytes:
        """Return bytes of any kind as one token: nobody knows what is secret in them."""
        return PREFIX.encode() + self._fernet.encrypt(value)

    def opened_bytes(self, value: bytes) -> bytes:
        """Return the bytes in a token, others as they are. Raises SealedElsewhere."""
        if not value.startswith(PREFIX.encode()):
            return value
        try:
            return self._fernet.decrypt(value.removeprefix(PREFIX.encode()))
        except InvalidToken as error:
            raise SealedElsewhere(
                "the letter was sealed with a key that is not known here; replay it with the service's "
                "INKSTREAM_SEAL_KEYS, or in its data folder"
            ) from error


def _with_secrets(options: ReadOptions, change: Callable[[str], str]) -> ReadOptions:
    given = {name: getattr(options, name) for name in SECRET_OPTIONS}
    return options.model_copy(update={name: change(value) for name, value in given.items() if value is not None})


def is_sealed(text: str) -> bool:
    """Return whether a text is a token."""
    return text.startswith(PREFIX)


def _fernet(key: str) -> Fernet:
    """Return the cipher of a key: a long random text of any form."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"inkstream seal").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _key_in(file: Path) -> str:
    """Return the key in a file, made where there is none; the first process's counts."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        key = stream.read().strip()
        if not key:
            key = secrets.token_urlsafe(32)
            stream.write(key + "\n")
        return key
