"""Code for the token on the page: what it must know of the token, and how the page shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import groupby

from app import snippets, tokens
from app.snippets import Action, Facts, KeyForm, Library
from app.tokens import Key, base64url, keys
from app.tokens.algorithms import Algorithm, KeyManagement
from app.tokens.lossless_json import Document
from app.web import examples
from app.web.view import Code, Form, SnippetPanel

FIRST = "pyjwt"
_LONGEST_LEEWAY = 86_400
# What stands elsewhere in the code, names a key that nobody should take from a token, or changes what the signature is over.
_NOT_COPIED = frozenset(
    ("zip", "jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256", "crit", "b64", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c")
)
_ACTIONS = {False: (("verify", "verify"), ("sign", "sign")), True: (("verify", "decrypt"), ("sign", "encrypt"))}
"""What the two actions are called, for a signed token and for an encrypted one."""


def panel(report: tokens.Report, form: Form, sent: Mapping[str, str]) -> SnippetPanel:
    """The pane beside the token; *sent* says which library, whether to verify or to sign, and whether the key is put in."""
    library = snippets.libraries().get(sent.get("snippet_library", "")) or snippets.libraries()[FIRST]
    action: Action = "sign" if sent.get("snippet_action") == "sign" else "verify"
    key = _fitting(report)
    is_encrypted = report.kind == "JWE"
    takes_private = (action == "sign") is not is_encrypted
    is_public = key is not None and key.public is not None and not key.can_sign
    can_hold_key = key is not None and (form.key in examples.KEYS or (is_public and not takes_private))
    holds_key = can_hold_key and "snippet_key" in sent
    facts = _facts(report, form, key)
    if key is not None and holds_key:
        facts = replace(facts, key=_key_text(key, facts.key_form, takes_private))
    if key is None:
        facts = readable(library, facts)
    why_not = _why_not(report, form, action)
    return SnippetPanel(
        library.id,
        action,
        _ACTIONS[is_encrypted],
        menu(),
        Code("snippet-code", "", why_not) if why_not else code(library, action, facts, "snippet-code"),
        library.install,
        "" if why_not else ran(library, facts.algorithm, is_encrypted),
        can_hold_key,
        holds_key,
    )


@cache
def menu() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The libraries to choose from: each language with the id and the name of each."""
    rows = snippets.libraries().values()
    return tuple((name, tuple((one.id, one.name) for one in group)) for name, group in groupby(rows, key=lambda one: one.language.name))


def code(library: Library, action: Action, facts: Facts, field: str) -> Code:
    """The code, or why there is none, for the field with this id."""
    made = snippets.render(library.id, action, facts)
    return Code(field, made.text.rstrip("\n"), made.why_not)


def ran(library: Library, algorithm: str, is_encrypted: bool = False) -> str:
    """What became of the library with this algorithm when it was run."""
    result = snippets.results().get(library.id)
    has_run = result and (algorithm in result.encrypted if is_encrypted else result.algorithms.get(algorithm) == "ran")
    return f"Ran with version {result.version}." if result and has_run else "Not run."


def example(algorithm: str, now: int) -> Facts:
    """An access token of that algorithm, for the page of a library."""
    return Facts(
        algorithm,
        _usual_form(algorithm),
        algorithm if algorithm in ("Ed25519", "Ed448") else "",
        issuer="https://issuer.example",
        audience="https://api.example",
        claims=json.dumps({"iss": "https://issuer.example", "sub": "1234567890", "aud": "https://api.example", "exp": now + 3600}),
    )


def readable(library: Library, facts: Facts) -> Facts:
    """The same facts with the key in the usual form, or in another one if only that is read by the library."""
    forms = (replace(facts, key_form=form) for form in (facts.key_form, *snippets.KEY_FORMS))
    return next((one for one in forms if snippets.render(library.id, "verify", one).can), facts)


def _usual_form(algorithm: object) -> KeyForm:
    row = _row(algorithm)
    if row is None or row.key_type != "oct":
        return "pem"
    return "secret" if row.family in ("hmac", "pbes2") else "secret-base64url"


