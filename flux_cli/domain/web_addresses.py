"""Which network addresses a message of ours may be sent to (against SSRF; ATTACKS 125)."""

from __future__ import annotations

import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_METADATA_V6 = ipaddress.IPv6Network("fd00:ec2::/32")
"""Where a cloud's instance metadata answers, inside the range of private addresses."""
_PRIVATE = (
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
    ipaddress.IPv6Network("fc00::/7"),
)
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\Z")


def refused_address(text: str, *, private: bool) -> str | None:
    """Why nothing is sent to this resolved address, or None.

    `private` lets loopback and private networks be sent to; nothing ever lets link-local,
    metadata, multicast, reserved or unspecified addresses be.
    """
    try:
        address = _meant(ipaddress.ip_address(text))
    except ValueError:
        return "not an address"
    if private and (is_loopback(text) or _is_private(address)):
        return None
    if address.is_loopback or _is_private(address):
        return "inside this machine or its network"
    if isinstance(address, ipaddress.IPv6Address):
        outside = address in _GLOBAL_V6 and address.is_global
    else:
        outside = address.is_global and not address.is_multicast
    return None if outside else "not an address of the public network"


def is_loopback(text: str) -> bool:
    """Whether a resolved address is this machine's own."""
    return _meant(ipaddress.ip_address(text)).is_loopback


def odd_number(host: str) -> bool:
    """Whether a host is an IPv4 address in a spelling other than four plain decimal parts.

    `0x7f.1`, `2130706433`, `0177.0.0.1` and `127.1` are addresses to a resolver. (WHATWG URL,
    "ends in a number".)
    """
    last = host.rstrip(".").rpartition(".")[2]
    if _NUMBER.match(last) is None:
        return False
    try:
        return str(ipaddress.IPv4Address(host)) != host
    except ValueError:
        return True


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries inside (mapped, NAT64, 6to4, Teredo), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.teredo is not None:
        return address.teredo[1]
    inside = address.ipv4_mapped or address.sixtofour
    if inside is None and (address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1)):
        inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address if inside is None else inside


def _is_private(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address in _METADATA_V6:
        return False
    return any(address.version == net.version and address in net for net in _PRIVATE)
