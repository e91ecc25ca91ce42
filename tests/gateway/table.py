"""One table of requests and their decisions, which the room, the page, the API and the forward-auth server must all give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.gateway.gate import AUDIENCE, GOOD, ISSUER, document, rs256
from tests.tokens.keyring import NOW, SECRET, b64u, make, private, public_jwk, public_pem

Spoil = Callable[[str], str]
OTHER = "https://other.example"
JWKS_URL = "https://login.example/jwks.json"
FORM = "Content-Type: application/x-www-form-urlencoded"
BEARER = "Authorization: Bearer $token"


@dataclass(frozen=True, slots=True)
class Token:
    """How a token is made: a good one with *claims* changed, None leaving one out; *spoil* changes the text of it afterwards."""

    alg: str = "RS256"
    claims: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    which: int = 0
    key: str | None = None
    spoil: Spoil = str

    def text(self) -> str:
        payload = {name: value for name, value in (GOOD | dict(self.claims)).items() if value is not None}
        header = {name: value for name, value in ({"alg": self.alg, "kid": "one"} | dict(self.header)).items() if value is not None}
        key = self.key if self.key is not None or self.alg.startswith("HS") else private(self.alg, self.which)
        return self.spoil(make(header, json.dumps(payload), alg=self.alg, key=key))


class Must(NamedTuple):
    """What is to come of a request: *denied* is the rule that makes the answer."""

    status: int
    error: str = ""
    denied: str = ""
    upstream: Mapping[str, str] = {}
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A request in the words of its lines; `$token` stands for the token."""

    name: str
    policy: Mapping[str, Any]
    must: Must
    line: str = "GET /orders"
    headers: tuple[str, ...] = (BEARER,)
    token: Token = Token()
    body: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> str:
        """The request as it is written down, with its token in it."""
        text = "\n".join([self.line, *self.headers]) + f"\n\n{self.body}"
        return text.replace("$token", self.token.text()) if "$token" in text else text


def allowed(*removed: str, **upstream: str) -> Must:
    return Must(200, upstream={name.replace("_", "-"): value for name, value in upstream.items()}, removed=removed)


MISSING = Must(401, "", "token")
UNNAMED = Must(403, "", "routes")


def malformed(denied: str) -> Must:
    return Must(400, "invalid_request", denied)


def refused(denied: str) -> Must:
    return Must(401, "invalid_token", denied)


def forbidden(denied: str) -> Must:
    return Must(403, "insufficient_scope", denied)


def _entry(alg: str, which: int = 0, kid: str | None = "one") -> dict[str, Any]:
    """The keys of a policy for *alg*: its public key in it, or a secret that it names."""
    if alg.startswith("HS"):
        return {"secret": "legacy", "algorithms": [alg]}
    key = private(alg, which)
    return {"jwks": public_jwk(key, **({"kid": kid} if kid else {})), "algorithms": [alg]}


PLAIN = document(upstream={"X-User": "sub"})
USER = allowed(X_User="user-1")


def _asks(**route: Any) -> dict[str, Any]:
    return document([{"prefix": "/", **route}])


def _from(**issuer: Any) -> dict[str, Any]:
    return document(issuer=issuer)


