"""What the gateway answers, and why: RFC 6750's statuses, with every rule told."""

import json
from typing import Any

import pytest

from app.gateway import Request, decide, read_policy, read_request, words
from app.gateway.judging import LONGEST_TOKEN
from app.gateway.request import Header
from app.gateway.upstream import headers as upstream_headers
from tests.gateway.gate import AUDIENCE, ISSUER, NOW, SECRET, ask, denied_by, document, named, outcome, policy, rs256, token
from tests.tokens.keyring import b64u, private, public_jwk, public_pem

OPEN = [{"exact": "/health", "access": "anyone"}, {"prefix": "/news", "access": "optional"}, {"prefix": "/orders"}]


def test_a_good_token_passes():
    decision = ask(policy(), token())
    assert (decision.status, decision.allowed, decision.www_authenticate) == (200, True, None)
    assert not decision.denials


def test_a_policy_without_rules_denies():
    decision = ask(read_policy("{}"), token())
    assert (decision.status, decision.www_authenticate) == (403, None)
    assert decision.denials[0].because == "The policy has no route, so it denies everything."


def test_what_no_route_names_is_denied_with_and_without_a_token():
    for text in (None, token()):
        decision = ask(policy(OPEN), text, "GET /elsewhere")
        assert (decision.status, decision.www_authenticate, denied_by(decision)) == (403, None, "routes")


def test_without_a_token_there_is_no_error_code():
    decision = ask(policy(realm="orders"))
    assert (decision.status, decision.error) == (401, "")
    assert decision.www_authenticate == 'Bearer realm="orders"'


def test_another_scheme_is_no_token():
    decision = ask(policy(), None, "GET /orders", "Authorization: Basic dXNlcjpwYXNz")
    assert decision.www_authenticate == 'Bearer realm="api"'


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer a b", "Bearer a,Bearer b", 'Bearer "a"', "Bearer\ta b"])
def test_a_malformed_header_is_an_invalid_request(value):
    decision = ask(policy(), None, "GET /orders", f"Authorization: {value}")
    assert (decision.status, decision.www_authenticate) == (400, 'Bearer realm="api", error="invalid_request"')


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_case_of_the_scheme_does_not_count(scheme):
    assert ask(policy(), None, "GET /orders", f"Authorization: {scheme} {token()}").allowed


EXPIRED: dict[str, Any] = {"exp": NOW - 1}
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "expired": (EXPIRED, {}, "exp"),
    "not valid yet": ({"nbf": NOW + 60}, {}, "nbf"),
    "another issuer": ({"iss": "https://evil.example"}, {}, "iss"),
    "no issuer": ({"iss": None}, {}, "iss"),
    "an issuer in an array": ({"iss": [ISSUER]}, {}, "claims"),
    "another audience": ({"aud": "https://other.example"}, {}, "aud"),
    "no audience": ({"aud": None}, {}, "aud"),
    "no exp": ({"exp": None}, {}, "exp is required"),
    "an exp in a string": ({"exp": str(NOW + 60)}, {}, "exp"),
    "another type": ({}, {"type": "at+jwt"}, "typ"),
    "a long life": ({"exp": NOW + 3601}, {"max_life": 3600}, "life"),
    "a life that cannot be told": ({"iat": None}, {"max_life": 3600}, "life"),
    "no subject": ({"sub": None}, {"required": ["sub"]}, "sub is required"),
    "a subject of null": ({"tenant": None}, {"required": ["tenant"]}, "tenant is required"),
}


@pytest.mark.parametrize(("claims", "issuer", "rule"), REFUSED.values(), ids=REFUSED)
def test_a_token_that_is_not_accepted_is_an_invalid_token(claims, issuer, rule):
    decision = ask(policy(issuer=issuer), token(**claims))
    assert (decision.status, decision.error, denied_by(decision)) == (401, "invalid_token", rule)
    assert decision.www_authenticate == 'Bearer realm="api", error="invalid_token"'


