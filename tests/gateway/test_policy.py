"""Reading a policy: what is taken, and how each mistake is told."""

import json

import pytest

from app.gateway import Policy, Unfit, read_policy
from app.gateway.policy import Compare, Join, Source
from tests.gateway.gate import SECRET, document, policy, rs256
from tests.tokens.keyring import private, private_jwk, private_pem, public_pem


def problems(written) -> list[str]:
    """The messages for a policy, given as data or as text."""
    with pytest.raises(Unfit) as caught:
        read_policy(written if isinstance(written, str) else json.dumps(written))
    return [problem.message for problem in caught.value.problems]


def test_it_reads_a_whole_policy():
    rule = {"any": [{"claim": "tenant", "equals": 7}, {"not": {"claim": ["https://example.com/groups"], "contains": "guests"}}]}
    made = policy(
        [{"exact": "/health", "access": "anyone"}, {"prefix": "/orders", "methods": ["GET"], "scopes": {"any": ["a"]}, "claims": rule}],
        token=[{"header": "authorization"}, {"cookie": "session"}, {"query": "access_token"}, {"form": "access_token"}],
        upstream={"X-User": "sub", "X-Roles": "realm_access.roles"},
        realm="orders",
        describe=True,
        issuer={"type": "at+jwt", "leeway": 30, "max_life": 3600, "required": ["sub", "exp"]},
    )
    assert made.sources[0] == Source("header", "authorization", "Bearer")
    assert [source.place for source in made.sources] == ["header", "cookie", "query", "form"]
    assert made.issuers[0].max_life == 3600
    assert made.issuers[0].required == (("sub",), ("exp",))
    assert made.routes[1].claims == Join(
        "any",
        (
            Compare(("tenant",), "equals", 7),
            Join("not", (Compare(("https://example.com/groups",), "contains", "guests"),)),
        ),
    )
    assert made.upstream == (("X-User", ("sub",)), ("X-Roles", ("realm_access", "roles")))


def test_an_empty_policy_is_a_policy():
    assert read_policy("{}") == Policy((Source("header", "Authorization", "Bearer"),))


def test_what_is_left_out_is_strict():
    (issuer,) = policy(issuer={"audience": "a"}).issuers
    assert issuer.required == (("exp",),)
    assert issuer.leeway == 0