def _places() -> Iterator[Row]:
    """Where a token is looked for, and that there is one of it (RFC 6750 §2)."""
    yield Row("bearer", PLAIN, USER)
    for word in ("bearer", "BEARER", "Bearer "):
        yield Row(f'the scheme "{word}"', PLAIN, USER, headers=(f"Authorization: {word} $token",))
    yield Row("no token", PLAIN, MISSING, headers=())
    yield Row("another scheme", PLAIN, MISSING, headers=("Authorization: Basic dXNlcjpwYXNz",))
    yield Row("no scheme", PLAIN, MISSING, headers=("Authorization: $token",))
    for value in ("Bearer", "Bearer a b", "Bearer $token,Bearer $token", 'Bearer "$token"', "Bearer $token x"):
        yield Row(f"malformed: {value}", PLAIN, malformed("token"), headers=(f"Authorization: {value}",))
    yield Row("Authorization twice", PLAIN, malformed("headers"), headers=(BEARER, BEARER))
    header = document(token={"header": "X-Token"})
    yield Row("a header of its own", header, allowed(), headers=("X-Token: $token",))
    yield Row("a header of its own, and it has a scheme", header, malformed("token"), headers=("X-Token: Bearer $token",))
    yield Row("in Authorization, where it is not looked for", header, MISSING)
    scheme = document(token={"header": "Authorization", "scheme": "JWT"})
    yield Row("a scheme of its own", scheme, allowed(), headers=("Authorization: JWT $token",))
    yield Row("Bearer, where another scheme is asked for", scheme, MISSING)
    cookie = document(token={"cookie": "session"})
    yield Row("a cookie", cookie, allowed(), headers=("Cookie: a=b; session=$token; c=d",))
    yield Row("a cookie of another name", cookie, MISSING, headers=("Cookie: Session=$token",))
    yield Row("an empty cookie", cookie, malformed("token"), headers=("Cookie: session=",))
    yield Row("a cookie twice", cookie, malformed("token"), headers=("Cookie: session=$token; session=x",))
    yield Row("a cookie in quotes", cookie, refused("form"), headers=('Cookie: session="$token"',))
    query = document(token={"query": "access_token"})
    yield Row("the query", query, allowed(), "GET /orders?a=b&access_token=$token", ())
    yield Row("the query, its name encoded", query, allowed(), "GET /orders?access%5ftoken=$token", ())
    yield Row("the query twice", query, malformed("token"), "GET /orders?access_token=$token&access%5Ftoken=x", ())
    yield Row("the query, not looked at", PLAIN, MISSING, "GET /orders?access_token=$token", ())
    several = document(token=[{"header": "Authorization"}, {"cookie": "session"}, {"query": "token"}])
    yield Row("the second of several places", several, allowed(), headers=("Cookie: session=$token",))
    yield Row("two places", several, malformed("token"), "GET /orders?token=$token")
    yield Row("none of several places", several, MISSING, headers=("Cookie: a=$token",))


def _forms() -> Iterator[Row]:
    """Tokens in a body, which no forward-auth server is sent."""
    form = document(token=[{"header": "Authorization"}, {"form": "access_token"}])
    yield Row("a form", form, allowed(), "POST /orders", (FORM,), body="a=b&access_token=$token")
    yield Row("a form with a charset", form, allowed(), "POST /orders", (f"{FORM}; charset=utf-8",), body="access_token=$token")
    yield Row("a form that is text", form, MISSING, "POST /orders", ("Content-Type: text/plain",), body="access_token=$token")
    yield Row("a form of a GET", form, MISSING, "GET /orders", (FORM,), body="access_token=$token")
    yield Row("a form twice", form, malformed("token"), "POST /orders", (FORM,), body="access_token=$token&access_token=x")
    yield Row("a form beside Bearer", form, malformed("token"), "POST /orders", (FORM, BEARER), body="access_token=$token")


ALGORITHMS = ("HS256", "HS384", "HS512", "RS256", "RS384", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "ML-DSA-44")


def _algorithms() -> Iterator[Row]:
    """The policy says which algorithms a key serves, never the token."""
    for alg in ALGORITHMS:
        keys = {"legacy": SECRET} if alg.startswith("HS") else {}
        yield Row(alg, _from(keys=[_entry(alg)]), allowed(), token=Token(alg), keys=keys)
    for said, made in (("RS256", "RS512"), ("RS256", "PS256"), ("ES256", "RS256"), ("RS256", "ES256")):
        yield Row(f"{made} where {said} is allowed", _from(keys=[_entry(said)]), refused("algorithm"), token=Token(made))
    pem = {"pem": public_pem(private("ES256")), "algorithms": ["ES256"]}
    yield Row("a PEM", _from(keys=[pem]), allowed(), token=Token("ES256"))
    confused = Token("HS256", key=public_pem(private("RS256")), header={"kid": None})
    both = _from(keys=[rs256(), _entry("HS256")])
    yield Row("the public key as a secret", both, refused("signature"), token=confused, keys={"legacy": SECRET})
    yield Row("the public key as a secret, with no secret in the policy", _from(), refused("algorithm"), token=confused)
    named = {"legacy": public_pem(private("RS256"))}
    yield Row("a secret that is a public key", both, refused("key"), token=confused, keys=named)
    unsigned = Token(spoil=lambda text: b64u('{"alg":"none"}') + f".{text.split('.')[1]}.")
    yield Row("alg none", PLAIN, refused("algorithm"), token=unsigned)
    renamed = Token(spoil=lambda text: b64u('{"alg":"nOnE"}') + f".{text.split('.')[1]}.")
    yield Row("alg nOnE", PLAIN, refused("header"), token=renamed)