def test_terms_that_are_met_let_pass():
    issuer = {"type": "at+jwt", "max_life": 600, "required": ["sub", "realm_access.roles"], "leeway": 30}
    assert ask(policy(issuer=issuer), token(header={"typ": "at+jwt"})).allowed
    assert ask(policy(issuer={"leeway": 30}), token(exp=NOW - 29)).allowed
    assert not ask(policy(issuer={"leeway": 30}), token(exp=NOW - 30)).allowed
    assert ask(policy(issuer={"required": []}), token(exp=None)).allowed


def test_the_client_is_told_why_only_when_the_policy_says_so():
    told = ask(policy(describe=True), token(**EXPIRED)).www_authenticate
    assert told == 'Bearer realm="api", error="invalid_token", error_description="The token is expired"'
    assert ask(policy(), token(**EXPIRED)).www_authenticate == 'Bearer realm="api", error="invalid_token"'


def test_one_of_several_audiences_is_enough():
    several = policy(issuer={"audience": ["https://a.example", AUDIENCE]})
    assert ask(several, token()).allowed
    assert ask(several, token(aud=["x", "https://a.example"])).allowed
    decision = ask(several, token(aud="https://b.example"))
    assert decision.denials[0].because.endswith(f'"https://a.example" is expected. "{AUDIENCE}" would do as well.')


ROLES = {
    "all there": ({"scopes": {"all": ["orders:read"]}}, {}, True),
    "one missing": ({"scopes": {"all": ["orders:read", "orders:write"]}}, {}, False),
    "any there": ({"scopes": {"any": ["orders:read", "orders:write"]}}, {}, True),
    "none of any": ({"scopes": {"any": ["orders:write", "admin"]}}, {}, False),
    "all and any": ({"scopes": {"all": ["a"], "any": ["b", "c"]}}, {"scope": "c a"}, True),
    "part of a word": ({"scopes": {"all": ["orders"]}}, {}, False),
    "an array": ({"scopes": {"all": ["a"]}}, {"scope": ["a", "b"]}, True),
    "words in an array": ({"scopes": {"all": ["a"]}}, {"scope": ["a b"]}, False),
    "scp": ({"scopes": {"all": ["a"]}}, {"scope": None, "scp": "a b"}, True),
    "scp beside scope": ({"scopes": {"all": ["a"]}}, {"scope": "b", "scp": "a"}, False),
    "a number": ({"scopes": {"all": ["1"]}}, {"scope": 1}, False),
    "no scope": ({"scopes": {"all": ["a"]}}, {"scope": None}, False),
    "another claim": ({"scopes": {"all": ["a"], "claim": "permissions"}}, {"permissions": ["a"]}, True),
    "nested roles": ({"roles": {"any": ["clerk"], "claim": "realm_access.roles"}}, {}, True),
    "nested roles missing": ({"roles": {"any": ["admin"], "claim": "realm_access.roles"}}, {}, False),
    "roles in no object": ({"roles": {"any": ["admin"], "claim": "sub.roles"}}, {}, False),
    "a name with dots": ({"roles": {"all": ["a"], "claim": ["https://x.example/roles"]}}, {"https://x.example/roles": ["a"]}, True),
    "a name that looks nested": ({"roles": {"all": ["a"], "claim": "x.roles"}}, {"x.roles": ["a"]}, False),
}


@pytest.mark.parametrize(("asked", "claims", "passes"), ROLES.values(), ids=ROLES)
def test_scopes_and_roles(asked, claims, passes):
    decision = ask(policy([{"prefix": "/", **asked}]), token(**claims))
    assert decision.status == (200 if passes else 403)
    assert decision.error == ("" if passes else "insufficient_scope")


def test_a_missing_scope_is_named_in_the_challenge():
    decision = ask(policy([{"prefix": "/", "scopes": {"all": ["a"], "any": ["b", "c"]}}]), token())
    assert decision.www_authenticate == 'Bearer realm="api", error="insufficient_scope", scope="a b c"'


