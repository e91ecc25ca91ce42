"""The disclosures of an SD-JWT on the page: seen, chosen, bound to the holder, kept when the issuer's part is edited."""

import json
import re
import time

import pytest

from app.tokens import verify
from app.tokens.sd_jwt.making import issue, present
from app.web import disclosing
from tests.tokens.keyring import private, private_jwk, private_key, public_jwk

HTMX = {"HX-Request": "true"}
SECRET = "a-string-secret-at-least-256-bits-long"
CLAIMS = {
    "iss": "https://issuer.example",
    "exp": 4_000_000_000,
    "name": "Zoë",
    "address": {"city": "Köln", "zip": "1"},
    "langs": ["de", "en"],
    "home": {"floor": 3},
}
PATHS = [("name",), ("address",), ("address", "city"), ("langs", 1), ("home", "floor")]
HOLDER = public_jwk(private("ES256"))
HOLDER_KEY = json.dumps(private_jwk(private("ES256")))


def issued(claims=CLAIMS, paths=PATHS, **more):
    written = json.dumps(claims, separators=(",", ":"))
    return issue({"alg": "HS256", "typ": "dc+sd-jwt"}, written, paths, SECRET, holder=json.dumps(HOLDER), **more).token


TOKEN = issued(decoys=2)


def disclosed(token):
    shown = verify(token, SECRET, at=int(time.time())).token.disclosed
    assert shown is not None
    return shown


def ids(token, *paths):
    """What the tick boxes of the disclosures at *paths* send."""
    return [disclosing.value_id(one) for path in paths for one in disclosed(token).disclosures if one.path == path]


def presented(token):
    return {one.path for one in disclosed(token).disclosures}


@pytest.fixture
def read(client):
    """The page as one reads it that pastes *token*, and sends on what the form then holds with *more*."""

    def read(token, path="/decode", headers=None, **more):
        return client.post(path, data={"token": token, "key": SECRET, **more}, headers=headers).dom

    return read


@pytest.fixture
def choose(client, read):
    """Tick the disclosures at *paths*, and no others, on the page of *token*, without a script."""

    def chosen(dom, *paths, **more):
        form = {name: value for name, value in dom.form.items() if name != "keep"}
        known = disclosed(
            form["token"].partition("~")[0] + "~" + (form["aside"] or form["token"].partition("~")[2]).replace("~~", "~").strip("~") + "~"
        )
        keep = [disclosing.value_id(one) for one in known.disclosures if one.path in paths]
        return client.post("/present", data={**form, "keep": keep, **more}).dom

    return chosen


def boxes(dom):
    """Each disclosure on the page: its name, and whether it is ticked."""
    rows = dom["disclosures"].iter("label")
    return {"".join(row.itertext()): row.find("input").get("checked") is not None for row in rows if row.find("input") is not None}


# Seen -----------------------------------------------------------------------------------------------------------


def test_each_disclosure_is_a_row_with_its_place_and_its_value(read):
    dom = read(TOKEN)
    assert boxes(dom) == {"name": True, "address": True, "city": True, "langs[1]": True, "home.floor": True}
    words = dom.words("disclosures")
    for word in ('"Zoë"', '"Köln"', '"en"', "5 of 5 presented", "2 more digests: claims kept back, or decoys."):
        assert word in words
    deeper = [row for row in dom["disclosures"].iter("tr") if row.get("data-depth")]
    assert ["".join(row.find("th").itertext()) for row in deeper] == ["city"]


def test_what_the_pane_says_is_not_said_again_among_the_findings(read):
    assert "Disclosure 1" not in read(TOKEN).words("findings")
    assert "SD-JWT: an issuer-signed JWT with 5 disclosures" in read(TOKEN).words("findings")


def test_the_claims_are_shown_as_the_verifier_sees_them(read):
    shown = json.loads(read(TOKEN).typed("seen-text"))
    assert shown == CLAIMS | {"cnf": {"jwk": HOLDER}}
    assert json.loads(read(present(TOKEN, [])).typed("seen-text")).get("name") is None


@pytest.mark.parametrize(("name", "word"), [("seen", "issuer.example"), ("digests", "missing")])
def test_what_is_folded_away_is_not_sent(read, name, word):
    token = TOKEN.partition("~")[0] + "~WzEsIm5hbWUiLDJd~"
    assert word in read(token, headers=HTMX).words("disclosures")
    assert word not in read(token, headers=HTMX, folded=name).words("disclosures")


def test_other_tokens_have_no_such_pane(read, make_token):
    for token in ("", "x", make_token()):
        assert list(read(token, key="")["disclosures"]) == []