def _signatures() -> Iterator[Row]:
    """What is no signed token, or not with this key."""
    spoilt: dict[str, tuple[Spoil, str]] = {
        "a letter of the signature": (lambda text: text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:], "signature"),
        "no signature": (lambda text: text.rpartition(".")[0] + ".", "signature"),
        "another payload": (
            lambda text: f"{text.split('.')[0]}.{b64u(json.dumps(GOOD | {'sub': 'admin'}))}.{text.split('.')[2]}",
            "signature",
        ),
        "two segments": (lambda text: text.rpartition(".")[0], "form"),
        "padding": (lambda text: f"{text}=", "form"),
        "a disclosure behind it": (lambda text: f"{text}~", "form"),
        "five segments": (lambda text: f"{text}.a.b", "form"),
        "no token at all": (lambda text: "opaque", "form"),
        "a session token": (lambda text: "v4.local.AAAA", "form"),
    }
    for name, (spoil, denied) in spoilt.items():
        yield Row(f"spoilt: {name}", PLAIN, refused(denied), token=Token(spoil=spoil))
    yield Row("the key of another", PLAIN, refused("signature"), token=Token(which=1))
    jwk = {"jwk": public_jwk(private("RS256", 1))}
    yield Row("a key in the header", PLAIN, refused("signature"), token=Token(which=1, header=jwk))
    url = {"jku": "https://evil.example/jwks.json"}
    yield Row("an address in the header", PLAIN, refused("signature"), token=Token(which=1, header=url))
    yield Row("crit that nobody knows", PLAIN, refused("header"), token=Token(header={"crit": ["x"], "x": 1}))
    yield Row("a long token", PLAIN, refused("form"), token=Token(claims={"note": "a" * 13_000}))


def _keys() -> Iterator[Row]:
    """Rotation, migration, and keys that are only named."""
    new, old = public_jwk(private("ES256", 1), kid="new"), public_jwk(private("ES256"), kid="old")
    rotation = _from(keys=[{"jwks": {"keys": [old, new]}, "algorithms": ["ES256"]}])
    yield Row("the old key", rotation, allowed(), token=Token("ES256", header={"kid": "old"}))
    yield Row("the new key", rotation, allowed(), token=Token("ES256", header={"kid": "new"}, which=1))
    yield Row("no kid", rotation, allowed(), token=Token("ES256", header={"kid": None}, which=1))
    yield Row("the kid of the other key", rotation, refused("key"), token=Token("ES256", header={"kid": "old"}, which=1))
    yield Row("a kid that is not published", rotation, refused("key"), token=Token("ES256", header={"kid": "next"}, which=2))
    later = _from(keys=[{"jwks": {"keys": [new]}, "algorithms": ["ES256"]}])
    yield Row("the old key is gone", later, refused("key"), token=Token("ES256", header={"kid": "old"}))
    two = _from(keys=[_entry("RS256", 1, None), _entry("RS256", 0, None)])
    yield Row("the first of two entries", two, allowed(), token=Token(which=1))
    yield Row("the second of two entries", two, allowed(), token=Token())
    yield Row("neither of two entries", two, refused("signature"), token=Token(which=2))
    migration = _from(keys=[{"jwks_url": JWKS_URL, "algorithms": ["RS256"]}, _entry("HS256")])
    jwks = {"keys": [public_jwk(private("RS256"), kid="one")]}
    have = {"legacy": SECRET, JWKS_URL: jwks}
    yield Row("migration: a new token", migration, allowed(), keys=have)
    yield Row("migration: an old token", migration, allowed(), token=Token("HS256", header={"kid": None}), keys=have)
    yield Row("migration: HS512 is not meant", migration, refused("algorithm"), token=Token("HS512"), keys=have)
    yield Row("migration: another secret", migration, refused("signature"), token=Token("HS256", key="x" * 40), keys=have)
    unavailable = Must(503, "", "key")
    yield Row("the secret is not here", migration, unavailable, token=Token("HS256"), keys={JWKS_URL: jwks})
    yield Row("the key set is not here", migration, unavailable, keys={"legacy": SECRET})
    yield Row("the key set is here, and the secret is not needed", migration, allowed(), keys={JWKS_URL: jwks})
    yield Row("the key set is empty", migration, refused("key"), keys={JWKS_URL: {"keys": []}})
    discovery = _from(keys=[{"issuer_url": ISSUER, "algorithms": ["RS256"]}])
    yield Row("the keys of an issuer", discovery, allowed(), keys={ISSUER: jwks})
    yield Row("the keys of an issuer are not here", discovery, unavailable)
    yield Row("the keys of an issuer are not here, and nobody asks for them", discovery, MISSING, headers=())


