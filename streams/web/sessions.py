"""Sign-ins of people: a cookie that the token signs and that does not hold it."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

COOKIE = "inkstream"
SESSION_S = 12 * 3600
_EXPIRY_DIGITS = 12


class Sessions:
    """Makes and checks the cookies. They end with their time, and where the token changes."""

    def __init__(self, token: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = hashlib.sha256(b"inkstream session\0" + token).digest()
        self._clock = clock

    def opened(self) -> str:
        """Return the value of a cookie that is valid from now on for SESSION_S seconds."""
        expires = str(int(self._clock()) + SESSION_S)
        return f"{expires}.{self._signature(expires)}"

    def holds(self, cookie_header: str) -> bool:
        """Return whether a Cookie header has a session that is valid now."""
        try:
            found = SimpleCookie(cookie_header).get(COOKIE)
        except CookieError:
            return False
        expires, _, signature = (found.value if found else "").partition(".")
        if not expires.isdecimal() or len(expires) > _EXPIRY_DIGITS or int(expires) < self._clock():
            return False
        return hmac.compare_digest(signature.encode(), self._signature(expires).encode())

    def _signature(self, expires: str) -> str:
        return hmac.new(self._key, expires.encode(), hashlib.sha256).hexdigest()