def test_a_disclosure_that_must_be_refused_says_why(read):
    dom = read(f"{TOKEN}WyJzIiwibiIsMV0~!~{TOKEN.split('~')[1]}~")
    words = dom.words("disclosures")
    for word in ("its digest is not in any _sd array", "it is not base64url", "it stands a second time"):
        assert f"Refused: {word}." in words
        assert word in dom.words("findings")
    assert "Signature matches, yet refused" in dom.words("verdict")


def test_what_a_claim_hides_is_spelt_out_and_escaped(read):
    dom = read(issued({"a": "<b>\u202ex", "b": "\\u0041\n"}, [("a",), ("b",)]))
    assert r"<b>\u202ex" in dom.words("disclosures")
    assert r'"\\u0041\n"' in dom.words("disclosures")


def test_an_unknown_hash_leaves_nothing_to_choose(read, make_token):
    dom = read(make_token({"_sd": ["x"], "_sd_alg": "md5"}) + "~WyJzIiwibiIsMV0~")
    assert boxes(dom) == {}
    assert "nothing can be chosen" in dom.words("disclosures")


def test_many_disclosures_are_bounded_and_the_others_stay(read, choose):
    token = issued({f"c{n:03}": n for n in range(200)}, [(f"c{n:03}",) for n in range(200)])
    dom = read(token)
    assert len(boxes(dom)) == disclosing.MOST_ROWS
    assert "80 of 200 disclosures are listed; the others stay as they are." in dom.words("disclosures")
    assert len(presented(choose(dom).typed("token-text"))) == 120


def test_one_within_another_far_behind_is_not_lost(read, choose):
    """The inner one stands first, and its outer one where no tick box is made any more, but for being listed before it."""
    token = issued({"z": {"a": 1}, **{f"c{n:03}": n for n in range(100)}}, [("z",), ("z", "a"), *((f"c{n:03}",) for n in range(100))])
    signed, *texts = token.split("~")[:-1]
    turned = "~".join([signed, texts[0], *texts[2:], texts[1], ""])
    assert disclosed(turned).disclosures[0].path == ("z", "a")
    kept = presented(choose(read(turned), ("c000",)).typed("token-text"))
    assert {("z",), ("z", "a"), ("c000",)} <= kept
    assert ("c001",) not in kept


# Chosen ---------------------------------------------------------------------------------------------------------


def test_what_is_ticked_is_presented_and_verified(read, choose):
    dom = choose(read(TOKEN), ("name",))
    assert presented(dom.typed("token-text")) == {("name",)}
    assert "Signature verified" in dom.words("verdict")
    assert boxes(dom) == {"name": True, "address": False, "city": False, "langs[1]": False, "home.floor": False}
    assert "1 of 5 presented" in dom.words("disclosures")


def test_what_was_taken_out_can_be_put_back(read, choose):
    dom = choose(choose(read(TOKEN)), *PATHS)
    assert dom.typed("token-text") == TOKEN


def test_an_outer_one_takes_what_lies_in_it_along_and_comes_with_it(read, choose):
    without = choose(read(TOKEN), ("name",), ("address", "city"))
    assert presented(without.typed("token-text")) == {("name",)}
    within = choose(without, ("name",), ("address", "city"))
    assert presented(within.typed("token-text")) == {("name",), ("address",), ("address", "city")}


def test_another_token_forgets_what_was_taken_out(client, read, choose):
    form = choose(read(TOKEN), ("name",)).form
    other = client.post("/decode", data={**form, "token": issued({"x": 1}, [("x",)])}).dom
    assert boxes(other) == {"x": True}
    assert other["aside"].get("value") == ""


def test_what_is_aside_must_be_the_issuers(read):
    dom = read(TOKEN.partition("~")[0] + "~", aside="!~WyJzIiwibiIsMV0~" + TOKEN.split("~")[1] + "~" * 300)
    assert len(boxes(dom)) == 1


def test_a_script_gets_the_token_alone_and_asks_for_the_rest(read):
    dom = read(TOKEN, "/present", HTMX, keep=ids(TOKEN, ("name",)))
    assert dom.panes == ["notice", "disclosures", "token"]
    assert presented(dom.typed("token-text")) == {("name",)}


def test_nothing_but_a_compact_sd_jwt_can_be_chosen_from(read, make_token):
    for token in ("", make_token(), "a.b~c~"):
        dom = read(token, "/present", keep="x")
        assert "Nothing can be chosen" in dom.words("notice")
        assert dom.typed("token-text") == token


# Bound ----------------------------------------------------------------------------------------------------------

BIND = {"bind": "1", "bind_key": HOLDER_KEY, "bind_audience": "https://verifier.example", "bind_nonce": "n-1"}