def _issuers() -> Iterator[Row]:
    """Whose tokens are taken, each with its own keys."""
    staff = {"issuer": "staff", "audience": AUDIENCE, "keys": [_entry("RS256")]}
    partner = {"issuer": ["partner", "partner/v2"], "audience": [OTHER, AUDIENCE], "keys": [_entry("ES256")]}
    two = {"issuers": [staff, partner], "routes": [{"prefix": "/"}], "upstream": {"X-Issuer": "iss"}}
    yield Row("the first issuer", two, allowed(X_Issuer="staff"), token=Token(claims={"iss": "staff"}))
    yield Row("the second issuer", two, allowed(X_Issuer="partner"), token=Token("ES256", {"iss": "partner"}))
    yield Row("another name of the second", two, allowed(X_Issuer="partner/v2"), token=Token("ES256", {"iss": "partner/v2"}))
    yield Row("one signs for the other", two, refused("algorithm"), token=Token("ES256", {"iss": "staff"}))
    yield Row("one signs for the other, back", two, refused("algorithm"), token=Token(claims={"iss": "partner"}))
    for name, iss in (("nobody", "evil"), ("a slash more", "staff/"), ("another case", "Staff"), ("nothing", None), ("a space", "staff ")):
        yield Row(f"an issuer that is not named: {name}", two, refused("iss"), token=Token(claims={"iss": iss}))
    yield Row("an issuer in an array", two, refused("claims"), token=Token(claims={"iss": ["staff"]}))
    whoever = {"issuers": [staff, {"keys": [_entry("HS256")]}], "routes": [{"prefix": "/"}]}
    legacy = {"legacy": SECRET}
    yield Row("whoever no entry names", whoever, allowed(), token=Token("HS256", {"iss": "any"}), keys=legacy)
    yield Row("whoever has no iss", whoever, allowed(), token=Token("HS256", {"iss": None}), keys=legacy)
    yield Row("whoever says to be a named one", whoever, refused("algorithm"), token=Token("HS256", {"iss": "staff"}), keys=legacy)


