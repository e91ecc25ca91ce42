"""What holds for every policy and every request."""

import json
import re
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as some

from app.gateway import Header, Request, Unfit, decide, read_policy, read_request
from app.gateway.decision import ANSWERS
from app.gateway.paths import canonical
from app.gateway.upstream import headers
from app.tokens import Expectations, verify
from tests.cost import within
from tests.gateway.gate import AUDIENCE, ISSUER, NOW, SECRET, ask, document, named, policy, rs256, token
from tests.tokens.keyring import b64u, make, private, public_pem

TIMES = some.sampled_from([NOW - 7200, NOW - 1, NOW, NOW + 1, NOW + 600, "soon", None, 1e400, True])
CLAIMS = some.fixed_dictionaries(
    {},
    optional={
        "iss": some.sampled_from([ISSUER, "https://evil.example", 1, None]),
        "aud": some.sampled_from([AUDIENCE, [AUDIENCE], "x", [], 7]),
        "exp": TIMES,
        "nbf": TIMES,
        "iat": TIMES,
        "sub": some.text(max_size=20),
        "scope": some.one_of(some.text(max_size=20), some.just("orders:read"), some.lists(some.text(max_size=5), max_size=3)),
        "tenant": some.recursive(
            some.none() | some.booleans() | some.integers() | some.text(max_size=5), lambda one: some.lists(one, max_size=2), max_leaves=3
        ),
    },
)
ALGORITHMS = some.sampled_from(["RS256", "RS512", "HS256", "ES256", "none"])
RULES = some.recursive(
    some.builds(
        lambda how, value: {"claim": "tenant", how: value},
        some.sampled_from(["equals", "contains"]),
        some.booleans() | some.text(min_size=1, max_size=5),
    ),
    lambda one: (
        some.builds(lambda how, rules: {how: rules}, some.sampled_from(["all", "any"]), some.lists(one, min_size=1, max_size=3))
        | some.builds(lambda rule: {"not": rule}, one)
    ),
    max_leaves=6,
)
ISSUERS = some.fixed_dictionaries(
    {"keys": some.just([rs256(), {"secret": "s", "algorithms": ["HS256"]}])},
    optional={
        "issuer": some.sampled_from([ISSUER, ["x", ISSUER]]),
        "audience": some.sampled_from([AUDIENCE, ["x", AUDIENCE]]),
        "leeway": some.integers(0, 3600),
        "max_life": some.integers(1, 10**6),
        "required": some.lists(some.sampled_from(["exp", "sub", "tenant"]), max_size=3),
        "type": some.sampled_from(["JWT", "at+jwt"]),
    },
)


def problems(text):
    try:
        read_policy(text)
    except Unfit as error:
        return error.problems or (None,)
    return ()


def signed(alg, claims):
    header = {"alg": alg, "typ": "JWT"}
    text = json.dumps(claims).replace("Infinity", "1e400")
    if alg == "none":
        return f"{b64u(json.dumps(header))}.{b64u(text)}."
    return make(header, text, alg=alg)


@settings(max_examples=150, deadline=None)
@given(alg=ALGORITHMS, claims=CLAIMS, issuer=ISSUERS, rule=RULES, spoil=some.sampled_from([None, 5, -5]))
def test_no_policy_lets_a_token_through_that_the_core_does_not_accept(alg, claims, issuer, rule, spoil):
    rules = read_policy(json.dumps({"issuers": [issuer], "routes": [{"prefix": "/", "claims": rule}]}))
    text = signed(alg, claims)
    if spoil is not None:
        text = text[:spoil] + ("A" if text[spoil] != "A" else "B") + text[spoil:][1:]
    decision = ask(rules, text, keys=named(s=SECRET))
    if decision.allowed:
        key = SECRET if alg == "HS256" else public_pem(private("RS256"))
        expect = Expectations((alg,), claims.get("iss") if "issuer" in issuer else None)
        assert verify(text, key, at=NOW, leeway=issuer.get("leeway", 0), expect=expect).accepted
        assert not decision.denials
    else:
        assert decision.denials
        assert decision.status in {status for status, _ in ANSWERS.values()}