def test_a_presentation_is_bound_to_its_holder(read, choose):
    dom = choose(read(TOKEN), ("name",), **BIND)
    assert verify(dom.typed("token-text"), SECRET, at=int(time.time())).accepted
    words = dom.words("disclosures")
    for word in ("Holder verified", "https://verifier.example", "n-1", "Hash of the presentation", "leaves out the key binding JWT"):
        assert word in words
    unbound = choose(dom, ("name",))
    assert unbound.typed("token-text").endswith("~")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"bind_key": private_key("ES256", 1)}, "is not the key that the issuer put into cnf"),
        ({"bind_key": json.dumps(HOLDER)}, "cannot bind a holder"),
        ({"bind_key": ""}, "Give the private key of the holder."),
        ({"bind_key": "-----BEGIN PRIVATE KEY-----"}, "Not bound."),
        ({"bind_nonce": " "}, "give audience and nonce"),
        ({"bind_audience": ""}, "give audience and nonce"),
    ],
    ids=["another key", "a public key", "no key", "a damaged key", "no nonce", "no audience"],
)
def test_what_cannot_bind_says_so_and_leaves_the_token(read, choose, change, word):
    dom = choose(read(TOKEN), ("name",), **BIND | change)
    assert word in dom.words("notice")
    assert dom.typed("token-text") == TOKEN
    assert dom.typed("bind-key") == (BIND | change)["bind_key"]


def test_a_key_binding_jwt_for_another_presentation_is_refused(read):
    bound = present(TOKEN, [0], key=HOLDER_KEY, audience="a", nonce="n", at=int(time.time()))
    dom = read(present(TOKEN, []) + bound.rpartition("~")[2])
    assert "Key binding refused" in dom.words("disclosures")
    assert "made for another presentation" in dom.words("disclosures")


def test_the_key_of_the_holder_goes_nowhere_else(client, choose, read):
    dom = choose(read(TOKEN), ("name",), **BIND)
    secret = json.loads(HOLDER_KEY)["d"]
    form = dom.form
    assert secret not in client.post("/report", data={**form, "as": "json"}).text
    assert secret not in client.post("/report", data=form).text
    shared = client.post("/share", data={**form, "share": "1"}, headers=HTMX).dom
    assert secret not in shared.typed("share-link")
    assert client.get("/", query_string={"bind_key": "x"}).status_code == 400


def test_what_was_filled_in_comes_back_with_the_token(client, choose, read, make_token):
    form = {**choose(read(TOKEN), ("name",)).form, "bind_key": HOLDER_KEY, "bind_nonce": "n-1"}
    other = client.post("/decode", data={**form, "token": make_token()}).dom
    assert "bind-key" in other
    back = client.post("/decode", data={**other.form, "token": form["token"]}).dom
    assert (back.typed("bind-key"), back.typed("bind-nonce")) == (HOLDER_KEY, "n-1")
    assert boxes(back)["address"] is False
    assert "bind-key" not in client.post("/decode", data={**other.form, "clear": "1"}).dom


# Edited ---------------------------------------------------------------------------------------------------------


def test_an_edited_payload_is_signed_anew_and_the_disclosures_stay(client, read):
    form = read(TOKEN).form
    dom = client.post("/encode", data={**form, "payload": form["payload"].replace("issuer.example", "other.example")}).dom
    report = verify(dom.typed("token-text"), SECRET, at=int(time.time()))
    assert (report.signature.status, report.payload["iss"]) == ("verified", "https://other.example")
    assert dom.typed("token-text").partition("~")[2] == TOKEN.partition("~")[2]
    assert boxes(dom) == boxes(read(TOKEN))


def test_an_edit_keeps_what_was_taken_out_and_the_key_binding_jwt(client, read, choose):
    form = choose(read(TOKEN), ("name",), **BIND).form
    dom = client.post("/encode", data={**form, "header": form["header"].replace("dc+sd-jwt", "example+sd-jwt")}).dom
    assert boxes(dom) == {"name": True, "address": False, "city": False, "langs[1]": False, "home.floor": False}
    assert dom.typed("token-text").rpartition("~")[2] == form["token"].rpartition("~")[2]
    assert "Key binding refused" in dom.words("disclosures")
    assert verify(dom.typed("token-text"), SECRET, at=1).signature.status == "verified"


def test_without_a_key_the_old_signature_and_the_disclosures_stay(client, read):
    form = read(TOKEN).form
    payload = form["payload"].replace("issuer.example", "other.example")
    dom = client.post("/encode", data={**form, "payload": payload, "key": ""}).dom
    token = dom.typed("token-text")
    assert re.split(r"[.~]", token)[2:] == re.split(r"[.~]", TOKEN)[2:]
    assert "the old signature stays" in dom.words("notice")
    assert boxes(dom) == boxes(read(TOKEN))