CLAIMS = {
    "equals": ({"claim": "tenant", "equals": "acme"}, {"tenant": "acme"}, True),
    "equals another": ({"claim": "tenant", "equals": "acme"}, {"tenant": "Acme"}, False),
    "equals nothing": ({"claim": "tenant", "equals": "acme"}, {}, False),
    "true is not 1": ({"claim": "tenant", "equals": 1}, {"tenant": True}, False),
    "1 is not true": ({"claim": "tenant", "equals": True}, {"tenant": 1}, False),
    "1 is 1.0": ({"claim": "tenant", "equals": 1}, {"tenant": 1.0}, True),
    "1 is not a string": ({"claim": "tenant", "equals": 1}, {"tenant": "1"}, False),
    "one of": ({"claim": "tenant", "one_of": ["a", "b"]}, {"tenant": "b"}, True),
    "none of": ({"claim": "tenant", "one_of": ["a", "b"]}, {"tenant": "ab"}, False),
    "contains": ({"claim": "groups", "contains": "a"}, {"groups": ["b", "a"]}, True),
    "contains a word": ({"claim": "groups", "contains": "a"}, {"groups": "b a"}, True),
    "contains no part": ({"claim": "groups", "contains": "a"}, {"groups": ["ab"]}, False),
    "contains no part of a word": ({"claim": "groups", "contains": "a"}, {"groups": "ab"}, False),
    "contains in an object": ({"claim": "groups", "contains": "a"}, {"groups": {"a": 1}}, False),
    "prefix": ({"claim": "sub", "prefix": "user-"}, {}, True),
    "prefix of a number": ({"claim": "sub", "prefix": "1"}, {"tenant": 1}, False),
    "all": ({"all": [{"claim": "sub", "prefix": "u"}, {"claim": "t", "equals": 1}]}, {"t": 1}, True),
    "not all": ({"all": [{"claim": "sub", "prefix": "u"}, {"claim": "t", "equals": 1}]}, {}, False),
    "any": ({"any": [{"claim": "sub", "prefix": "x"}, {"claim": "t", "equals": 1}]}, {"t": 1}, True),
    "not any": ({"any": [{"claim": "sub", "prefix": "x"}, {"claim": "t", "equals": 1}]}, {}, False),
    "not": ({"not": {"claim": "suspended", "equals": True}}, {}, True),
    "not, and it is": ({"not": {"claim": "suspended", "equals": True}}, {"suspended": True}, False),
    "not not": ({"not": {"not": {"claim": "t", "equals": 1}}}, {"t": 1}, True),
}


@pytest.mark.parametrize(("rule", "claims", "passes"), CLAIMS.values(), ids=CLAIMS)
def test_rules_about_claims(rule, claims, passes):
    assert ask(policy([{"prefix": "/", "claims": rule}]), token(**claims)).status == (200 if passes else 403)


def test_no_short_cut_every_rule_is_listed():
    rule = {"any": [{"claim": "sub", "equals": "x"}, {"all": [{"claim": "a", "equals": 1}, {"claim": "b", "equals": 2}]}]}
    routes = [{"exact": "/health", "access": "anyone"}, {"prefix": "/", "scopes": {"all": ["z"]}, "claims": rule}, {"prefix": "/orders"}]
    made = policy(routes, issuer={"required": ["sub", "exp"], "max_life": 60}, upstream={"X-User": "sub"})
    lists = {tuple(rule.name for rule in ask(made, text).rules) for text in (token(), token(**EXPIRED), token("ES256"), token()[:-4])}
    assert len(lists) == 1
    assert {"route /health", "signature", "aud", "life", "sub is required", "scopes", "upstream"} < set(lists.pop())
    decision = ask(made, token(exp=NOW - 1, aud="x"))
    assert [rule.name for rule in decision.denials] == ["exp", "aud", "scopes", "claims"]
    assert [rule.depth for rule in decision.rules if rule.name in ("claims", "claim") and rule.layer == "permission"] == [0, 1, 1, 2, 2]


def test_the_sentence_names_what_would_deny_next():
    made = policy([{"prefix": "/", "scopes": {"all": ["z"]}}])
    told = [
        words.because(ask(made, token(**claims))) for claims in ({"scope": "z"}, {"scope": "z", "aud": "x"}, {"aud": "x", "exp": NOW - 1})
    ]
    assert told[0] == 'The route "/" takes it, and no rule denies.'
    assert told[1] == f'Denied by aud: The token is for "x"; "{AUDIENCE}" is expected.'
    assert told[2].startswith("Denied by exp: Expired 1 s ago")
    assert told[2].endswith(". Also denied by aud, scopes.")


