"""A policy as other gateways are told it. What one of them cannot be told is said beside it and never dropped."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

from app.gateway.exports.export import Answer, Export, File, Gap, Gateway

__all__ = ["GATEWAYS", "Answer", "Export", "File", "Gap", "Gateway"]

# Each is the GATEWAY of the module with its name. The order is that of the menu.
_NAMES = (
    "nginx",
    "caddy",
    "traefik",
    "haproxy-lua",
    "haproxy",
    "nginx-plus",
    "envoy",
    "istio",
    "oauth2-proxy",
    "kong",
    "apisix",
    "apipark",
    "apache",
    "krakend",
    "aws",
)


class _Gateways(MutableMapping[str, Gateway]):
    """The gateways by name, each read when it is asked for: all of them would be a tenth of the time in which a server starts."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._rows: dict[str, Gateway | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> Gateway:
        row = self._rows[name]
        if row is None:
            row = self._rows[name] = import_module(f"{__name__}.{name.replace('-', '_')}").GATEWAY
        return row

    def __setitem__(self, name: str, row: Gateway) -> None:
        self._rows[name] = row

    def __delitem__(self, name: str) -> None:
        del self._rows[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


GATEWAYS: MutableMapping[str, Gateway] = _Gateways(_NAMES)
