"""What was typed → the one host, port and path that may be asked, or a refusal. This is the only reader of a URL here: two would differ."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import NoReturn

from app.keyfetch.addresses import Network
from app.keyfetch.refusals import refuse
from app.tokens.findings import named, quoted

Origin = tuple[str, str, int]
"""Scheme, host, port."""

PORTS = {"https": 443, "http": 80}
_LONGEST = 2048
_STRANGE = re.compile(r"[^!-~]|[\\\"<>^`{|}]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PARTS = re.compile(r"//(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# The rule of the URL standard: a host whose last label is a number is an IPv4 address, in whatever spelling.
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator allows: *hosts*, or any on port 443 if there are none, and *networks* that are not public."""

    hosts: frozenset[Origin] = frozenset()
    networks: tuple[Network, ...] = ()
    off: tuple[str, str] = ("", "")
    """Why nothing is fetched at all, and what would change that."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: *host* in its one spelling, *path* with the query."""

    scheme: str
    host: str
    port: int
    path: str
    has_query: bool = field(default=False, compare=False)

    @property
    def is_address(self) -> bool:
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True

    @property
    def authority(self) -> str:
        """The Host header: brackets round IPv6, the port unless it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path

    def at(self, path: str) -> Target:
        """Another path of the same host."""
        return Target(self.scheme, self.host, self.port, path)


def read(text: str, rules: Rules) -> Target:
    """The target that *text* names, allowed by *rules*; raises NotFetched."""
    text = text.strip(" \t\r\n")
    if not text:
        raise refuse("url_missing")
    if len(text) > _LONGEST:
        raise refuse("url_too_long", count=len(text))
    if strange := _STRANGE.search(text):
        raise refuse("url_character", what=named(strange.group()), place=strange.start() + 1)
    target = _parse(text)
    _allow(target, rules)
    return target


def _parse(text: str) -> Target:
    scheme = _SCHEME.match(text)
    parts = _PARTS.fullmatch(text, scheme.end()) if scheme else None
    if scheme is None:
        raise refuse("url_form", why="it does not begin with https://")
    name = scheme[1].lower()
    # localhost:8080 has the form of a scheme; what follows tells.
    if name not in PORTS:
        if parts is None and ("." in name or name == "localhost"):
            raise refuse("url_form", why="it does not begin with https://")
        raise refuse("url_scheme", scheme=quoted(name, 20))
    if parts is None or not parts["authority"]:
        raise refuse("url_form", why="it names no host")
    if "@" in parts["authority"]:
        raise refuse("url_user", host=quoted(parts["authority"].rpartition("@")[2]))
    if parts["fragment"]:
        raise refuse("url_fragment")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        _refuse_authority(parts["authority"])
    port = int(authority["port"]) if authority["port"] else PORTS[name]
    if not 0 < port < 65536:
        raise refuse("url_form", why="its port is not a number from 1 to 65535")
    return Target(name, _host(authority["host"]), port, (parts["path"] or "/") + (parts["query"] or ""), parts["query"] is not None)


def _refuse_authority(authority: str) -> NoReturn:
    if authority.startswith("["):
        raise refuse("url_form", why="what stands in the brackets is not an IPv6 address")
    if "%" in authority:
        raise refuse("url_form", why="its host is percent-encoded")
    raise refuse("url_form", why=f'"{quoted(authority)}" is not a host, or a host and a port')


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise refuse("url_form", why="what stands in the brackets is not an IPv6 address") from None
    name = text.lower().removesuffix(".")
    if _ENDS_IN_NUMBER.fullmatch(name):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise refuse("url_number", host=quoted(text)) from None
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise refuse("url_form", why=f'"{quoted(text)}" is not a host name')
    return name


def _allow(target: Target, rules: Rules) -> None:
    bare = f"[{target.host}]" if ":" in target.host else target.host
    entry = target.authority if target.scheme == "https" else target.origin
    if (target.scheme, target.host, target.port) in rules.hosts:
        return
    if target.scheme == "http":
        raise refuse("url_http", entry=entry)
    if rules.hosts:
        raise refuse("host_not_listed", host=bare, entry=entry)
    if target.port != PORTS["https"]:
        raise refuse("url_port", port=target.port, entry=entry)