def test_a_part_of_any_may_fail_without_denying():
    decision = ask(policy([{"prefix": "/", "claims": {"any": [{"claim": "a", "equals": 1}, {"claim": "sub", "prefix": "u"}]}}]), token())
    assert decision.allowed
    assert [rule.because for rule in decision.rules if rule.outcome == "failed"] == ["a is not there; asked is that a equals 1."]


@pytest.mark.parametrize(
    ("route", "claims", "told"),
    [
        pytest.param(
            {"claims": {"claim": "n", "equals": "a"}}, {"n": ["a"]}, 'n is an array with "a"; asked is that n equals "a".', id="array"
        ),
        pytest.param({"claims": {"claim": "n", "equals": "a"}}, {"n": "b"}, 'n is "b"; asked is that n equals "a".', id="string"),
        pytest.param(
            {"roles": {"all": ["admin"]}},
            {"roles": ["admin", 1]},
            'roles has a number among its entries, and words are strings; the route asks for all of "admin".',
            id="no word",
        ),
        pytest.param(
            {"roles": {"all": ["admin"]}},
            {"roles": 1},
            'roles is a number, not words in a string or an array; the route asks for all of "admin".',
            id="no words",
        ),
    ],
)
def test_what_a_claim_is_and_what_is_asked_are_told_apart(route, claims, told):
    decision = ask(policy([{"prefix": "/"} | route]), token(**claims))
    assert decision.status == 403
    assert [rule.because for rule in decision.denials] == [told]


def test_an_open_route_looks_at_no_token():
    for text in (None, token(), "nonsense"):
        decision = ask(policy(OPEN), text, "GET /health")
        assert decision.allowed
        assert outcome(decision, "signature") == "not_checked"


def test_an_optional_token_may_be_missing_but_not_wrong():
    assert ask(policy(OPEN), None, "GET /news/today").allowed
    assert ask(policy(OPEN), token(), "GET /news/today").allowed
    assert ask(policy(OPEN), token(**EXPIRED), "GET /news/today").status == 401
    assert ask(policy(OPEN), "nonsense", "GET /news").status == 401


def test_the_first_route_that_takes_the_request_decides():
    routes = [{"name": "write", "prefix": "/", "methods": ["POST"], "scopes": {"all": ["w"]}}, {"name": "read", "prefix": "/"}]
    assert ask(policy(routes), token()).allowed
    decision = ask(policy(routes), token(), "POST /orders")
    assert decision.route is not None
    assert (decision.status, decision.route.name) == (403, "write")
    assert outcome(decision, "route read") == "not_checked"


@pytest.mark.parametrize(
    ("line", "takes"),
    [
        ("GET /orders", True),
        ("GET /orders/", True),
        ("GET /orders/17?x=1", True),
        ("GET /ordersx", False),
        ("GET /Orders", False),
        ("GET /order", False),
        ("GET /exact", True),
        ("GET /exact/", False),
        ("GET /exact/x", False),
        ("GET /%6frders", True),
    ],
)
def test_a_prefix_ends_where_a_segment_ends(line, takes):
    assert ask(policy([{"prefix": "/orders"}, {"exact": "/exact"}]), token(), line).status == (200 if takes else 403)


@pytest.mark.parametrize("method", ["get", "Get", "TRACE", "CONNECT", "FOO", "G\x00T", ""])
def test_only_known_methods_are_judged(method):
    decision = decide(policy([{"prefix": "/", "access": "anyone"}]), Request(method, "/orders"), {}, NOW)
    assert (decision.status, denied_by(decision)) == (400, "method")