def test_it_names_the_keys_that_the_caller_passes():
    keys = [
        {"secret": "legacy", "algorithms": ["HS256"]},
        {"jwks_url": "https://login.example/jwks", "algorithms": ["RS256"]},
        {"issuer_url": "https://login.example", "algorithms": ["ES256"]},
        {"secret": "legacy", "algorithms": ["HS512"]},
    ]
    assert policy(issuer={"keys": keys}).references == ("legacy", "https://login.example/jwks", "https://login.example")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        pytest.param("", "JSON that breaks at line 1, column 1", id="nothing"),
        pytest.param("{\n  // no\n}", "JSON that breaks at line 2, column 3", id="comment"),
        pytest.param('{"realm":"a","realm":"b"}', "a member that is written twice", id="duplicate"),
        pytest.param("[]", "The policy: there is an empty array; an object with realm", id="array"),
        pytest.param("[" * 100_000, "JSON that breaks", id="deep"),
        pytest.param(" " * 100_001, "a text of 100,001 characters; at most 100,000 are read", id="long"),
        pytest.param({"rotues": []}, "rotues: there is a member that is not known; known are realm, describe, token", id="unknown member"),
        pytest.param({"realm": 'a"b'}, "realm: there is", id="realm with a quote"),
        pytest.param({"token": []}, "token: there is an array of 0; 1 to 100 entries are wanted", id="no place"),
        pytest.param({"token": {"body": "x"}}, "token: there is an object with none of them; exactly one of header, cookie", id="place"),
        pytest.param({"token": {"header": "X Y"}}, 'token.header: there is "X Y"; the name of a header', id="header name"),
        pytest.param(
            {"token": {"cookie": "a", "scheme": "b"}}, "token.scheme: there is a member that is not known", id="scheme of a cookie"
        ),
        pytest.param({"routes": [{"prefix": "/"}]}, "issuers: there is no issuer; a route that asks for a token needs one", id="no issuer"),
        pytest.param(document([{"methods": ["GET"]}]), "exactly one of exact, prefix is wanted", id="route without path"),
        pytest.param(document([{"prefix": "/", "methods": ["get"]}]), 'routes[0].methods[0]: there is "get"; one of GET', id="method"),
        pytest.param(document([{"prefix": "/", "methods": []}]), "routes[0].methods: there is an array of 0", id="no method"),
        pytest.param(document([{"prefix": "/a/../b"}]), "routes[0].prefix: there is", id="dots in a path"),
        pytest.param(document([{"exact": "/a%20b"}]), "as it is meant", id="encoded path"),
        pytest.param(document([{"exact": "/p\xe4th"}]), "visible ASCII letters is wanted: name a prefix before", id="letters beyond ASCII"),
        pytest.param(document([{"exact": "/a b"}]), "visible ASCII letters is wanted", id="blank in a path"),
        pytest.param(document([{"exact": "/a?b=c"}]), "as it is meant", id="path with query"),
        pytest.param(document([{"prefix": "/", "scopes": {}}]), "routes[0].scopes: there is neither all nor any", id="no scope"),
        pytest.param(document([{"prefix": "/", "scopes": {"all": ["a b"]}}]), 'there is "a b"; scopes', id="two scopes in one"),
        pytest.param(document([{"prefix": "/", "claims": {"all": []}}]), "routes[0].claims.all: there is an array of 0", id="empty all"),
        pytest.param(document([{"prefix": "/", "claims": {"claim": "a"}}]), "exactly one of equals, one_of", id="no comparison"),
        pytest.param(document([{"prefix": "/", "claims": {"claim": "a", "equals": None}}]), "there is null", id="equals null"),
        pytest.param(document([{"prefix": "/", "claims": {"claim": "a..b", "equals": 1}}]), "a path such as realm_access.roles", id="path"),
        pytest.param(document([{"prefix": "/", "claims": {"claim": "http://a.b", "equals": 1}}]), "or an array such as", id="URL as path"),
        pytest.param(document([{"prefix": "/", "access": "anyone", "scopes": {"all": ["a"]}}]), "has no claims", id="scope for anyone"),
        pytest.param(document(upstream={}), "an object of 1 to 30 headers is wanted", id="no upstream"),
        pytest.param(document(upstream={"Host": "sub"}), "upstream.Host: there is a header that has another meaning", id="upstream Host"),
        pytest.param(document(upstream={"X-A": "sub", "x-a": "sub"}), "stands here twice", id="upstream twice"),
        pytest.param(document(upstream={"X_A": "sub"}), "letters, digits and hyphens", id="upstream underscore"),
        pytest.param(document(upstream={"Authorization": "sub"}), "there is the header of the token", id="upstream Authorization"),
        pytest.param(document(forward_token=False, token={"cookie": "a"}), "only a token in a header can be kept back", id="kept cookie"),
        pytest.param(document(issuer={"leeway": "5"}), "leeway: there is a string; whole seconds from 0 to 3,600", id="leeway text"),
        pytest.param(document(issuer={"leeway": 3601}), "leeway: there is the number 3601", id="leeway too large"),
        pytest.param(document(issuer={"leeway": True}), "leeway: there is a boolean", id="leeway true"),
        pytest.param(document(issuer={"max_life": 0}), "max_life: there is the number 0", id="no life"),
        pytest.param(document(issuer={"keys": []}), "issuers[0].keys: there is an array of 0", id="no keys"),
        pytest.param(document(issuer={"keys": [{"secret": "a"}]}), "algorithms: there is nothing; it must be there", id="not pinned"),
    ],
)
def test_it_says_where_what_is_there_and_what_is_wanted(written, says):
    assert any(says in message for message in problems(written)), problems(written)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param({"secret": "a", "algorithms": ["RS256"]}, "a secret is for HS256, HS384 and HS512", id="secret for RS256"),
        pytest.param(rs256() | {"algorithms": ["RS256", "HS256"]}, "a public key cannot verify an HMAC", id="key for HS256"),
        pytest.param(rs256() | {"algorithms": ["none"]}, 'there is "none"', id="none"),
        pytest.param(rs256() | {"algorithms": ["RSA-OAEP"]}, "the name of a signing algorithm", id="encryption"),
        pytest.param({"pem": private_pem(private("RS256")), "algorithms": ["RS256"]}, "a private or secret key", id="private PEM"),
        pytest.param({"jwks": private_jwk(private("ES256")), "algorithms": ["ES256"]}, "a private or secret key", id="private JWK"),
        pytest.param({"jwks": {"kty": "oct", "k": "c2VjcmV0"}, "algorithms": ["ES256"]}, "a private or secret key", id="secret JWK"),
        pytest.param({"jwks": {"keys": []}, "algorithms": ["ES256"]}, "a key that cannot be used", id="empty set"),
        pytest.param({"pem": "-----BEGIN nothing", "algorithms": ["ES256"]}, "a key that cannot be used", id="broken PEM"),
        pytest.param({"jwks_url": "file:///etc/passwd", "algorithms": ["ES256"]}, "an address with https://", id="file"),
        pytest.param({"jwks_url": "https://me:pass@a.example/k", "algorithms": ["ES256"]}, "an address with a user name", id="password"),
    ],
)
def test_it_refuses_keys_that_would_let_others_sign(source, says):
    assert any(says in message for message in problems(document(issuer={"keys": [source]})))


