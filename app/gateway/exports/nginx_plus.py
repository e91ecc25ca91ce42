"""nginx Plus, which judges tokens with its own auth_jwt. What it cannot be told is denied, or said loudly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.gateway.exports.asking import API, PORT, through
from app.gateway.exports.export import Export, File, Gateway
from app.gateway.exports.haproxy_request import AMBIGUOUS, PATH, TEXT
from app.gateway.exports.native import Gaps
from app.gateway.exports.nginx_claims import Claims, Unsayable
from app.gateway.exports.nginx_issuers import ALLOWS_MORE, keys, leeway, terms
from app.gateway.exports.nginx_plus_answer import answer
from app.gateway.exports.nginx_text import block, map_of, one_of
from app.gateway.exports.patterns import LOOK_ALIKES, methods, never_passed_on, pattern
from app.gateway.policy import Policy, Route, Source
from app.gateway.request import METHODS

# Statuses that mean nothing to anybody, one for each way into a route; `return` takes no variable, and no client sees them.
_WAYS = (*range(450, 494), *range(510, 600))
_VARIABLE = re.compile(r"[A-Za-z0-9_]+")
_HEAD = """\
# For the http block of nginx Plus R35 or newer, for example as /etc/nginx/conf.d/jwtlens.conf.

"""


def export(policy: Policy) -> Export:
    gaps, claims = Gaps(), Claims()
    _general(policy, gaps)
    found = keys(policy, gaps)
    required = terms(policy, claims, gaps)
    claims.lines += ["", "# What the routes ask of the claims."]
    asked = [_asked(route, number, claims, gaps) for number, route in enumerate(policy.routes)]
    upstream = _upstream(policy, claims, gaps)
    skew = leeway(policy, gaps)
    ways = _ways(policy, gaps)
    server = [
        f"listen {PORT};",
        "server_tokens off;",
        "underscores_in_headers off;",
        "# Of a token that nobody verified nothing is passed on.",
        "set $jwtlens_judged 0;",
        *found.directives,
        f"auth_jwt_leeway {skew}s;",
        *_passing_on(policy),
        "",
        *block("location /", _entrance(policy, ways)),
    ]
    for (number, is_open), _ in ways.items():
        judging = [] if is_open else _judging(policy, bool(found.directives), required, asked[number])
        server += ["", *block(f"location {_name(number, is_open)}", [*judging, f"proxy_pass http://{API};"])]
    lines = [
        *found.http,
        *_realm(policy),
        "# The path in one spelling, and which route takes the request: the first that fits.",
        *one_of("$request_uri", "jwtlens_path", [PATH.removesuffix("$") + r"(?:\?|\z)"]),
        *one_of("$uri", "jwtlens_text", [TEXT.removesuffix("$") + r"\z"]),
        *one_of("$uri", "jwtlens_odd", [AMBIGUOUS]),
        *one_of("$request_method", "jwtlens_method", [rf"^(?:{'|'.join(METHODS)})\z"]),
        *map_of('"$request_method $uri"', "jwtlens_route", dict(_route_entries(policy, gaps)), "none"),
        "",
        "# Where the token is, and how many there are.",
        *_tokens(policy, gaps),
        "",
        "# What it says; an array is a list with commas.",
        *(f"auth_jwt_header_set $jwtlens_{name} {name};" for name in ("alg", "kid", "typ", "crit")),
        *claims.sets,
        *map_of("$host", "jwtlens_never", {}),
        *claims.lines,
        "",
        *upstream,
        *block("server", [*server, *found.locations]),
    ]
    text = _HEAD + "\n".join(line.rstrip() for line in lines) + "\n"
    return Export((File("jwtlens.conf", "nginx", text), *found.files), gaps.all(), (through("nginx"), *found.notes))


def _general(policy: Policy, gaps: Gaps) -> None:
    gaps.add(
        "issuers",
        f"{ALLOWS_MORE} it sees each claim as text, so that 1 and a string of 1 are the same, and so are an array and a string with commas, an empty claim and none,"
        " an entry with blanks and several words. What auth_jwt takes for a token is not known in full: this is written by its documentation, and was not tried with it.",
    )
    gaps.add(
        "routes",
        f"{ALLOWS_MORE} a header such as X_User is dropped and one such as X.User, or Connection with the name of another, is passed on, instead of refused.",
    )
    gaps.add(
        "routes",
        f"{ALLOWS_MORE} {LOOK_ALIKES} Let the API fold no letters. A path with full-width letters, or … ․ ‥ ⁇ ⁈ ⁉ ℀ ℁ ℅ ℆, is refused though this policy takes it.",
    )
    if policy.describe:
        gaps.add("describe", "nginx Plus does not tell the client what is wrong with a token. Read its error log instead.")


def _realm(policy: Policy) -> list[str]:
    return ["# A dollar sign would begin a variable.", *block("geo $jwtlens_dollar", ['default "$";'])] if "$" in policy.realm else []


def _route_entries(policy: Policy, gaps: Gaps) -> Iterator[tuple[str, str]]:
    for number, route in enumerate(policy.routes):
        if any("\ud800" <= letter <= "\udfff" for letter in route.path):
            gaps.add(f"routes[{number}]", "Its path has half a character in it, which no request can have: the route takes nothing.")
        else:
            yield f"^(?:{'|'.join(methods(route))}) {pattern(route)}", str(number)


def _ways(policy: Policy, gaps: Gaps) -> dict[tuple[int, bool], int]:
    """The status that leads into each route; an optional one has another way, for requests without a token."""
    wanted = [(number, is_open) for number, route in enumerate(policy.routes) for is_open in _openness(route)]
    for number in sorted({number for number, _ in wanted[len(_WAYS) :]}):
        gaps.add(
            f"routes[{number}]",
            "There are too many routes for this way of telling them apart: it is denied. Write fewer, or take nginx with auth_request.",
        )
    return dict(zip(wanted, _WAYS, strict=False))


def _openness(route: Route) -> tuple[bool, ...]:
    return {"anyone": (True,), "token": (False,), "optional": (True, False)}[route.access]


def _name(number: int, is_open: bool) -> str:
    return f"@route_{number}_open" if is_open else f"@route_{number}"


def _entrance(policy: Policy, ways: dict[tuple[int, bool], int]) -> Iterator[str]:
    for variable, wrong in (("path", 0), ("text", 0), ("odd", 1), ("method", 0)):
        yield f"if ($jwtlens_{variable} = {wrong}) {{ return 400; }}"
    yield 'set $jwtlens_way "$jwtlens_route $jwtlens_count";'
    for (number, is_open), status in ways.items():
        count = {"anyone": "[012]", "token": "[01]"}.get(policy.routes[number].access, "0" if is_open else "1")
        yield f"error_page {status} = {_name(number, is_open)};"
        yield f'if ($jwtlens_way ~ "^{number} {count}") {{ return {status}; }}'
    yield "# More than one token, or something else where a token is looked for."
    yield "if ($jwtlens_count = 2) { return 400; }"
    yield "return 403;"


def _judging(policy: Policy, has_keys: bool, required: list[str], asked: list[str]) -> Iterator[str]:
    realm = policy.realm.replace("$", "${jwtlens_dollar}")
    yield f'auth_jwt "{realm}" token=$jwtlens_token;'
    if not has_keys:
        yield "# No key of the policy can stand here, so nobody passes."
        yield "return 401;"
    yield f"auth_jwt_require {' '.join(f'${name}' for name in required)} error=401;"
    if asked:
        yield f"auth_jwt_require {' '.join(f'${name}' for name in asked)} error=403;"
    yield "set $jwtlens_judged 1;"


def _passing_on(policy: Policy) -> Iterator[str]:
    for number, (name, _) in enumerate(policy.upstream):
        yield f"proxy_set_header {name} $jwtlens_header_{number};"
    mine = {name for name, _ in policy.upstream}
    for name in never_passed_on(policy):
        if name not in mine and "_" not in name:
            yield f'proxy_set_header {name} "";'
    yield "proxy_set_header Host $host;"


def _asked(route: Route, number: int, claims: Claims, gaps: Gaps) -> list[str]:
    """The variables that must be 1 on this route."""
    found: list[str] = []
    for kind, asked in (("scopes", route.scopes), ("roles", route.roles)):
        if asked:
            try:
                found += claims.words(f"jwtlens_{kind}_{number}", asked)
            except Unsayable:
                gaps.add(
                    f"routes[{number}].{kind}", "nginx cannot tell a word with a blank or comma, or a name with a $: every token is denied."
                )
                found.append("jwtlens_never")
    if route.claims:
        path = f"routes[{number}].claims"
        try:
            found.append(claims.rule(f"jwtlens_claims_{number}", route.claims))
            gaps.add(path, f"{ALLOWS_MORE} values are compared as text: 1 equals the string of 1, and an array of one entry that entry.")
        except Unsayable:
            gaps.add(
                path,
                "One of its names or values cannot be told: every token is denied. nginx takes whole numbers, and text without commas.",
            )
            found.append("jwtlens_never")
    return found


def _upstream(policy: Policy, claims: Claims, gaps: Gaps) -> list[str]:
    """The headers for the API; what could break out of one is left away, and so is what would lose a blank at an end."""
    lines = []
    for number, (name, path) in enumerate(policy.upstream):
        gaps.add(
            f"upstream.{name}",
            f"{name} holds the value as it is, not percent-encoded, an array with commas; with a control character in it, or a blank at an end, it is left out.",
        )
        try:
            source = f"${claims.variable(path)}"
        except Unsayable:
            gaps.add(f"upstream.{name}", f"nginx takes a $ in a name for a variable: {name} is never there.")
            source = ""
        sound = rf"^1 (?! )(?<jwtlens_sent_{number}>[^\x00-\x1f\x7f]*)(?<! )\z"
        lines += map_of(f'"$jwtlens_judged {source}"', f"jwtlens_header_{number}", {sound: f"$jwtlens_sent_{number}"}, '""')
    return lines


def _tokens(policy: Policy, gaps: Gaps) -> list[str]:
    """For each place a map with t and the token, n where there is none, or x where it is no token; then one for all."""
    lines: list[str] = []
    names = []
    for number, source in enumerate(policy.sources):
        fetched = _fetch(source, number, gaps)
        if fetched is None:
            continue
        variable, entries = fetched
        names.append(f"jwtlens_token_{number}")
        lines += map_of(variable, names[-1], entries, "x")
    joined = '"' + "|".join(f"${name}" for name in names) + '"'
    one = r"^(?:n\|)*t(?<jwtlens_one>[A-Za-z0-9._~+/=-]+)(?:\|n)*\z"
    lines += map_of(joined, "jwtlens_count", {r"^(?:n(?:\||\z))*\z": "0", one.replace("?<jwtlens_one>", ""): "1"}, "2")
    return lines + map_of(joined, "jwtlens_token", {one: "$jwtlens_one"}, '""')


def _fetch(source: Source, number: int, gaps: Gaps) -> tuple[str, dict[str, str]] | None:
    token = f"(?<jwtlens_found_{number}>[A-Za-z0-9._~+/=-]+)"
    found = f"t$jwtlens_found_{number}"
    path = f"token[{number}].{source.place}"
    if source.place == "header":
        variable = f"$http_{source.name.lower().replace('-', '_')}"
        if not source.scheme:
            return variable, {"": "n", rf"^{token}\z": found}
        return variable, {rf"(?i)^{source.scheme}[ \t]+{token}\z": found, rf"(?i)^{source.scheme}(?:[ \t]|\z)": "x", "": "n", "^": "n"}
    if source.place == "form" or not _VARIABLE.fullmatch(source.name):
        gaps.add(
            path,
            f"{ALLOWS_MORE} nginx is not told to look there, so that a second token in that place goes unseen; one there alone is not found, and denied.",
        )
        return None
    variable = f"${'cookie' if source.place == 'cookie' else 'arg'}_{source.name}"
    gaps.add(path, f"{ALLOWS_MORE} of two with that name nginx sees one; a percent-encoded name not at all, and a cookie in any case.")
    return variable, {"": "n", rf"^{token}\z": found}


GATEWAY = Gateway("nginx-plus", "nginx Plus with auth_jwt", False, export, answer)
