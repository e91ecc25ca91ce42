"""What carries Envoy's filters: the listener, which drops what a client must not set, and the clusters."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from app.gateway.exports.asking import PORT
from app.gateway.policy import Policy
from app.gateway.request import OVERRIDES

TYPES = "type.googleapis.com/envoy.extensions"

_EVERYWHERE = "0.0.0.0"  # noqa: S104 # nosec B104 # a gateway is there for everybody


def listener(filters: list[dict[str, Any]], policy: Policy) -> dict[str, Any]:
    gone = [{"remove": name} for name in dict.fromkeys((*OVERRIDES, *(name for name, _ in policy.upstream)))]
    mutation = {"@type": f"{TYPES}.http.early_header_mutation.header_mutation.v3.HeaderMutation", "mutations": gone}
    manager = {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        # The path that is judged is the one that the API gets.
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        # What a client must not set is gone before anything looks at it.
        "early_header_mutation_extensions": [{"name": "envoy.http.early_header_mutation.header_mutation", "typed_config": mutation}],
        "http_filters": filters,
        "route_config": {
            "virtual_hosts": [{"name": "api", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "api"}}]}]
        },
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": "gateway", "address": _address(_EVERYWHERE, PORT), "filter_chains": [chain]}


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def cluster(name: str, host: str, port: int, **more: Any) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _address(host, port)}}]}]
    return {"name": name, "type": "STRICT_DNS", "load_assignment": {"cluster_name": name, "endpoints": endpoints}} | more


def key_cluster(name: str, address: str) -> dict[str, Any] | None:
    """The server that *address* names, with its certificate checked; None when that is no address."""
    try:
        parts = urlsplit(address)
        host, is_tls = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
    except ValueError:
        return None
    return cluster(name, host, port, **({"transport_socket": _tls(host)} if is_tls else {})) if host else None


def _tls(host: str) -> dict[str, Any]:
    names = [{"san_type": "DNS", "matcher": {"exact": host}}]
    trusted = {"trusted_ca": {"filename": "/etc/ssl/certs/ca-certificates.crt"}, "match_typed_subject_alt_names": names}
    context = {
        "@type": f"{TYPES}.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": host,
        "common_tls_context": {"validation_context": trusted},
    }
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}