def _row(name: object) -> Algorithm | KeyManagement | None:
    return (tokens.ALGORITHMS.get(name) or tokens.KEY_MANAGEMENT.get(name)) if isinstance(name, str) else None


def _why_not(report: tokens.Report, form: Form, action: Action) -> str:
    """Why there can be no code for such a token in any library."""
    token = report.token
    if not isinstance(token.alg, str) or token.kind == "unknown":
        return "Paste a token: the code follows it."
    if token.kind == "SD-JWT":
        return "There is no code for an SD-JWT here: a library for JWTs reads only its first part."
    if token.serialization != "compact":
        return "There is no code for a token in JSON serialization here: a library for JWTs takes the compact form."
    if token.kind == "JWE" and isinstance(report.header, dict):
        if "zip" in report.header:
            return "There is no code for compressed content here."
        if str(report.header.get("cty")).upper() == "JWT":
            return "There is no code for a token inside an encrypted one here."
        if action == "sign" and not report.payload_text and not form.payload.strip():
            return "The token is not decrypted, so there is nothing to encrypt anew. Write a payload."
    if token.is_unencoded:
        return "There is no code for a payload that stands outside base64url (RFC 7797) here."
    return ""


def _facts(report: tokens.Report, form: Form, key: Key | None) -> Facts:
    """What the code must know of the token and of what is expected of it."""
    header = report.header if isinstance(report.header, dict) else {}
    payload = report.payload if isinstance(report.payload, dict) else {}
    audience = payload.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return Facts(
        _text(header.get("alg")) or "",
        _key_form(report, key),
        key.curve if key else "",
        (_text(header.get("enc")) or "an unnamed algorithm") if report.kind == "JWE" else "",
        form.issuer.strip() or _text(payload.get("iss")),
        form.audience.strip() or next(filter(None, map(_text, audiences)), None),
        form.type.strip() or _special_type(header.get("typ")),
        int(min(max(report.leeway, 0), _LONGEST_LEEWAY)),
        "exp" in payload,
        _text(header.get("kid")),
        _extras(report.token.header),
        report.payload_text or tokens.for_signing(form.payload, form.payload_layout),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _special_type(typ: object) -> str | None:
    """A type that says more than that this is a JWT."""
    text = _text(typ)
    return text if text and text.upper() != "JWT" else None


def _extras(header: Document | None) -> str:
    """What the header holds for a token signed anew to have as well, as it was written."""
    last = {entry.name: entry for entry in header.members if entry.name not in _NOT_COPIED} if header else {}
    members = (f"{json.dumps(name)}:{header.text[one.start : one.end]}" for name, one in last.items() if header)
    return f"{{{','.join(members)}}}"


def _fitting(report: tokens.Report) -> Key | None:
    """The key of the box that the token's algorithm takes."""
    row = _row(report.token.alg)
    fitting = [key for key in report.keys.keys if row and (key.curve in row.curves if row.curves else key.key_type == row.key_type)]
    used = report.decryption.key if report.decryption else report.signature.key
    return used if used in fitting else next(iter(fitting), None)


def _key_form(report: tokens.Report, key: Key | None) -> KeyForm:
    """The form of the key in the box; without one that fits, the usual form for the algorithm."""
    if key is None:
        return _usual_form(report.token.alg)
    if key.read_as.startswith("JWK"):
        return "jwks" if report.keys.is_set and key.secret is None else "jwk"
    if key.secret is None:
        return "pem"
    return "secret" if report.keys.encoding in ("auto", "utf8") else "secret-base64url"


def _key_text(key: Key, key_form: KeyForm, is_private: bool) -> str:
    """The key as it stands in the code: a secret, or the half that the code needs."""
    if key_form == "pem":
        return keys.private_pem(key) if is_private else keys.public_pem(key)
    if key_form == "secret":
        return (key.secret or b"").decode("utf-8", "surrogatepass")
    if key_form == "secret-base64url":
        return base64url.encode(key.secret or b"")
    jwk = keys.private_jwk(key) if is_private else keys.public_jwk(key)
    return json.dumps({"keys": [jwk]} if key_form == "jwks" and not is_private else jwk)