PLACES = policy(token=[{"header": "X-Token"}, {"cookie": "session"}, {"query": "access_token"}, {"form": "access_token"}])
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("line", "header", "body"),
    [
        pytest.param("GET /orders", "X-Token: $", "", id="header"),
        pytest.param("GET /orders", "Cookie: a=b; session=$; c=d", "", id="cookie"),
        pytest.param("GET /orders?a=b&access_token=$", "Accept: */*", "", id="query"),
        pytest.param("GET /orders?access%5ftoken=$", "Accept: */*", "", id="query, encoded name"),
        pytest.param("POST /orders", FORM, "a=b&access_token=$", id="form"),
    ],
)
def test_a_token_is_found_where_the_policy_says(line, header, body):
    found = [part.replace("$", token()) for part in (line, header, body)]
    assert ask(PLACES, None, found[0], found[1], body=found[2]).allowed
    assert ask(policy(), None, found[0], found[1], body=found[2]).status == 401


@pytest.mark.parametrize(
    ("line", "headers", "body"),
    [
        pytest.param("GET /orders?access_token=$", ["X-Token: $"], "", id="header and query"),
        pytest.param("GET /orders?access_token=$&access_token=$", [], "", id="query twice"),
        pytest.param("GET /orders?access_token=$&access%5Ftoken=x", [], "", id="query twice, once encoded"),
        pytest.param("GET /orders", ["Cookie: session=$; session=x"], "", id="cookie twice"),
        pytest.param("GET /orders", ["Cookie: session=$", "Cookie: session=x"], "", id="two cookie headers"),
        pytest.param("GET /orders", ["X-Token: $", "X-Token: $"], "", id="header twice"),
        pytest.param("GET /orders", ["X-Token: $", "Cookie: session="], "", id="empty cookie"),
        pytest.param("POST /orders?access_token=$", [FORM], "access_token=$", id="query and form"),
    ],
)
def test_two_tokens_are_an_invalid_request(line, headers, body):
    found = [part.replace("$", token()) for part in (line, *headers)]
    decision = ask(PLACES, None, *found, body=body.replace("$", token()))
    assert (decision.status, decision.error) == (400, "invalid_request")


def test_a_form_counts_only_as_a_form():
    body = f"access_token={token()}"
    for line, header in (("POST /orders", "Content-Type: text/plain"), ("GET /orders", FORM)):
        assert ask(PLACES, None, line, header, body=body).status == 401


def test_the_keys_of_one_issuer_do_not_sign_for_another():
    issuers = [
        {"issuer": "a", "keys": [rs256()]},
        {"issuer": "b", "keys": [{"jwks": public_jwk(private("ES256")), "algorithms": ["ES256"]}]},
    ]
    made = read_policy(json.dumps({"issuers": issuers, "routes": [{"prefix": "/"}]}))
    assert ask(made, token(iss="a")).allowed
    assert ask(made, token("ES256", iss="b")).allowed
    assert ask(made, token(iss="b")).status == 401
    assert ask(made, token("ES256", iss="a")).status == 401


@pytest.mark.parametrize(
    ("iss", "told"),
    [
        pytest.param(
            f"{ISSUER}/", f'iss is "{ISSUER}/"; the policy takes tokens of "{ISSUER}". They differ by the slash at the end.', id="slash"
        ),
        pytest.param(ISSUER.replace("https", "http"), "They differ by what stands before the host: https, http or nothing.", id="scheme"),
        pytest.param("https://other.example", f'the policy takes tokens of "{ISSUER}".', id="another"),
        pytest.param(7, f'iss is a number; the policy takes tokens of "{ISSUER}".', id="number"),
    ],
)
def test_an_issuer_that_is_nearly_right_is_told_what_is_not(iss, told):
    rules = {rule.name: rule for rule in ask(policy(), token(iss=iss)).rules}
    assert rules["iss"].because.endswith(told)


def test_an_entry_without_issuer_takes_the_rest_only():
    issuers = [{"issuer": "a", "keys": [rs256()]}, {"keys": [{"secret": "s", "algorithms": ["HS256"]}]}]
    made = read_policy(json.dumps({"issuers": issuers, "routes": [{"prefix": "/"}]}))
    keys = named(s=SECRET)
    assert ask(made, token("HS256", iss="whoever"), keys=keys).allowed
    assert ask(made, token("HS256", iss=None), keys=keys).allowed
    assert ask(made, token("HS256", iss="a"), keys=keys).status == 401


