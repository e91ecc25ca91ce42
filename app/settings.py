"""The settings: one frozen value, read from JWTLENS_* variables; what is not known is refused."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "JWTLENS_"

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_ORIGIN = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]/:?#@\s]+)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_PORTS = {"https": 443, "http": 80}
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)

Origin = tuple[str, str, int]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSetting(Exception):
    """Refuse a setting; the value itself is never repeated."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything about a server that its operator decides."""

    host: str = "127.0.0.1"
    port: int = 8080
    allowed_hosts: tuple[str, ...] = ()
    fetch: bool = True
    fetch_hosts: tuple[Origin, ...] = ()
    fetch_networks: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()

    @property
    def is_for_one(self) -> bool:
        """Whether nobody else can reach the server: it is bound to loopback, asked by no name of its own and behind no proxy."""
        return is_loopback(self.host) and not self.trusted_proxies and all(is_loopback(host) for host in self.allowed_hosts)

    @property
    def no_fetching(self) -> tuple[str, str]:
        """Why key sets are not fetched by URL and what would change that, or nothing."""
        if not self.fetch:
            return "JWTLENS_FETCH is off", "Paste the key set into the key box."
        if not self.is_for_one and not self.fetch_hosts:
            # Whoever reaches the server would make it ask on their behalf, from where it stands.
            return (
                "others can reach this server",
                "Its operator can name hosts in JWTLENS_FETCH_HOSTS; or paste the key set into the key box.",
            )
        return "", ""


def canonical_host(text: str) -> str | None:
    """Return the one spelling of a host name or address, or None if *text* is neither."""
    name = text.lower().removesuffix(".")
    bare = name.removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return name if len(name) <= 253 and _NAME.fullmatch(name) else None
    bracketed = name == f"[{bare}]"
    return str(address) if address.version == 6 or not bracketed else None


def is_everywhere(host: str) -> bool:
    """Say whether *host* stands for every address of the machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Say whether *host* leads to this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_host(text: str) -> str:
    host = canonical_host(text.strip())
    if host is None:
        raise BadSetting("the host is neither a name nor an address", "for example 127.0.0.1, ::1 or localhost")
    return host


def read_port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise BadSetting("the port is not a number from 0 to 65535", "0 takes any free port")
    return int(text)


def read_hosts(text: str) -> tuple[str, ...]:
    hosts = [canonical_host(part.strip()) for part in text.split(",") if part.strip()]
    if None in hosts:
        raise BadSetting(
            "a host in the list is neither a name nor an address",
            "list names without scheme, port or wildcard, separated by commas",
        )
    return tuple(host for host in hosts if host)


def read_switch(text: str) -> bool:
    if text.strip().lower() not in ("on", "off"):
        raise BadSetting("it is neither on nor off", "write on or off")
    return text.strip().lower() == "on"


def read_origins(text: str) -> tuple[Origin, ...]:
    origins = [_origin(part.strip()) for part in text.split(",") if part.strip()]
    if None in origins:
        raise BadSetting(
            "an entry of the list is not a host to fetch from",
            "for example login.example.com, keys.example.com:8443 or http://localhost:8081, separated by commas",
        )
    return tuple(origin for origin in origins if origin)


def _origin(text: str) -> Origin | None:
    match = _ORIGIN.fullmatch(text)
    host = canonical_host(match["host"]) if match else None
    if match is None or host is None:
        return None
    scheme = (match["scheme"] or "https").lower()
    port = int(match["port"]) if match["port"] else _PORTS[scheme]
    return (scheme, host, port) if 0 < port < 65536 else None


def read_networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise BadSetting("an entry of the list is not a network", "for example 127.0.0.0/8, 10.1.0.0/16 or fd00::/8") from None


# One row per variable; nothing else lists them.
READERS: Mapping[str, Callable[[str], Any]] = {
    "host": read_host,
    "port": read_port,
    "allowed_hosts": read_hosts,
    "fetch": read_switch,
    "fetch_hosts": read_origins,
    "fetch_networks": read_networks,
    "trusted_proxies": read_networks,
}


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read the settings from *environ*, or refuse what is unknown or unfit."""
    values = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in READERS:
            known = ", ".join(PREFIX + row.upper() for row in READERS)
            raise BadSetting(f"{variable} is not a setting", f"the settings are {known}")
        try:
            values[name] = READERS[name](environ[variable])
        except BadSetting as error:
            raise BadSetting(f"{variable}: {error}", error.hint) from None
    return Settings(**values)