def test_no_key_is_told_in_a_problem():
    pem = private_pem(private("ES256"))
    told = " ".join(problems(document(issuer={"keys": [{"pem": pem, "algorithms": ["ES256"]}]})))
    assert not any(line in told for line in pem.splitlines())
    assert SECRET not in " ".join(problems({"realm": {"a": SECRET}}))
    for url in (f"https://me:{SECRET}@a.example", f"https://{SECRET}@a.example/k?x=@"):
        assert SECRET not in " ".join(problems(document(issuer={"keys": [{"issuer_url": url, "algorithms": ["ES256"]}]})))


def test_all_problems_are_told_at_once():
    told = problems(
        {"a": 1, "realm": 1, "routes": [{"prefix": "x"}, {"exact": 1}], "issuers": [{"keys": [{"pem": public_pem(private("ES256"))}]}]}
    )
    assert len(told) == 5


def test_one_issuer_has_one_entry():
    entry = {"issuer": ["a", "b"], "keys": [rs256()]}
    assert problems({"issuers": [entry, entry | {"issuer": "b"}]}) == [
        'issuers[1].issuer: there is "b" a second time; each issuer is wanted in one entry, with all its keys.'
    ]
    without = {"keys": [rs256()]}
    assert "a second entry without issuer" in problems({"issuers": [without, without]})[0]


@pytest.mark.parametrize(
    ("made", "fits"),
    [
        pytest.param(document([{"prefix": "/"}] * 100), True, id="100 routes"),
        pytest.param(document([{"prefix": "/"}] * 101), False, id="101 routes"),
        pytest.param(document(issuer={"keys": [rs256()] * 10}), True, id="10 keys"),
        pytest.param(document(issuer={"keys": [rs256()] * 11}), False, id="11 keys"),
        pytest.param(document([{"prefix": "/", "claims": {"all": [{"claim": "a", "equals": 1}] * 99}}] * 2), True, id="200 rules"),
        pytest.param(document([{"prefix": "/", "claims": {"all": [{"claim": "a", "equals": 1}] * 100}}] * 2), False, id="202 rules"),
        pytest.param(document(realm="a" * 100), True, id="realm of 100"),
        pytest.param(document(realm="a" * 101), False, id="realm of 101"),
    ],
)
def test_everything_has_a_limit(made, fits):
    if fits:
        read_policy(json.dumps(made))
    else:
        assert problems(made)


@pytest.mark.parametrize(("depth", "fits"), [pytest.param(8, True, id="8"), pytest.param(9, False, id="9")])
def test_rules_are_nested_only_so_deep(depth, fits):
    rule = {"claim": "a", "equals": 1}
    for _ in range(depth - 1):
        rule = {"not": rule}
    made = document([{"prefix": "/", "claims": rule}])
    if fits:
        read_policy(json.dumps(made))
    else:
        assert any("a rule inside 8 others" in message for message in problems(made))


def test_a_large_number_is_compared_exactly():
    (route,) = read_policy(json.dumps(document([{"prefix": "/", "claims": {"claim": "a", "equals": 2**60 + 1}}]))).routes
    assert route.claims == Compare(("a",), "equals", 2**60 + 1)