def _terms() -> Iterator[Row]:
    """Times, audience, type, life and claims that must be there."""
    leeway, life = _from(leeway=30), _from(max_life=600)
    times: dict[str, tuple[dict[str, Any], Mapping[str, Any], str]] = {
        "expired a second ago": (PLAIN, {"exp": NOW - 1}, "exp"),
        "expires now": (PLAIN, {"exp": NOW}, "exp"),
        "expires in a second": (PLAIN, {"exp": NOW + 1}, ""),
        "expired, within the leeway": (leeway, {"exp": NOW - 29}, ""),
        "expired, at the end of the leeway": (leeway, {"exp": NOW - 30}, "exp"),
        "no exp": (PLAIN, {"exp": None}, "exp is required"),
        "no exp, and none is asked for": (_from(required=[]), {"exp": None}, ""),
        "an exp that is a string": (PLAIN, {"exp": str(NOW + 60)}, "exp"),
        "an exp in milliseconds": (PLAIN, {"exp": (NOW + 600) * 1000}, ""),
        "an exp with a fraction": (PLAIN, {"exp": NOW + 0.5}, ""),
        "not valid for a second": (PLAIN, {"nbf": NOW + 1}, "nbf"),
        "valid from now": (PLAIN, {"nbf": NOW}, ""),
        "not valid, within the leeway": (leeway, {"nbf": NOW + 30}, ""),
        "not valid, past the leeway": (leeway, {"nbf": NOW + 31}, "nbf"),
        "an nbf that is a string": (PLAIN, {"nbf": "now"}, "nbf"),
        "lives as long as it may": (life, {}, ""),
        "lives a second too long": (life, {"exp": NOW + 601}, "life"),
        "nobody can tell how long it lives": (life, {"iat": None}, "life"),
        "sub is there": (_from(required=["exp", "sub"]), {}, ""),
        "sub is not there": (_from(required=["exp", "sub"]), {"sub": None}, "sub is required"),
        "a nested claim is there": (_from(required=["realm_access.roles"]), {}, ""),
        "a nested claim is not there": (_from(required=["realm_access.groups"]), {}, "realm_access.groups is required"),
        "the audience": (PLAIN, {"aud": AUDIENCE}, ""),
        "the audience in an array": (PLAIN, {"aud": [OTHER, AUDIENCE]}, ""),
        "another audience": (PLAIN, {"aud": OTHER}, "aud"),
        "another audience in an array": (PLAIN, {"aud": [OTHER]}, "aud"),
        "the audience with a slash more": (PLAIN, {"aud": f"{AUDIENCE}/"}, "aud"),
        "the beginning of the audience": (PLAIN, {"aud": AUDIENCE[:-1]}, "aud"),
        "no audience": (PLAIN, {"aud": None}, "aud"),
        "an empty array of audiences": (PLAIN, {"aud": []}, "aud"),
        "one of two audiences": (_from(audience=[OTHER, AUDIENCE]), {"aud": AUDIENCE}, ""),
        "none of two audiences": (_from(audience=[OTHER, "x"]), {"aud": AUDIENCE}, "aud"),
    }
    for name, (policy, claims, denied) in times.items():
        passes = USER if policy is PLAIN else allowed()
        yield Row(name, policy, refused(denied) if denied else passes, token=Token(claims=claims))
    typed = _from(type="at+jwt")
    for typ, denied in (("at+jwt", ""), ("application/at+jwt", ""), ("AT+JWT", ""), ("JWT", "typ"), (None, "typ")):
        yield Row(f"the type {typ}", typed, refused(denied) if denied else allowed(), token=Token(header={"typ": typ}))
    nested = Token(header={"cty": "JWT"}, spoil=lambda text: make({"alg": "RS256", "kid": "one"}, text, alg="RS256"))
    yield Row("a token in a token", _from(required=[]), refused("claims"), token=nested)


def _permissions() -> Iterator[Row]:
    """Scopes and roles."""
    asked: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], bool]] = {
        "all scopes": ({"scopes": {"all": ["orders:read"]}}, {}, True),
        "a scope is missing": ({"scopes": {"all": ["orders:read", "orders:write"]}}, {}, False),
        "any scope": ({"scopes": {"any": ["orders:write", "orders:read"]}}, {}, True),
        "none of any scope": ({"scopes": {"any": ["orders:write", "admin"]}}, {}, False),
        "all and any": ({"scopes": {"all": ["a"], "any": ["b", "c"]}}, {"scope": "c a"}, True),
        "all without any": ({"scopes": {"all": ["a"], "any": ["b", "c"]}}, {"scope": "a"}, False),
        "a part of a scope": ({"scopes": {"all": ["orders"]}}, {}, False),
        "a scope in another case": ({"scopes": {"all": ["Orders:Read"]}}, {}, False),
        "scopes in an array": ({"scopes": {"all": ["b"]}}, {"scope": ["a", "b"]}, True),
        "two words in one entry": ({"scopes": {"all": ["a"]}}, {"scope": ["a b"]}, False),
        "scp": ({"scopes": {"all": ["a"]}}, {"scope": None, "scp": "a b"}, True),
        "scp in an array": ({"scopes": {"all": ["a"]}}, {"scope": None, "scp": ["a"]}, True),
        "scope counts before scp": ({"scopes": {"all": ["a"]}}, {"scope": "b", "scp": "a"}, False),
        "a scope that is a number": ({"scopes": {"all": ["1"]}}, {"scope": 1}, False),
        "an empty scope": ({"scopes": {"all": ["a"]}}, {"scope": ""}, False),
        "no scope": ({"scopes": {"all": ["a"]}}, {"scope": None}, False),
        "scopes in another claim": ({"scopes": {"all": ["a"], "claim": "permissions"}}, {"permissions": ["a"]}, True),
        "roles": ({"roles": {"all": ["admin"]}}, {"roles": ["clerk", "admin"]}, True),
        "a role is missing": ({"roles": {"all": ["admin"]}}, {"roles": ["clerk"]}, False),
        "roles in a string": ({"roles": {"any": ["admin"]}}, {"roles": "clerk admin"}, True),
        "nested roles": ({"roles": {"any": ["clerk"], "claim": "realm_access.roles"}}, {}, True),
        "nested roles without it": ({"roles": {"any": ["admin"], "claim": "realm_access.roles"}}, {}, False),
        "roles in no object": ({"roles": {"any": ["clerk"], "claim": "sub.roles"}}, {}, False),
        "roles in an object": ({"roles": {"any": ["clerk"]}}, {"roles": {"clerk": True}}, False),
        "a name with dots": ({"roles": {"all": ["a"], "claim": ["https://x.example/roles"]}}, {"https://x.example/roles": ["a"]}, True),
        "a name that looks nested": ({"roles": {"all": ["a"], "claim": "x.roles"}}, {"x.roles": ["a"]}, False),
    }
    for name, (route, claims, passes) in asked.items():
        denied = next(iter(route))
        yield Row(name, _asks(**route), allowed() if passes else forbidden(denied), token=Token(claims=claims))
    both = _asks(scopes={"all": ["orders:read"]}, roles={"all": ["admin"]})
    yield Row("the scope without the role", both, forbidden("roles"))
    yield Row("neither the scope nor the role", both, forbidden("scopes"), token=Token(claims={"scope": ""}))
    yield Row("a token that is wrong is told before what it lacks", both, refused("exp"), token=Token(claims={"exp": 1}))


