"""Which addresses a fetch may reach: the public ones, and those that the operator names. Everything else has a row that says what it is."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# is_global alone passes multicast, NAT64, 6to4, AS112 and the wire server: each has a row. The first that fits gives the words.
_ROWS = (
    ("the address at which cloud machines hand out credentials", ("169.254.169.254/32", "100.100.100.200/32", "fd00:ec2::254/128")),
    ("the address of the host that a cloud machine runs on", ("168.63.129.16/32",)),
    ("this machine itself", ("127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128")),
    ("a link-local address", ("169.254.0.0/16", "fe80::/10")),
    ("a private address", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
    ("an address shared inside a provider's network", ("100.64.0.0/10",)),
    ("a multicast or broadcast address", ("224.0.0.0/4", "ff00::/8", "255.255.255.255/32")),
    (
        "an IPv6 address that stands for any IPv4 address",
        ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96"),
    ),
    (
        "an address for documentation or tests",
        ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32", "3fff::/20"),
    ),
    (
        "an address with a special purpose",
        (
            *("192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "240.0.0.0/4"),
            *("100::/64", "100:0:0:1::/64", "2001::/23", "2620:4f:8000::/48", "5f00::/16"),
        ),
    ),
)
_REFUSED = tuple((words, tuple(ipaddress.ip_network(one) for one in networks)) for words, networks in _ROWS)
# All that was ever handed out for use on the internet; the rest of IPv6 has no owner that could be asked.
_HANDED_OUT = ipaddress.IPv6Network("2000::/3")


def why_not(text: str, allowed: Iterable[Network] = ()) -> str:
    """What the address *text* is, in words, when it must not be reached; nothing when it may."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "which is no address"
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return "a link-local address"
        address = address.ipv4_mapped or address
    if any(address in network for network in allowed):
        return ""
    for words, networks in _REFUSED:
        if any(address in network for network in networks):
            return words
    is_public = address.is_global and not address.is_multicast and (address.version == 4 or address in _HANDED_OUT)
    return "" if is_public else "an address that is not public"