def test_two_keys_of_one_algorithm_both_serve():
    keys = [{"pem": public_pem(private("RS256", which)), "algorithms": ["RS256"]} for which in (1, 0)]
    made = policy(issuer={"keys": keys})
    assert ask(made, token()).allowed
    assert ask(made, token(key=private("RS256", 1))).allowed
    assert denied_by(ask(made, token(key=private("RS256", 2)))) == "signature"


def test_a_key_serves_only_its_algorithms():
    decision = ask(policy(), token("RS512"))
    assert (decision.status, denied_by(decision)) == (401, "algorithm")
    keys = [{"jwks": public_jwk(private("RS256")), "algorithms": ["RS256"]}, {"secret": "s", "algorithms": ["HS256"]}]
    made = policy(issuer={"keys": keys})
    confused = token("HS256", key=public_pem(private("RS256")))
    assert ask(made, confused, keys=named(s=SECRET)).status == 401
    assert ask(made, confused, keys=named(s=public_pem(private("RS256")))).status == 401


def test_keys_that_are_not_here_fail_closed():
    made = policy(issuer={"keys": [{"jwks_url": "https://login.example/jwks", "algorithms": ["RS256"]}]})
    decision = ask(made, token())
    assert (decision.status, decision.www_authenticate, denied_by(decision)) == (503, None, "key")
    jwks = json.dumps({"keys": [public_jwk(private("RS256"), kid="one")]})
    assert ask(made, token(), keys=named(**{"https://login.example/jwks": jwks})).allowed
    assert ask(made, token(), keys=named(**{"https://login.example/jwks": "{"})).status == 401


def test_a_secret_that_is_a_public_key_verifies_nothing():
    made = policy(issuer={"keys": [{"secret": "s", "algorithms": ["HS256"]}]})
    pem = public_pem(private("RS256"))
    assert ask(made, token("HS256", key=pem), keys=named(s=pem)).status == 401


NEVER = {
    "unsecured": lambda good: b64u('{"alg":"none"}') + "." + good.split(".")[1] + ".",
    "signature cut off": lambda good: good.rsplit(".", 1)[0] + ".",
    "two segments": lambda good: good.rsplit(".", 1)[0],
    "padded": lambda good: good + "=",
    "another payload": lambda good: ".".join([good.split(".")[0], b64u(json.dumps({"iss": ISSUER, "sub": "admin"})), good.split(".")[2]]),
    "five segments": lambda good: good + ".a.b",
    "disclosures": lambda good: good + "~",
    "nothing": lambda good: "-",
}


@pytest.mark.parametrize("spoil", NEVER.values(), ids=NEVER)
def test_what_is_no_good_token_is_an_invalid_token(spoil):
    decision = ask(policy(), spoil(token()))
    assert decision.status in (400, 401)
    assert decision.error in ("invalid_request", "invalid_token")
    assert not decision.upstream


def test_only_the_token_itself_is_read_not_what_was_pasted_round_it():
    cookie = policy(token={"cookie": "s"})
    assert ask(cookie, None, "GET /orders", f"Cookie: s={token()}").allowed
    for wrapped in (f'"{token()}"', f"Bearer {token()}", f"{token()}\u200b", f"https://x.example/#token={token()}"):
        assert ask(cookie, None, "GET /orders", f"Cookie: s={wrapped}").status == 401


def test_an_encrypted_token_is_told_as_such():
    decision = ask(policy(), "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..a.b.c")
    assert decision.denials[0].because == "It is an encrypted token (JWE); a policy takes signed ones."


def test_a_token_is_bounded():
    assert ask(policy(), "a" * (LONGEST_TOKEN + 1)).denials[0].because.startswith("It has 16,385 characters")