def _claim_rules() -> Iterator[Row]:
    """Comparisons, joined by all, any and not."""
    acme: dict[str, Any] = {"claim": "tenant", "equals": "acme"}
    staff: dict[str, Any] = {"claim": "groups", "contains": "staff"}
    active = {"not": {"claim": "suspended", "equals": True}}
    asked: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], bool]] = {
        "equals": (acme, {"tenant": "acme"}, True),
        "equals in another case": (acme, {"tenant": "Acme"}, False),
        "equals an entry": (acme, {"tenant": ["acme"]}, False),
        "equals nothing": (acme, {}, False),
        "true is not 1": ({"claim": "tenant", "equals": 1}, {"tenant": True}, False),
        "1 is 1.0": ({"claim": "tenant", "equals": 1}, {"tenant": 1.0}, True),
        "1 is not a string": ({"claim": "tenant", "equals": 1}, {"tenant": "1"}, False),
        "one of": ({"claim": "tenant", "one_of": ["acme", "globex"]}, {"tenant": "globex"}, True),
        "none of": ({"claim": "tenant", "one_of": ["acme", "globex"]}, {"tenant": "acm"}, False),
        "contains": (staff, {"groups": ["sales", "staff"]}, True),
        "contains a word": (staff, {"groups": "sales staff"}, True),
        "contains no part": (staff, {"groups": ["staffing"]}, False),
        "prefix": ({"claim": "sub", "prefix": "user-"}, {}, True),
        "prefix of another": ({"claim": "sub", "prefix": "admin-"}, {}, False),
        "nested": ({"claim": "user.tenant", "equals": "acme"}, {"user": {"tenant": "acme"}}, True),
        "all": ({"all": [acme, staff]}, {"tenant": "acme", "groups": ["staff"]}, True),
        "all, and one fails": ({"all": [acme, staff]}, {"tenant": "acme"}, False),
        "any": ({"any": [acme, staff]}, {"groups": ["staff"]}, True),
        "any, and all fail": ({"any": [acme, staff]}, {"tenant": "globex"}, False),
        "not": (active, {"suspended": False}, True),
        "not, without the claim": (active, {}, True),
        "not, and it is": (active, {"suspended": True}, False),
        "nested joins": ({"all": [active, {"any": [acme, staff]}]}, {"groups": ["staff"]}, True),
        "nested joins, suspended": ({"all": [active, {"any": [acme, staff]}]}, {"groups": ["staff"], "suspended": True}, False),
        "nested joins, neither": ({"all": [active, {"any": [acme, staff]}]}, {"tenant": "globex"}, False),
        "not any": ({"not": {"any": [acme, staff]}}, {"tenant": "globex"}, True),
    }
    for name, (rule, claims, passes) in asked.items():
        yield Row(f"claims: {name}", _asks(claims=rule), allowed() if passes else forbidden("claims"), token=Token(claims=claims))