@settings(max_examples=100, deadline=None)
@given(rule=RULES, tenant=some.booleans() | some.text(max_size=5) | some.lists(some.text(max_size=3), max_size=3))
def test_a_rule_and_its_opposite_never_agree(rule, tenant):
    text = token(tenant=tenant)
    answers = {ask(policy([{"prefix": "/", "claims": one}]), text).allowed for one in (rule, {"not": rule})}
    assert answers == {True, False}


@settings(max_examples=300, deadline=None)
@given(text=some.text(max_size=300) | some.from_regex(r"(GET|POST) /[a-z/%.;\\]{0,20}( HTTP/1.1)?(\n[A-Za-z_-]{1,10}: ?[ -~]{0,30}){0,5}"))
def test_no_request_breaks_the_gateway(text):
    for rules in (policy(), policy([{"prefix": "/", "access": "anyone"}]), read_policy("{}")):
        decision = decide(rules, read_request(text), {}, NOW)
        assert decision.rules
        assert all(rule.because for rule in decision.rules)
        challenge = decision.www_authenticate or ""
        assert challenge.isascii()
        assert challenge.isprintable()


@settings(max_examples=200, deadline=None)
@given(
    text=some.text(max_size=200)
    | some.recursive(
        some.none() | some.booleans() | some.integers() | some.text(max_size=10),
        lambda one: (
            some.lists(one, max_size=4)
            | some.dictionaries(
                some.sampled_from(["token", "issuers", "routes", "keys", "prefix", "claims", "upstream", "any"]), one, max_size=4
            )
        ),
        max_leaves=15,
    ).map(json.dumps)
)
def test_no_policy_breaks_the_reader(text):
    for problem in problems(text):
        assert problem.message.endswith(".")


@settings(max_examples=300, deadline=None)
@given(target=some.text(alphabet="/.%25fFeEcC;\\#?a\u002f\uff0e", max_size=20).map("/".__add__))
def test_a_path_that_is_read_is_read_the_same_again(target):
    path = canonical(target).path
    if path is not None:
        assert "//" not in path
        assert not re.search(r"(^|/)\.\.?(/|$)", path)
        assert "%" in path or canonical(path).path == path


@settings(max_examples=300, deadline=None)
@given(value=some.text(max_size=50) | some.lists(some.text(max_size=10), max_size=5) | some.integers() | some.booleans())
def test_a_header_value_is_visible_ascii_and_says_which_claim_it_was(value):
    rules = policy(upstream={"X-User": "sub"})
    ((_, sent),) = headers(rules, {"sub": value})
    assert re.fullmatch(r"[!-~](?:[ -~]*[!-~])?|", sent)
    if isinstance(value, str):
        assert unquote(sent, errors="surrogatepass") == value


@settings(deadline=None)
@given(name=some.sampled_from(["X-User", "x-USER", "X_User"]), value=some.text(max_size=20))
def test_a_client_never_names_itself(name, value):
    rules = policy([{"prefix": "/", "access": "anyone"}], upstream={"X-User": "sub"})
    decision = decide(rules, Request("GET", "/", (Header(name, value),)), {}, NOW)
    assert not decision.allowed or (name in decision.removed and dict(decision.upstream) == {"X-User": ""})


def test_the_worst_request_is_answered_in_bounded_time():
    rule = {"any": [{"claim": "tenant", "one_of": [f"t{number}" for number in range(80)]}] * 95}
    rules = read_policy(json.dumps(document([{"prefix": f"/{number}"} for number in range(99)] + [{"prefix": "/", "claims": rule}])))
    request = read_request("GET /" + "%41" * 2700 + "".join(f"\nX-{number}: {'a' * 200}" for number in range(98)))
    text = token(tenant=["a"] * 500)
    asked = Request("GET", request.target, (*request.headers, Header("Authorization", f"Bearer {text}")))
    within(0.5, lambda: decide(rules, asked, {}, NOW))