def test_signing_without_an_edit_changes_nothing(client, read):
    assert client.post("/encode", data=read(TOKEN).form).dom.typed("token-text") == TOKEN


def test_a_header_that_is_no_json_leaves_the_token(client, read):
    form = read(f"Bearer {TOKEN}").form
    assert client.post("/encode", data={**form, "header": "{"}).dom.typed("token-text") == f"Bearer {TOKEN}"


# Issued ---------------------------------------------------------------------------------------------------------


def hideable(dom):
    """What could be kept back, and whether it is ticked."""
    return {"".join(row.itertext()): row.find("input") for row in dom["issue"].iter("label") if row.find("input") is not None}


def test_an_ordinary_token_becomes_an_sd_jwt(client, read, make_token):
    form = read(make_token(CLAIMS)).form
    rows = hideable(client.post("/verify", data=form).dom)
    assert set(rows) == {"name", "address", "address.city", "address.zip", "langs", "langs[0]", "langs[1]", "home", "home.floor"}
    ticked = [rows[name].get("value") for name in ("name", "address", "address.city", "langs[1]")]
    dom = client.post("/issue", data={**form, "hide": ticked, "issue_holder": json.dumps(HOLDER)}).dom
    report = verify(dom.typed("token-text"), SECRET, at=int(time.time()))
    assert report.accepted
    assert report.token.claims == CLAIMS | {"cnf": {"jwk": HOLDER}}
    assert boxes(dom) == {"name": True, "address": True, "city": True, "langs[1]": True}
    assert "_sd_alg" in dom.typed("payload-text")


def test_the_panes_are_what_is_made_an_sd_jwt_of(client, read, make_token):
    form = read(make_token(CLAIMS)).form
    name = hideable(client.post("/verify", data=form).dom)["name"].get("value")
    dom = client.post(
        "/issue", data={**form, "hide": name, "payload": form["payload"].replace("issuer.example", "new.example")}, headers=HTMX
    ).dom
    assert dom.panes == ["notice", "disclosures", "token"]
    assert verify(dom.typed("token-text"), SECRET, at=1).payload["iss"] == "https://new.example"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"hide": []}, "tick what its holder may keep back"),
        ({"hide": ["nothing"]}, "tick what its holder may keep back"),
        ({"key": ""}, "There is no key to sign with."),
        ({"header": "{"}, "The header is not JSON"),
        ({"issue_holder": "a secret"}, "The key of the holder is not one public key."),
    ],
    ids=["nothing ticked", "a box nobody made", "no key", "a damaged header", "a secret as holder"],
)
def test_what_cannot_be_issued_says_so_and_leaves_the_form(client, read, make_token, change, word):
    form = read(make_token(CLAIMS)).form
    sent = {**form, "hide": hideable(client.post("/verify", data=form).dom)["name"].get("value"), **change}
    dom = client.post("/issue", data=sent).dom
    assert word in dom.words("notice")
    for field, element in (("token", "token-text"), ("payload", "payload-text"), ("header", "header-text")):
        assert dom.typed(element).replace("\n", "\r\n") == sent[field]


def test_ticks_are_kept_and_claims_are_listed_when_asked_for(client, read, make_token):
    form = read(make_token(CLAIMS)).form
    name = hideable(client.post("/verify", data=form).dom)["name"].get("value")
    rows = hideable(client.post("/encode", data={**form, "hide": name}).dom)
    assert [label for label, row in rows.items() if row.get("checked") is not None] == ["name"]
    assert not hideable(client.post("/encode", data={**form, "folded": "issue"}).dom)
    assert not hideable(client.get("/").dom)


def test_at_most_eighty_claims_are_offered(client, read, make_token):
    form = read(make_token({f"c{n}": [n] for n in range(100)})).form
    assert len(hideable(client.post("/verify", data=form).dom)) == disclosing.MOST_ROWS


@pytest.mark.parametrize("payload", ["[]", "text", "{}"])
def test_only_claims_can_be_kept_back(read, make_token, payload):
    assert ("issue" in read(make_token(payload))) == (payload == "{}")


# Stories --------------------------------------------------------------------------------------------------------


def test_the_story_of_an_sd_jwt_has_the_pane_and_its_answers_too(client):
    dom = client.get("/examples/sd-jwt").dom
    assert "2 of 5 presented" in dom.words("disclosures")
    keep = [one.get("value") for one in dom["disclosures"].iter("input") if one.get("name") == "keep"]
    answer = client.post("/present", data={**dom.form, "keep": keep}, headers=HTMX).dom
    assert answer.panes == ["notice", "disclosures", "token"]
    assert "5 of 5 presented" in answer.words("disclosures")