def _routes() -> Iterator[Row]:
    """Which part of the API a request is for."""
    routes = [
        {"exact": "/health", "access": "anyone"},
        {"prefix": "/news", "methods": ["GET"], "access": "optional"},
        {"prefix": "/orders", "methods": ["GET", "HEAD"]},
        {"prefix": "/orders", "methods": ["POST"], "scopes": {"all": ["orders:write"]}},
        {"prefix": "/admin/", "roles": {"all": ["admin"]}},
    ]
    policy = document(routes, upstream={"X-User": "sub"})
    nobody = allowed(X_User="")
    expired = Token(claims={"exp": NOW - 1})
    asked: dict[str, tuple[str, bool, Must]] = {
        "open": ("GET /health", False, nobody),
        "open, by another method": ("DELETE /health", False, nobody),
        "below what is exact": ("GET /health/x", False, UNNAMED),
        "a slash behind what is exact": ("GET /health/", False, UNNAMED),
        "open, its query does not count": ("GET /health?x=/admin", False, nobody),
        "optional, without a token": ("GET /news/today", False, nobody),
        "optional, with one": ("GET /news/today", True, USER),
        "optional, and another method": ("POST /news", True, UNNAMED),
        "a prefix": ("GET /orders/17", True, USER),
        "a prefix, HEAD": ("HEAD /orders", True, USER),
        "a prefix, without a token": ("GET /orders/17", False, MISSING),
        "no prefix of a segment": ("GET /ordersx", True, UNNAMED),
        "another case": ("GET /Orders", True, UNNAMED),
        "the route of another method": ("POST /orders", True, forbidden("scopes")),
        "the method of no route": ("DELETE /orders", True, UNNAMED),
        "a prefix that ends with a slash": ("GET /admin/users", True, forbidden("roles")),
        "a prefix that ends with a slash, without it": ("GET /admin", True, UNNAMED),
        "letters beyond ASCII, encoded": ("GET /orders/z%C3%BC", True, USER),
        "an encoded letter": ("GET /%6frders", True, USER),
        "an encoded space": ("GET /orders/a%20b", True, USER),
        "nowhere": ("GET /elsewhere", True, UNNAMED),
        "nowhere, without a token": ("GET /elsewhere", False, UNNAMED),
    }
    for name, (line, has_token, must) in asked.items():
        yield Row(f"route: {name}", policy, must, line, (BEARER,) if has_token else ())
    yield Row("route: open, with a token that is wrong", policy, nobody, "GET /health", token=expired)
    yield Row("route: optional, with a token that is wrong", policy, refused("exp"), "GET /news", token=expired)
    yield Row("a policy without rules", {}, UNNAMED)
    yield Row("a policy without routes", document([]), UNNAMED)
    first = document([{"prefix": "/", "methods": ["GET"]}, {"prefix": "/orders", "roles": {"all": ["admin"]}}])
    yield Row("the first route decides", first, allowed())
    for method in ("get", "TRACE", "CONNECT", "FOO"):
        yield Row(f"the method {method}", document([{"prefix": "/", "access": "anyone"}]), malformed("method"), f"{method} /orders", ())


CONFUSING = (
    "/public/../admin",
    "/public/%2e%2e/admin",
    "/public/..%2fadmin",
    "/public/..;/admin",
    "/public/%252e%252e/admin",
    "/public/\\..\\admin",
    "/public/#/../admin",
    "http://other/public/../admin",
    "/public/%2e%2e/uri/secret",
    "//public/../admin",
    "/public/..%5cadmin",
    "/public/..%00/admin",
    "/public/.%2e/admin",
    "/public%2f..%2fadmin",
    "/public/%c0%ae%c0%ae/admin",
    "/public/%ef%bc%8e%ef%bc%8e/admin",
    "/public%ef%bc%8fadmin",
    "/public/x%cd%bey",
    "/public/x%e2%81%87y",
    "/public/%e2%81%88",
    "/public/%e2%84%80",
    "/public/x%ef%bc%85y",
    "/public;/../admin",
    "/public/%",
)
SPOOFS = (
    "X-Original-URI: /public/x",
    "X-Original-URL: /public/x",
    "X-Original-Method: OPTIONS",
    "X-Rewrite-URL: /public/x",
    "X-Forwarded-Uri: /public/x",
    "X-Forwarded-Method: OPTIONS",
    "X-Forwarded-Prefix: /public",
    "X-HTTP-Method-Override: GET",
)


