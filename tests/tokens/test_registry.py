"""The registry: every registered name has one sentence, and a provider's own meaning goes before it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from app.tokens import registry
from app.tokens.registry import CLAIMS, HEADER, Meaning, Provider, known, provider, providers
from tests.cost import within

# IANA, "JSON Web Token Claims", as of 20 July 2026, in the order of the registry's groups.
CLAIM_NAMES = """
iss sub aud exp nbf iat jti
name given_name family_name middle_name nickname preferred_username profile picture website email email_verified gender birthdate
zoneinfo locale phone_number phone_number_verified address updated_at azp nonce auth_time at_hash c_hash acr amr sub_jwk
_claim_names _claim_sources sid cnf sip_from_tag sip_date sip_callid sip_cseq_num sip_via_branch orig dest mky events toe txn rph
vot vtm attest origid act scope client_id may_act jcard at_use_nbr div opt vc vp sph ace_profile cnonce exi roles groups
entitlements token_introspection eat_nonce ueid sueids oemid hwmodel hwversion oemboot dbgstat location eat_profile submods
uptime bootcount bootseed dloas swname swversion manifests measurements measres intuse cdniv cdnicrit cdniip cdniuc cdniets
cdnistt cdnistd sig_val_claims authorization_details verified_claims place_of_birth nationalities birth_family_name
birth_given_name birth_middle_name salutation title msisdn also_known_as htm htu ath atc sub_id rcd rcdi crn msgi
rdap_allowed_purposes rdap_dnt_allowed geohash _sd ... _sd_alg sd_hash consumerPlmnId consumerSnpnId producerPlmnId
producerSnpnId producerSnssaiList producerNsiList producerNfSetId producerNfServiceSetId sourceNfInstanceId analyticsIdList
resOwnerId cmw jwks metadata constraints crit ref delegation logo_uri authority_hints trust_anchor_hints trust_marks
trust_mark_issuers trust_mark_owners metadata_policy metadata_policy_crit source_endpoint keys trust_mark_type trust_chain
trust_anchor status status_list ttl stpl
"""
# IANA, "JSON Web Signature and Encryption Header Parameters", as of 22 May 2026; a name of JWS and JWE stands once.
PARAMETER_NAMES = """
alg jku jwk kid x5u x5c x5t x5t#S256 typ cty crit enc zip epk apu apv iv tag p2s p2c iss sub aud b64 ppt url nonce svt iheSSId
jwt client_id trust_chain peer_trust_chain
"""
REGISTERED, PARAMETERS = CLAIM_NAMES.split(), PARAMETER_NAMES.split()


def own(one: Provider) -> list[Meaning]:
    """The names that a provider uses in its own way."""
    return [row for row in (*one.names.values(), *one.names._tables[1]) if row.by == one.name]


OWN = [(one.name, row) for one in providers() for row in own(one)]
ALL = [*(("claim", row) for row in CLAIMS.values()), *(("parameter", row) for row in HEADER.values()), *OWN]


def test_every_registered_name_stands_once():
    assert len(REGISTERED) == len(set(REGISTERED)) == 163
    assert sorted(CLAIMS) == sorted(REGISTERED)
    assert sorted(HEADER) == sorted(PARAMETERS)
    for table in ("claims.toml", "header.toml"):
        names = Counter(name for rows in registry._read(table)["registered"].values() for name in rows)
        assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{by} {row.name}") for by, row in ALL])
def test_every_row_is_one_short_sentence_with_its_source(row: Meaning):
    assert 4 < len(row.text) <= 120
    assert row.text[0].isupper() or row.text[0].isdigit()
    assert not re.search(r"[.!]$|[.!] [A-Z]|\n", row.text), "one sentence, without a full stop"
    assert row.spec
    assert row.url.startswith("https://") or (not row.url and re.match(r"RFC \d{4}|3GPP TS|ETSI GS|CTA-", row.spec))


def test_no_sentence_is_said_of_two_registered_names():
    same = Counter(row.text for row in CLAIMS.values())
    assert [text for text, count in same.items() if count > 1] == []


def test_dates_are_shown_as_times():
    assert {name for name, row in CLAIMS.items() if row.show == "time"} == {"exp", "nbf", "iat", "auth_time", "updated_at", "toe"}
    assert known({"iss": "https://sts.windows.net/x/"})["exp"].show == "time"


MADE_BY = [
    ("Microsoft Entra ID", "https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
    ("Microsoft Entra ID", "https://sts.windows.net/9122040d-6c67-4c5b-b112-36a304b66dad/"),
    ("Microsoft Entra ID", "https://contoso.b2clogin.com/9122040d/v2.0/"),
    ("Google", "https://accounts.google.com"),
    ("Google", "accounts.google.com"),
    ("AWS Cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf"),
    ("Keycloak", "https://sso.example.com/realms/shop"),
    ("Keycloak", "http://localhost:8080/auth/realms/master"),
    ("Auth0", "https://dev-abc.eu.auth0.com/"),
    ("Auth0", "https://tenant.auth0.com/"),
    ("Okta", "https://dev-123.okta.com/oauth2/default"),
    ("Okta", "https://dev-123.oktapreview.com"),
    ("Firebase", "https://securetoken.google.com/my-project"),
    ("Kubernetes", "https://kubernetes.default.svc.cluster.local"),
    ("Kubernetes", "kubernetes/serviceaccount"),
    ("Kubernetes", "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"),
    ("GitHub Actions", "https://token.actions.githubusercontent.com"),
    ("GitLab CI", "https://gitlab.com"),
    ("Apple", "https://appleid.apple.com"),
]


@pytest.mark.parametrize(("name", "issuer"), MADE_BY, ids=[issuer for _, issuer in MADE_BY])
def test_a_provider_is_known_by_its_issuer(name: str, issuer: str):
    maker = provider({"iss": issuer})
    assert maker is not None
    assert maker.name == name


def test_every_provider_is_tested_and_has_names_of_its_own():
    assert {name for name, _ in MADE_BY} == {one.name for one in providers()}
    for one in providers():
        assert len(own(one)) >= 3
        assert one.marks <= set(one.names)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://issuer.example",
        "https://accounts.google.com.evil.example",
        "https://evil.example/https://accounts.google.com",
        "https://evil.example/?https://dev.okta.com/",
        "https://notokta.com/",
        "https://gitlab.com.evil.example",
        "https://tokenXactions.githubusercontent.com",
        "",
        None,
        5,
        [],
        "x" * 200_000,
        "https://" + "a/" * 100_000,
    ],
    ids=lambda issuer: repr(issuer)[:50],
)
def test_another_issuer_is_nobody_of_them(issuer: Any):
    assert provider({"iss": issuer}) is None
    assert known({"iss": issuer}) is CLAIMS


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"iss": "https://login.shop.example", "realm_access": {}}, "Keycloak"),
        ({"iss": "https://login.shop.example/", "gty": "client-credentials"}, "Auth0"),
        ({"cognito:groups": []}, "AWS Cognito"),
        ({"iss": "https://ghe.example", "job_workflow_ref": "a"}, "GitHub Actions"),
        ({"iss": "https://gitlab.shop.example", "namespace_path": "a"}, "GitLab CI"),
        ({"kubernetes.io": {}}, "Kubernetes"),
        ({"iss": "https://accounts.google.com", "gty": "x"}, "Google"),
    ],
    ids=str,
)
def test_a_provider_behind_another_name_is_known_by_its_marks(claims: dict[str, Any], name: str):
    maker = provider(claims)
    assert maker is not None
    assert maker.name == name


@pytest.mark.parametrize("payload", [None, [], "text", 5, {}], ids=repr)
def test_what_is_no_payload_of_a_provider_has_the_registered_names(payload: Any):
    assert known(payload)["iss"].text == "Issuer: who made the token"


def test_the_same_name_means_what_its_maker_means():
    roles = {maker: known({"iss": issuer}).get("roles") for maker, issuer in MADE_BY}
    assert roles["Microsoft Entra ID"] is not None
    assert (roles["Microsoft Entra ID"].by, CLAIMS["roles"].by) == ("Microsoft Entra ID", "")
    assert roles["Okta"] == CLAIMS["roles"]
    versions = {maker: known({"iss": issuer}).get("ver") for maker, issuer in MADE_BY}
    assert {maker for maker, row in versions.items() if row} == {"Microsoft Entra ID", "Okta"}
    assert "ver" not in CLAIMS
    assert known({"iss": "https://gitlab.com"})["ref"].by == "GitLab CI"
    assert CLAIMS["ref"].spec == "OpenID Federation §13.5"


def test_a_beginning_stands_for_many_names():
    cognito = known({"cognito:groups": []})
    assert cognito["custom:plan"].text == "Attribute that the owner of the user pool added"
    assert cognito["cognito:groups"].text == "Groups of the user in the pool"
    assert cognito["cognito:other"].text == "Set by Cognito about the user"
    assert CLAIMS["https://hasura.io/jwt/claims"].spec == "RFC 7519 §4.2"
    assert known({"gty": "x"})["https://shop.example/roles"].by == "Auth0"
    assert CLAIMS.get("httpsX") is None
    assert CLAIMS.get("") is None


def test_documents_have_addresses():
    assert registry.document_url("OpenID Connect Core §5.1") == "https://openid.net/specs/openid-connect-core-1_0.html"
    assert registry.document_url("OpenID Connect Corey") == ""
    assert registry.document_url("RFC 7519 §4.1.1") == ""
    assert CLAIMS["place_of_birth"].url == "https://openid.net/specs/openid-connect-4-ida-claims-1_0.html"


def test_it_is_read_when_somebody_asks_and_soon():
    code = "import app.tokens; from app.tokens import registry; print(registry._read.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
    within(0.1, lambda: registry._read.__wrapped__("claims.toml"))
