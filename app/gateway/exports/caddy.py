"""Caddy with forward_auth: it asks about each request, copies the claims, and hands any other answer to the client."""

from __future__ import annotations

from app.gateway.exports.asking import ANY_REFUSAL, API, DROPPED, FORWARDED, JWTLENS, PORT, asking, notes
from app.gateway.exports.asking_answers import Manner, answering, refused_by_go
from app.gateway.exports.export import Export, File, Gateway
from app.gateway.policy import Policy

_START = FORWARDED + ANY_REFUSAL
_TEXT = """\
# A Caddyfile, or a site block of one. Beside it runs
#   {start}

:{port} {{
	# One after the other, as they stand here; outside of route Caddy has an order of its own.
	route {{
		# With these a client could change what was judged, or say who it is. Caddy 2.10 to 2.11.1 leaves a client's
		# copy where the answer has none (GHSA-7r4p-vjf4-gxv4), so they go first. X_User is X-User to some programs.
		request_header -*_*
{removed}
		# A header that Connection names would be dropped on the way to the API, also one that was copied.
		@websocket header Upgrade websocket
		@plain not header Upgrade websocket
		request_header @websocket Connection Upgrade
		request_header @plain -Connection

		# It keeps no state: any number of copies may stand here, one behind the other.
		forward_auth {jwtlens} {{
			uri /auth
{copied}			# Late is denied, with 502 or 504.
			transport http {{
				dial_timeout 1s
				response_header_timeout 2s
			}}
		}}
{kept_back}
		reverse_proxy {api}
	}}
}}
"""


def export(policy: Policy) -> Export:
    told = asking(policy)
    copied = f"\t\t\tcopy_headers {' '.join(told.copied)}\n" if told.copied else ""
    text = _TEXT.format(
        start=_START,
        jwtlens=JWTLENS,
        api=API,
        port=PORT,
        removed="\n".join(f"\t\trequest_header -{name}" for name in told.removed),
        copied=copied,
        kept_back="".join(f"\t\trequest_header -{name}\n" for name in told.kept_back),
    )
    return Export((File("Caddyfile", "caddyfile", text),), told.gaps, (*notes(policy, _START), DROPPED))


GATEWAY = Gateway("caddy", "Caddy (forward_auth)", True, export, answering(Manner("Caddy", refused_by_go("Caddy"))))