def _bypasses() -> Iterator[Row]:
    """What has let someone through elsewhere."""
    policy = document([{"prefix": "/public", "access": "anyone"}, {"prefix": "/admin", "roles": {"all": ["admin"]}}])
    for target in CONFUSING:
        yield Row(f"path: {target}", policy, malformed("path"), f"GET {target}", ())
    for target in ("/PUBLIC/x", "/publicity"):
        yield Row(f"path: {target}", policy, UNNAMED, f"GET {target}", ())
    yield Row("path: an encoded letter of the open one", policy, allowed(), "GET /%70ublic/x", ())
    for header in SPOOFS:
        yield Row(f"spoof: {header}", policy, MISSING, "GET /admin", (header,))
    for header in ("User-Agent: GoogleHC/1.0", "Referer: /public/", "X-Real-IP: 127.0.0.1", "X-Forwarded-For: 127.0.0.1"):
        yield Row(f"spoof: {header}", policy, MISSING, "GET /admin", (header,))
    named = document(upstream={"X-User": "sub", "X-Roles": "realm_access.roles", "X-Tenant": "tenant"})
    made = {"X_User": "user-1", "X_Roles": "clerk", "X_Tenant": ""}
    for spelt in ("X-User", "x-user", "X-ROLES", "X-Tenant"):
        yield Row(f"spoof: {spelt}", named, allowed(spelt, **made), headers=(BEARER, f"{spelt}: admin"))
    for spelt in ("X_User", "x_roles", "X.User", "X-User_"):
        must = malformed("headers") if spelt != "X-User_" else allowed(**made)
        yield Row(f"spoof: {spelt}", named, must, headers=(BEARER, f"{spelt}: admin"))
    yield Row("spoof: X-User twice", named, malformed("headers"), headers=(BEARER, "X-User: a", "X-User: b"))
    yield Row("spoof: Connection: X-User", named, malformed("headers"), headers=(BEARER, "Connection: close, X-User"))
    yield Row("an honest Connection", named, allowed(**made), headers=(BEARER, "Connection: keep-alive"))
    kept = document(forward_token=False)
    yield Row("the token is kept back", kept, allowed("Authorization"))


def _upstream() -> Iterator[Row]:
    """What the API gets of the claims."""
    policy = document(upstream={"X-Value": "value"})
    values: dict[str, tuple[Any, str]] = {
        "a word": ("acme", "acme"),
        "nothing": (None, ""),
        "true": (True, "true"),
        "a number": (17, "17"),
        "an array": (["a", "b,c", 1], "a,b%2Cc,1"),
        "a comma": ("a,b", "a%2Cb"),
        "a line break": ("a\r\nX-Admin: 1", "a%0D%0AX-Admin: 1"),
        "letters beyond ASCII": ("Zoë", "Zo%C3%AB"),
        "a percent sign": ("50%", "50%25"),
        "white space at the ends": (" a ", "%20a%20"),
        "an object": ({"a": 1}, ""),
    }
    for name, (value, sent) in values.items():
        yield Row(f"upstream: {name}", policy, allowed(X_Value=sent), token=Token(claims={"value": value}))
    yield Row("upstream: too long for a header", policy, refused("upstream"), token=Token(claims={"value": "a" * 1025}))
    renamed = document(upstream={"X-A": ["https://x.example/a"]})
    yield Row("upstream: a name with dots", renamed, allowed(X_A="1"), token=Token(claims={"https://x.example/a": 1}))


_SECTIONS = (
    _places,
    _forms,
    _algorithms,
    _signatures,
    _keys,
    _issuers,
    _terms,
    _permissions,
    _claim_rules,
    _routes,
    _bypasses,
    _upstream,
)
ROWS: dict[str, Row] = {row.name: row for section in _SECTIONS for row in section()}
FORMS = frozenset(row.name for row in _forms())
"""What only who is sent the body can decide."""