def test_a_number_with_many_digits_breaks_nothing():
    text = token().split(".")
    payload = json.dumps({"iss": ISSUER}).removesuffix("}") + f', "tenant": {"9" * 5000}, "exp": 1e400}}'
    made = policy([{"prefix": "/", "claims": {"claim": "tenant", "equals": 1}}], upstream={"X-T": "tenant"}, issuer={"max_life": 5})
    assert ask(made, f"{text[0]}.{b64u(payload)}.{text[2]}").status == 401


UPSTREAM = policy(upstream={"X-User": "sub", "X-Roles": "realm_access.roles", "X-Tenant": "tenant"})


def upstream(**claims):
    decision = ask(UPSTREAM, token(**claims))
    assert decision.allowed
    return dict(decision.upstream)


def test_claims_go_upstream_and_each_header_is_always_there():
    assert upstream() == {"X-User": "user-1", "X-Roles": "clerk", "X-Tenant": ""}
    assert upstream(tenant=True)["X-Tenant"] == "true"
    assert upstream(tenant=17)["X-Tenant"] == "17"
    assert upstream(tenant=["a", "b,c", 1])["X-Tenant"] == "a,b%2Cc,1"
    assert upstream(tenant="a,b")["X-Tenant"] == "a%2Cb"
    assert upstream(tenant={"a": 1})["X-Tenant"] == ""


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a\r\nX-Admin: true", "a%0D%0AX-Admin: true"),
        ("a\0b", "a%00b"),
        ("Zoë", "Zo%C3%AB"),
        ("100%", "100%25"),
        (" a b ", "%20a b%20"),
        ("   ", "%20%20%20"),
        ("\ud800", "%ED%A0%80"),
        ("\u2028", "%E2%80%A8"),
        ("\x7f", "%7F"),
    ],
)
def test_no_claim_breaks_out_of_its_header(value, sent):
    assert dict(upstream_headers(UPSTREAM, {"sub": value}))["X-User"] == sent


def test_values_that_no_header_holds_are_denied():
    assert upstream(tenant="a" * 1024)
    assert ask(UPSTREAM, token(tenant="a" * 1025)).status == 401
    many = policy(upstream={f"X-{number}": "tenant" for number in range(5)})
    assert ask(many, token(tenant="a" * 800)).allowed
    assert denied_by(ask(many, token(tenant="a" * 900))) == "upstream"


def test_what_the_client_sends_of_these_headers_is_removed():
    decision = ask(UPSTREAM, token(), "GET /orders", "x-user: admin", "X-Roles: admin", "X-Other: a", "X-HTTP-Method-Override: DELETE")
    assert decision.allowed
    assert decision.removed == ("x-user", "X-Roles", "X-HTTP-Method-Override")
    assert dict(decision.upstream)["X-User"] == "user-1"


def test_without_a_token_the_headers_go_up_empty():
    made = policy(OPEN, upstream={"X-User": "sub"})
    for line in ("GET /health", "GET /news"):
        decision = ask(made, None, line, "X-User: admin")
        assert decision.allowed
        assert decision.upstream == (Header("X-User", ""),)
        assert decision.removed == ("X-User",)


def test_the_token_can_be_kept_back():
    assert ask(policy(forward_token=False), token()).removed == ("Authorization",)
    assert ask(policy(), token()).removed == ()


def test_no_denial_sends_anything_upstream():
    for text, line in ((None, "GET /orders"), (token(**EXPIRED), "GET /orders"), (token(), "GET /../x")):
        decision = ask(UPSTREAM, text, line, "X-User: admin")
        assert not decision.allowed
        assert decision.upstream == ()


def test_no_challenge_tells_anything_of_the_token():
    secretive = "very-private-value"
    decision = ask(policy(describe=True), token(iss=secretive, sub=secretive, aud=secretive))
    assert secretive not in (decision.www_authenticate or "")


def test_a_pasted_request_with_the_policy_of_the_documentation_reads_as_it_stands():
    written = document([{"prefix": "/orders", "methods": ["GET"]}])
    text = f"GET /orders/17?page=2 HTTP/1.1\r\nHost: api.example\r\nauthorization: Bearer {token()}\r\n\r\n"
    assert decide(read_policy(json.dumps(written)), read_request(text), {}, NOW).allowed
