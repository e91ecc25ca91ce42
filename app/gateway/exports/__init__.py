"""A policy as other gateways are told it. What one of them cannot be told is said beside it and never dropped."""

from __future__ import annotations

from collections.abc import Mapping

from app.gateway.exports import (
    apache,
    apipark,
    apisix,
    aws,
    caddy,
    envoy,
    haproxy,
    haproxy_lua,
    istio,
    kong,
    krakend,
    nginx,
    nginx_plus,
    oauth2_proxy,
    traefik,
)
from app.gateway.exports.export import Answer, Export, File, Gap, Gateway

__all__ = ["GATEWAYS", "Answer", "Export", "File", "Gap", "Gateway"]

_ROWS: tuple[Gateway, ...] = (
    nginx.GATEWAY,
    caddy.GATEWAY,
    traefik.GATEWAY,
    haproxy_lua.GATEWAY,
    haproxy.GATEWAY,
    nginx_plus.GATEWAY,
    envoy.GATEWAY,
    istio.GATEWAY,
    oauth2_proxy.GATEWAY,
    kong.GATEWAY,
    apisix.GATEWAY,
    apipark.GATEWAY,
    apache.GATEWAY,
    krakend.GATEWAY,
    aws.GATEWAY,
)
GATEWAYS: Mapping[str, Gateway] = {row.name: row for row in _ROWS}
