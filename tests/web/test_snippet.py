"""POST /snippet: the code for the token on the page, which follows it while it is open, and holds no key that was not asked for."""

import ast
import json
from itertools import product
from pathlib import Path

import pytest

from app import snippets, tokens
from app.tokens import keys
from app.web import examples
from app.web import snippets as code
from app.web.view import Form

HTMX = {"HX-Request": "true"}
SECRET = "canary-secret-of-at-least-32-bytes-length"
CLAIMS = '{"iss":"https://a.example","aud":["api","web"],"sub":"1","exp":2000000000}'


@pytest.fixture
def opened(client):
    """The page with its pane open, for a form."""

    def send(path="/snippet", headers=HTMX, **form):
        response = client.post(path, data={"snippet": "1", **form}, headers=headers)
        assert response.status_code == 200
        return response.dom

    return send


@pytest.fixture(scope="module")
def pairs():
    """A key pair for some algorithms."""
    return {name: keys.generate(tokens.ALGORITHMS[name]) for name in ("ES256", "EdDSA", "ML-DSA-44")}


def constants(code):
    """Every text that stands in Python code as such."""
    return {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_it_is_closed_at_first_and_nothing_of_it_is_sent(client, make_token):
    dom = client.get("/").dom
    assert dom.words("snippet") == "In your code show"
    assert not any("snippet" in field.get("name", "") for field in dom["snippet"].iter() if field.tag in ("input", "select"))
    for path in ("/decode", "/encode", "/verify"):
        assert "snippet" not in client.post(path, data={"token": make_token()}, headers=HTMX).dom.panes


def test_a_button_opens_and_closes_it_without_javascript(client):
    form = client.get("/").dom.form
    dom = client.post("/snippet", data={**form, "snippet": "1"}).dom
    assert 'algorithms=["HS256"]' in dom.typed("snippet-code")
    assert dom.form["snippet"] == "1"
    assert (dom.form["token"], dom.form["key"]) == (form["token"], form["key"])
    assert "snippet-code" in client.post("/verify", data=dom.form).dom
    again = client.post("/snippet", data={**dom.form, "unsnippet": "1"}).dom
    assert "snippet-code" not in again
    assert "snippet" not in again.form


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify"])
def test_it_follows_the_page_while_it_is_open(opened, make_token, path):
    token = make_token(CLAIMS, '{"alg":"HS512"}', SECRET * 2)
    form = {"token": token, "key": SECRET * 2, "header": '{"alg":"HS512"}', "payload": CLAIMS}
    dom = opened(path, **form)
    assert "snippet" in dom.panes
    assert 'algorithms=["HS512"]' in dom.typed("snippet-code")
    assert 'issuer="https://a.example"' in dom.typed("snippet-code")


def test_a_library_without_scripts_is_chosen_with_the_form(opened, make_token):
    page = opened(headers={}, token=make_token(), snippet_library="jose", snippet_action="sign")
    assert page.typed("snippet-library") == "jose"
    assert "SignJWT" in page.typed("snippet-code")
    assert page.words("snippet").count("npm install jose") == 1


def test_it_checks_what_the_token_says_unless_something_else_is_expected(opened, make_token):
    token = make_token(CLAIMS, '{"alg":"HS256","typ":"at+jwt"}', SECRET)
    found = constants(opened(token=token).typed("snippet-code"))
    assert {"https://a.example", "api", "at+jwt", "HS256"} <= found
    form = {"issuer": "https://b.example", "audience": "mine", "type": "dpop+jwt", "leeway": "30"}
    code = opened(token=token, **form).typed("snippet-code")
    assert {"https://b.example", "mine", "dpop+jwt"} <= constants(code)
    assert not {"https://a.example", "api", "at+jwt"} & constants(code)
    assert "leeway=30" in code


def test_it_asks_for_no_claim_that_the_token_does_not_have(opened, make_token):
    code = opened(token=make_token('{"sub":"1"}')).typed("snippet-code")
    assert '"require": []' in code
    assert "issuer" not in code
    assert "JWT" not in constants(opened(token=make_token('{"sub":"1"}', '{"alg":"HS256","typ":"JWT"}')).typed("snippet-code"))


@pytest.mark.parametrize(
    ("form", "loads"),
    [
        ("pem", 'Path("public.pem")'),
        ("jwk", 'Path("public.jwk")'),
        ("jwks", 'Path("jwks.json")'),
        ("private pem", 'Path("public.pem")'),
        ("nothing", 'Path("public.pem")'),
        ("another key", 'Path("public.pem")'),
    ],
)
def test_it_loads_the_key_in_the_form_it_has_in_the_box(opened, pairs, form, loads):
    key = pairs["ES256"]
    box = {
        "pem": keys.public_pem(key),
        "jwk": json.dumps(keys.public_jwk(key)),
        "jwks": json.dumps({"keys": [keys.public_jwk(key)]}),
        "private pem": keys.private_pem(key),
        "nothing": "",
        "another key": "a secret that is no EC key",
    }[form]
    token = tokens.encode('{"alg":"ES256"}', CLAIMS, keys.private_pem(key)).token
    assert loads in opened(token=token, key=box).typed("snippet-code")


@pytest.mark.parametrize(
    ("encoding", "key"),
    [("auto", SECRET), ("base64url", "Y2FuYXJ5LXNlY3JldC1vZi1hdC1sZWFzdC0zMi1ieXRlcw"), ("hex", "63" * 32)],
    ids=["text", "base64url", "hex"],
)
def test_a_secret_is_read_as_it_is_in_the_box_and_not_put_in(opened, make_token, encoding, key):
    dom = opened(token=make_token(), key=key, key_encoding=encoding, snippet_key="1")
    code = dom.typed("snippet-code")
    assert key not in code
    assert ("base64" in code) is (encoding != "auto")
    assert "with this key" not in dom.words("snippet")


def test_a_public_key_is_put_in_when_asked_and_a_private_one_never(opened, pairs):
    key = pairs["ES256"]
    token = tokens.encode('{"alg":"ES256"}', CLAIMS, keys.private_pem(key)).token
    public, private = keys.public_pem(key), keys.private_pem(key)
    assert public not in opened(token=token, key=public).typed("snippet-code")
    assert public in constants(opened(token=token, key=public, snippet_key="1").typed("snippet-code"))
    for action in ("verify", "sign"):
        dom = opened(token=token, key=private, snippet_key="1", snippet_action=action)
        assert "with this key" not in dom.words("snippet")
        assert "PRIVATE" not in dom.typed("snippet-code")
    assert "with this key" not in opened(token=token, key=public, snippet_action="sign").words("snippet")


def test_the_key_of_an_example_is_put_in_when_asked_and_only_the_half_that_is_needed(client, opened):
    form = client.get("/?example=RS256").dom.form
    assert "PUBLIC KEY" in opened(**form, snippet_key="1").typed("snippet-code")
    assert "PRIVATE" not in opened(**form, snippet_key="1").typed("snippet-code")
    assert "PRIVATE KEY" in opened(**form, snippet_key="1", snippet_action="sign").typed("snippet-code")
    assert "PRIVATE" not in opened(**form, snippet_action="sign").typed("snippet-code")


HOSTILE = [
    '"""',
    "'; import os; '",
    "\\",
    '"+x+"',
    "${x}",
    "#{x}",
    "</textarea><script>",
    "\n\n",
    "\u2028",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "%s",
    "\U0001f512",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_value_of_a_token_breaks_out_of_its_string_or_of_the_page(opened, make_token, text):
    token = make_token(json.dumps({"iss": text, "aud": text, text: text}), json.dumps({"alg": "HS256", "typ": text, "kid": text}))
    for action in ("verify", "sign"):
        dom = opened(token=token, snippet_action=action)
        assert text in constants(dom.typed("snippet-code"))
        assert not dom.tag("script")


def test_what_is_signed_is_the_payload_as_it_is_written_and_no_key_comes_along_in_the_header(opened, make_token):
    token = make_token('{"n":1.50,"big":123456789012345678901234567890}', '{"alg":"HS256","kid":"k","jku":"https://evil.example","x":1}')
    code = opened(token=token, snippet_action="sign").typed("snippet-code")
    assert "123456789012345678901234567890" in code
    assert '"kid": "k"' in code
    assert "evil" not in code


ENCRYPTED = [
    ("RSA-OAEP-256", "A256GCM", "rsa"),
    ("ECDH-ES", "A128GCM", "ec"),
    ("A256KW", "A256GCM", "oct"),
    ("dir", "A256GCM", "oct"),
]


@pytest.fixture(scope="module")
def encrypted():
    """A token for each way to encrypt, with the key that opens it as JWK."""
    made = {"rsa": keys.generate(tokens.ALGORITHMS["RS256"]), "ec": keys.generate(tokens.ALGORITHMS["ES256"])}
    whole = {name: keys.private_jwk(key) for name, key in made.items()}
    jwks = {name: json.dumps({part: jwk[part] for part in jwk if part not in ("alg", "use", "key_ops")}) for name, jwk in whole.items()}
    jwks["oct"] = json.dumps({"kty": "oct", "k": "A" * 43})
    return {
        alg: (tokens.encode(json.dumps({"alg": alg, "enc": enc}), CLAIMS, jwks[name]).token, jwks[name]) for alg, enc, name in ENCRYPTED
    }


@pytest.mark.parametrize("alg", [alg for alg, _, _ in ENCRYPTED])
def test_an_encrypted_token_is_decrypted_and_made_by_code_and_no_private_key_is_put_in(opened, encrypted, alg):
    token, jwk = encrypted[alg]
    for action in ("verify", "sign"):
        dom = opened(token=token, key=jwk, snippet_library="joserfc", snippet_action=action, snippet_key="1")
        assert alg in constants(dom.typed("snippet-code"))
        assert [option.text for option in dom["snippet-action"]] == ["decrypt", "encrypt"]
        private = json.loads(jwk).get("d") or json.loads(jwk)["k"]
        assert private not in dom.typed("snippet-code")
        assert "with this key" not in dom.words("snippet")
        assert "Ran with version" in dom.words("snippet")
    assert "There is no code for encrypted tokens with PyJWT." in opened(token=token, key=jwk).words("snippet")


def test_a_public_key_encrypts_in_code_when_asked(opened, encrypted):
    token, jwk = encrypted["ECDH-ES"]
    public = json.dumps({name: value for name, value in json.loads(jwk).items() if name != "d"})
    form = {"token": token, "key": public, "snippet_library": "joserfc", "snippet_key": "1"}
    assert "Write a payload." in opened(**form, snippet_action="sign").words("snippet")
    assert json.loads(public)["x"] in opened(**form, payload=CLAIMS, snippet_action="sign").typed("snippet-code")
    assert "with this key" not in opened(**form, snippet_action="verify").words("snippet")


def kinds():
    """A token of each other kind."""
    vectors = Path(__file__).parent.parent / "vectors"
    signed = json.loads((vectors / "ietf-jose-cookbook/jws/4_8.multiple_signatures.json").read_text())["output"]["json"]
    return {"JSON serialization": json.dumps(signed), "SD-JWT": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln~"}


@pytest.mark.parametrize(("name", "token"), kinds().items(), ids=list(kinds()))
def test_for_what_no_library_here_reads_there_is_a_sentence(opened, name, token):
    dom = opened(token=token)
    assert name in dom.words("snippet")
    assert "snippet-code" not in dom


@pytest.mark.parametrize("token", ["", "hello", "a.b.c", "e30.e30.", "eyJhbGciOjF9.e30.", "eyJhbGciOiJub25lIn0.e30."])
def test_for_what_is_no_signed_token_there_is_a_sentence_too(opened, token):
    dom = opened(token=token)
    assert "snippet-code" not in dom
    assert dom.words("snippet").count(".") >= 1


@pytest.mark.parametrize("name", [example.name for example in examples.MENU])
def test_every_example_has_code_or_a_reason_in_every_library(name):
    form = examples.form(name, 1_800_000_000)
    assert form is not None
    report = tokens.verify(form.token, form.key, at=1_800_000_000)
    for library, action in product(snippets.libraries(), ("verify", "sign")):
        panel = code.panel(report, form, {"snippet_library": library, "snippet_action": action, "snippet_key": "1"})
        assert (panel.library, panel.action) == (library, action)
        assert bool(panel.code.text) is not bool(panel.code.why_not)
        assert not panel.code.why_not or panel.code.why_not.endswith(".")


@pytest.mark.parametrize("sent", [{"snippet_library": "<b>"}, {"snippet_action": "<b>"}, {"leeway": "1e30"}, {"leeway": "-5"}], ids=str)
def test_what_it_does_not_know_leaves_the_usual_code(opened, make_token, sent):
    dom = opened(token=make_token(), **sent)
    assert "jwt.decode" in dom.typed("snippet-code")
    assert not dom.tag("b")


def test_a_long_leeway_is_a_whole_number_of_a_day_at_most(opened, make_token):
    assert "leeway=86400" in opened(token=make_token(), leeway="999999").typed("snippet-code")
    assert "leeway=1," in opened(token=make_token(), leeway="1.9").typed("snippet-code")


def test_an_example_shows_its_code_in_its_own_small_debugger(client, opened):
    dom = client.get("/examples/expired-session").dom
    assert "show" in dom.words("snippet")
    dom = opened(**dom.form)
    assert dom.panes == ["snippet"]
    assert 'algorithms=["ES256"]' in dom.typed("snippet-code")


def catalogue():
    """The tokens and keys of the failure catalogue."""
    cases = json.loads((Path(__file__).parent.parent / "vectors/failure-classes.json").read_text("utf-8"))["cases"]
    return [(case["token"], case["key"] or "") for case in cases if isinstance(case.get("token"), str)]


BROKEN = [
    ("eyJhbGciOiJSUzI1NiJ9.e30.AA", '{"kty":"RSA","n":"AQAB","e":"AQAB"}'),
    ("eyJhbGciOiJFUzI1NiJ9.e30.AA", '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}'),
    ("eyJhbGciOiJFZERTQSJ9.e30.AA", '{"kty":"OKP","crv":"Ed25519","x":"AA"}'),
    (tokens.encode('{"alg":"HS256"}', '{"iss":"\\ud800","n":1e400,"d":{"__proto__":[]}}', SECRET).token, SECRET),
]


def test_no_token_and_no_key_stops_it():
    for token, key in (*catalogue(), *BROKEN):
        report = tokens.verify(token, key, at=1_800_000_000)
        for library, action in product(snippets.libraries(), ("verify", "sign")):
            panel = code.panel(
                report, Form(token=token, key=key), {"snippet_library": library, "snippet_action": action, "snippet_key": "1"}
            )
            assert bool(panel.code.text) is not bool(panel.code.why_not)
