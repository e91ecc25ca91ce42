"""One row per endpoint: what it takes, what it answers, and with which statuses it refuses. The rest is made from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.web.openapi import answers, requests


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint under /api/v1 that takes POST; *busy* says that it waits for a turn and may not get one."""

    name: str
    takes: Any
    answers: Any
    busy: bool = False

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of its refusals."""
        return tuple(status for status in REFUSALS if status != 429 or self.busy)


REFUSALS: Mapping[int, tuple[str, tuple[str, ...]]] = {
    400: (
        "The request is not HTTP as it must be, or its body is not one strict JSON object in UTF-8.",
        ("bad_request", "not_utf8", "not_json", "not_an_object"),
    ),
    403: ("A browser sent the request from another site.", ("cross_site",)),
    411: ("The request does not say how long its body is.", ("length_required",)),
    413: ("The body is too large.", ("body_too_large",)),
    415: ("The body is not declared as application/json.", ("unsupported_media_type",)),
    421: ("The Host header has a name that the server does not go by.", ("unknown_host",)),
    422: (
        "A member is missing or has a type or value that it cannot have, or what is asked for cannot be done: a fetch that fails is among it, "
        "also when what was fetched is not_json or not_utf8.",
        (),
    ),
    429: ("Too much is being done at once.", ("busy",)),
    431: ("The headers are too large.", ("headers_too_large",)),
}
"""By status: when it is answered, and the codes it comes with; 422 has all that are not named here."""
BESIDE: Mapping[int, tuple[str, tuple[str, ...]]] = {
    404: ("No endpoint has this address.", ("not_found",)),
    405: ("The endpoint is asked by another method than POST.", ("method_not_allowed",)),
    500: ("Something went wrong in jwtlens itself.", ("internal_error",)),
    501: ("The body comes in a transfer encoding that is not known.", ("not_implemented",)),
}
"""The same for what no request to an endpoint gets that is as its description says."""
READING = (400, 411, 413, 421, 431)
"""The statuses of refusals when the description itself is asked for."""

_ROWS = (
    Operation("decode", requests.DecodeRequest, answers.DecodeAnswer),
    Operation("verify", requests.VerifyRequest, answers.VerifyAnswer),
    Operation("encode", requests.EncodeRequest, answers.Made),
    Operation("sd-jwt/issue", requests.IssueRequest, answers.Made),
    Operation("sd-jwt/present", requests.PresentRequest, answers.Presented),
    Operation("gateway", requests.GatewayRequest, answers.GatewayAnswer),
    Operation("keys", requests.KeysRequest, answers.NewPair | answers.NewSecret, busy=True),
    Operation("keys/fetch", requests.FetchRequest, answers.Fetched, busy=True),
)
OPERATIONS = {row.name: row for row in _ROWS}
