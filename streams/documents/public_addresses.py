"""Which addresses are on the internet: only these are fetched from, unless a host is named in the settings."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# All that is given out of IPv6 so far. What lies outside leads nowhere, or to a network of one's own: ::127.0.0.1
# (RFC 4291), ::ffff:0:127.0.0.1 (RFC 2765), fec0::1 (site-local), 64:ff9b:1::7f00:1 (NAT64 of one's own, RFC 8215).
# Python's is_global is True of all four.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Return whether an address is on the internet: not loopback, private, link-local, or one wrapped in IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if wrapped:
            return is_public(wrapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast
