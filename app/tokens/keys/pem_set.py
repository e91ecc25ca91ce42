"""A JSON object that names PEM texts by their kid, as Google and Firebase publish certificates; raises nothing."""

from __future__ import annotations

import re
from typing import Any

from app.tokens import lossless_json
from app.tokens.findings import Finding, found
from app.tokens.keys.jwk_set import set_faults
from app.tokens.keys.key import Key, Keys
from app.tokens.keys.pem import MAX_KEYS, Unreadable, looks_like_pem, read_pem

# What programs call the one PEM in a configuration: such a name is no kid.
_NO_KID = re.compile(
    r"(?:(?:public|private|client|server|root|signing|ssl|tls|x509|ca)[-_. ]?)?(?:key|cert(?:ificate)?s?|crt|pem|chain|bundle|ca)", re.I
)


def read_pem_set(text: str) -> Keys | None:
    """The keys of such an object, each with its kid, or None when *text* is anything else."""
    document = lossless_json.read(text)
    value = document.value
    if not document.readable or not isinstance(value, dict) or not value or not all(_is_named(*one) for one in value.items()):
        return None
    if any(problem.code == "json_duplicate_member" for problem in document.problems):
        return Keys(read_as="PEM by kid", findings=(Unreadable("a set of PEMs by kid", "a kid occurs twice.").finding,))
    if len(value) > MAX_KEYS:
        return Keys(read_as="PEM by kid", is_set=True, findings=(found("key_set_too_large", "key", count=len(value)),))
    return _read(value)


def _is_named(kid: str, pem: Any) -> bool:
    return isinstance(pem, str) and looks_like_pem(pem) and "PRIVATE" not in pem and not _NO_KID.fullmatch(kid)


def _read(pems: dict[str, str]) -> Keys:
    keys: list[Key] = []
    noticed: list[Finding] = []
    for number, (kid, pem) in enumerate(pems.items(), 1):
        one = read_pem(pem)
        noticed += one.findings
        if one.keys:
            key = one.keys[0]
            key.kid, key.position = kid, number
            keys.append(key)
    if not keys:
        noticed.append(found("key_set_empty", "key"))
    return Keys(tuple(keys), f"PEM by kid, {len(pems)}", True, tuple(noticed), tuple(set_faults(keys)))
