"""What an audit can have against a token, one row each. A code that the core has for the same thing is the core's."""

from __future__ import annotations

from dataclasses import dataclass

from app.tokens.findings import Level


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be against a token: how grave it is, what it is, what it means and what to do."""

    code: str
    level: Level
    title: str
    meaning: str
    fix: str
    spec: str | None = None


_ROWS = (
    Rule(
        "alg_none",
        "error",
        'alg "none"',
        "The token is unsecured: anyone can write it.",
        "Refuse such tokens, and find out who wrote them and who takes them.",
        "RFC 7518 §3.6",
    ),
    Rule(
        "alg_not_allowed",
        "error",
        "Algorithm not allowed",
        "The algorithm of the token is not among those that --alg allows.",
        "Have the issuer use an allowed one, or refuse the token.",
        "RFC 8725 §3.1",
    ),
    Rule(
        "alg_unknown",
        "error",
        "Unknown algorithm",
        "The header names an algorithm that is not registered, or none at all: every verifier refuses the token.",
        "Have the issuer write a registered name.",
        "RFC 7515 §4.1.1",
    ),
    Rule(
        "jwe_rsa1_5",
        "error",
        "Weak algorithm",
        "The token is encrypted with RSA1_5, whose padding has been attacked again and again.",
        "Have the sender use RSA-OAEP-256 or ECDH-ES.",
        "RFC 8725 §3.2",
    ),
    Rule(
        "weak_secret",
        "error",
        "Secret that everybody knows",
        "The token is signed with a secret that is on every list that attackers try: anyone can sign.",
        "Replace the secret at once by a random one of 32 bytes.",
        "RFC 8725 §3.5",
    ),
    Rule(
        "signature_invalid",
        "error",
        "Signature does not match",
        "A key that is given fits the algorithm, and the signature does not match: the token was altered, or another key signed it.",
        "Find out whether somebody tries tokens of their own, or whether a key is missing.",
        "RFC 7515 §5.2",
    ),
    Rule(
        "signature_refused",
        "error",
        "Signature matches, and is refused",
        "The signature matches a key that is given, but a rule about key, header or form refuses it.",
        "Give one of these tokens to jwtlens verify with the same key: it names the rule.",
        "RFC 7515 §5.2",
    ),
    Rule(
        "header_refused",
        "error",
        "Header refused",
        "The header breaks a rule of RFC 7515, so that every strict verifier refuses the token.",
        "Give one of these tokens to jwtlens decode: it names the rule.",
        "RFC 7515 §4",
    ),
    Rule(
        "claims_refused",
        "error",
        "Claims refused",
        "A registered claim is of the wrong type, or the payload breaks the rules of JSON: a strict receiver refuses the token.",
        "Give one of these tokens to jwtlens decode: it names the claim.",
        "RFC 7519 §4.1",
    ),
    Rule(
        "wrong_issuer",
        "error",
        "Wrong issuer",
        "iss is not what --issuer expects.",
        "Find out who issues these tokens, and whether anybody takes them.",
        "RFC 7519 §4.1.1",
    ),
    Rule(
        "wrong_audience",
        "error",
        "Wrong audience",
        "The audience that --audience expects is not among aud: the token is meant for somebody else.",
        "Find out why it is here: a service that takes it takes the tokens of others.",
        "RFC 7519 §4.1.3",
    ),
    Rule(
        "wrong_type",
        "error",
        "Wrong type",
        "typ is not what --type expects.",
        "Have the issuer write it, so that tokens of one kind are not taken for another.",
        "RFC 8725 §3.11",
    ),
    Rule(
        "profile_broken",
        "error",
        "Profile broken",
        "The token breaks a rule of the profile that --profile names.",
        "Give one of these tokens to jwtlens verify with the same profile: it names the rules.",
    ),
    Rule(
        "claim_no_exp",
        "warning",
        "No expiry",
        "The token has no exp: whoever finds it can use it for ever.",
        "Have the issuer set exp.",
        "RFC 7519 §4.1.4",
    ),
    Rule(
        "claim_long_life",
        "warning",
        "Overlong life",
        "From its issue to exp the token lives longer than --max-life allows.",
        "Have the issuer make it shorter, and renew it.",
        "RFC 7519 §4.1.4",
    ),
    Rule(
        "still_valid",
        "warning",
        "Still valid",
        "The token is not expired, and its signature is not found wrong: whoever reads this file may be able to use it.",
        "Revoke it, and keep tokens out of the file.",
        "RFC 6750 §5.3",
    ),
    Rule(
        "claim_time_scale",
        "warning",
        "Time in milliseconds",
        "exp, nbf or iat is in milliseconds or finer; read as seconds it lies thousands of years ahead.",
        "Have the issuer write seconds.",
        "RFC 7519 §2",
    ),
    Rule(
        "issued_later",
        "warning",
        "Issued in the future",
        "iat lies after the time of the audit: a clock is wrong, or the token is forged.",
        "Compare the clocks.",
        "RFC 7519 §4.1.6",
    ),
    Rule(
        "key_in_header",
        "warning",
        "Key in the header",
        "The header brings a key or says where it is (jwk, jku, x5c, x5u): a receiver that trusts it takes what anyone signs.",
        "Make sure that no receiver takes its key from there.",
        "RFC 8725 §3.10",
    ),
    Rule(
        "kid_danger",
        "warning",
        "kid looks like an attack",
        "kid holds a path, SQL, a command or the like, which does harm where a key is looked up by it.",
        "Find out who sent it, and make sure that kid is only compared.",
        "RFC 8725 §3.10",
    ),
    Rule(
        "kid_unknown",
        "warning",
        "Signed with a key that is not given",
        "kid names none of the keys that are given, and none of them verifies the token: it is of another issuer or an old key, or forged.",
        "Give the keys of every issuer in one JWK Set; what is left then is forged.",
        "RFC 7515 §4.1.4",
    ),
    Rule(
        "signature_missing",
        "warning",
        "Signature is missing",
        "The token names an algorithm and bears no signature: it was stripped, or shortened when it was logged.",
        "Make sure that no receiver takes it.",
        "RFC 8725 §3.3",
    ),
    Rule(
        "token_damaged",
        "warning",
        "Token is damaged",
        "It begins as a token does and cannot be read to its end as a strict receiver would: cut off, or altered.",
        "Nothing, if the log shortens its lines.",
        "RFC 7515 §5.2",
    ),
    Rule(
        "payload_detached",
        "info",
        "Payload stands elsewhere",
        "The token leaves its payload out, so that its signature cannot be checked here.",
        "Give it to jwtlens verify with its payload.",
        "RFC 7515 Appendix F",
    ),
    Rule(
        "key_unknown",
        "info",
        "No key fits",
        "None of the keys that are given fits the algorithm, so the signature is not checked.",
        "Give the issuer's keys as well, in one JWK Set.",
        "RFC 7517 §4.5",
    ),
)
RULES = {row.code: row for row in _ROWS}
ORDER = {code: number for number, code in enumerate(RULES)}
TONES = {"error": "bad", "warning": "warn", "info": "idle"}
"""How a level looks, as everywhere on page and command line."""
ERRORS = frozenset(row.code for row in _ROWS if row.level == "error")
