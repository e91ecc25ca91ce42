"""What the pages to look things up show: rows made from the tables of the core. Only the advice is written here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.reports.statements import LABELS
from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT, Algorithm, ContentEncryption, KeyManagement
from app.tokens.findings import KINDS
from app.tokens.keys import worth
from app.tokens.registry import CLAIMS, HEADER, Names, providers
from app.web.learn import bcp, deployment, http_api, rules
from app.web.learn.anchors import anchor
from app.web.learn.templated import Piece, readable


@dataclass(frozen=True, slots=True)
class AlgorithmRow:
    """An algorithm: the key it takes, what it makes, how strong it is."""

    name: str
    key: str
    makes: str
    strength: str
    spec: str


@dataclass(frozen=True, slots=True)
class AlgorithmTable:
    """Algorithms of one family, and the advice for them; *makes* heads the column of what they make."""

    place: str
    title: str
    advice: str
    specs: tuple[str, ...]
    makes: str
    rows: tuple[AlgorithmRow, ...]


@dataclass(frozen=True, slots=True)
class NameRow:
    """A claim or header parameter."""

    name: str
    place: str
    text: str
    spec: str
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class NameTable:
    """The names that one body gave: the IANA registry, or a provider, told with the document."""

    title: str
    place: str
    rows: tuple[NameRow, ...]
    spec: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A kind of finding, its sentences in pieces, and what more there is to say."""

    code: str
    level: str
    message: tuple[Piece, ...]
    fix: tuple[Piece, ...]
    spec: str
    why: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    title: str
    place: str
    about: str
    rows: tuple[FindingRow, ...]


# By family of the core's table: title, advice, and where that is written.
_SIGNING: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "hmac": (
        "HMAC with a shared secret",
        "Signer and verifier hold the same secret, so whoever can verify can also sign. Take it where both are one party, such as a service "
        "that reads its own tokens. The secret is random bytes, at least as many as the hash has; a password can be guessed from one token.",
        ("RFC 7518 §3.2", "RFC 8725 §3.5"),
    ),
    "rsa": (
        "RSA with PKCS #1 v1.5",
        "Every library knows it, and most providers sign with RS256. Signatures are as long as the key. It is kept for the programs there "
        "are; RFC 8017 wants RSASSA-PSS in new ones.",
        ("RFC 7518 §3.3", "RFC 8017 §8"),
    ),
    "pss": (
        "RSA with PSS",
        "The same keys as RS256, with the newer padding; its salt is as long as the hash. Take it where an RSA key is given and every "
        "receiver knows it.",
        ("RFC 7518 §3.5", "RFC 8017 §8.1"),
    ),
    "ecdsa": (
        "ECDSA",
        "Small keys and signatures: r and s one behind the other, never ASN.1 DER. Each signature needs a fresh secret number, and one that "
        "repeats gives the key away; so have it made deterministically where the library can. ES256 is the one that most receivers know. "
        "ES256K is for programs of the blockchain world.",
        ("RFC 7518 §3.4", "RFC 8725 §3.2", "RFC 6979"),
    ),
    "eddsa": (
        "Edwards curves",
        "Fast, small, and deterministic by design: no random number can go wrong. The name EdDSA leaves open which curve is meant, so "
        "that RFC 9864 deprecates it; write Ed25519 or Ed448 where every receiver knows these names.",
        ("RFC 8037 §3.1", "RFC 9864 §2.2"),
    ),
    "mldsa": (
        "ML-DSA, against quantum computers",
        "Lattice signatures of FIPS 204. Signatures have thousands of bytes, so the token fits into no cookie and hardly into a header; few "
        "libraries know them yet. Take it where a signature must hold for many years.",
        ("RFC 9964",),
    ),
    "none": (
        "No signature",
        "Anyone can write such a token. No receiver takes it unless somebody asked for exactly that, and jwtlens never calls it verified.",
        ("RFC 7518 §3.6", "RFC 8725 §3.2"),
    ),
}
_MANAGING: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "dir": (
        "Direct encryption",
        "The shared secret encrypts the content itself. Simple; but every token is encrypted with the same key, so the key must be changed "
        "before too many were made.",
        ("RFC 7518 §4.5", "RFC 7518 §8.2"),
    ),
    "kw": ("AES Key Wrap", "A shared secret wraps a fresh key for each token.", ("RFC 7518 §4.4",)),
    "gcmkw": (
        "AES-GCM Key Wrap",
        "Like AES Key Wrap, by AES-GCM; its nonce must never repeat with one key, so plain Key Wrap forgives more.",
        ("RFC 7518 §4.7", "RFC 7518 §8.4"),
    ),
    "rsa": (
        "RSA",
        "A fresh key is encrypted with the receiver's public key, which anyone may have: it hides the content and proves nothing about who "
        "sent it. Take RSA-OAEP-256. RSA1_5 can be decrypted by whoever may ask a receiver often enough (Bleichenbacher), so jwtlens reads "
        "it and makes none.",
        ("RFC 7518 §4.3", "RFC 8725 §3.2"),
    ),
    "ecdh": (
        "Key agreement on curves",
        "An ephemeral key of the sender (epk) and the receiver's key agree on the key of the content, or on one that wraps it. A receiver "
        "checks that epk lies on the curve. It proves nothing about who sent the token.",
        ("RFC 7518 §4.6", "RFC 8725 §3.4"),
    ),
    "pbes2": (
        "A password",
        "A key is derived from a password in p2c rounds. A receiver limits the rounds, or anyone can keep it busy; a short password is "
        "guessed all the same.",
        ("RFC 7518 §4.8", "RFC 7518 §8.8"),
    ),
}
_ENCRYPTING: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "cbc": (
        "AES-CBC with HMAC",
        "Half of the key is for the HMAC and half for AES. It forgives a repeated initialization vector more than GCM does.",
        ("RFC 7518 §5.2",),
    ),
    "gcm": (
        "AES-GCM",
        "Fast, and in all libraries. The initialization vector must never repeat with one key.",
        ("RFC 7518 §5.3", "RFC 7518 §8.4"),
    ),
}
_HEADER_ADVICE = {name: f"attacks#{place}" for name, place in (("jwk", "embedded"), ("jku", "urls"), ("x5u", "urls"), ("kid", "kid"))}

# The code of the first finding of each group, in the order of the core's table.
_GROUPS: Mapping[str, tuple[str, str]] = {
    "empty_input": ("The text as a whole", "What was pasted, before anything of it is decoded: is it a token, is it one, is it whole?"),
    "sd_jwt": ("SD-JWT", "Disclosures, their digests, and the key binding at the end."),
    "json_serialization": (
        "JSON serialization and health cards",
        "Tokens that are not in the compact form, and headers that nobody signed.",
    ),
    "base64_standard_alphabet": ("Base64url", "Strict receivers take one spelling only; each other one is named with its place."),
    "not_utf8": (
        "JSON",
        "Of the header and the payload. Programs that read the same JSON differently can be played off against each other.",
    ),
    "alg_missing": ("Header", "The members of the header, and the keys that a token brings along."),
    "signature_empty": ("Signature", "What can be told from the bytes of the signature alone."),
    "jwe_header_missing": ("Encryption", "Tokens with five parts: what is missing, damaged or dangerous in them."),
    "suspect_algorithm": (
        "What would have matched",
        "When a signature does not match, jwtlens tries what people get wrong. None of it counts as verified; it says what to mend.",
    ),
    "key_small_order": ("Keys", "What was read in the key box, and whether it may be used for this token."),
    "cnf_form": ("Claims", "Types, times and names in the payload."),
}


def algorithms() -> dict[str, Any]:
    """Every algorithm of the core, by what it does and by family."""
    return {
        "signing": tuple(_tables(_SIGNING, ALGORITHMS.values(), "Signature", _signing)),
        "managing": tuple(_tables(_MANAGING, KEY_MANAGEMENT.values(), "Wraps with", _managing)),
        "encrypting": tuple(_tables(_ENCRYPTING, CONTENT_ENCRYPTION.values(), "IV and tag", _encrypting)),
    }


def claims() -> dict[str, Any]:
    """Every claim: the registered ones, and those of each provider."""
    own = tuple(
        NameTable(one.name, place, tuple(_names(one.names, f"{place}.")), one.names.own[0].spec, tuple(sorted(one.marks)))
        for one in providers()
        for place in (anchor(one.name.lower()),)
    )
    return {"registered": NameTable("Registered claims", "registered", tuple(_names(CLAIMS))), "providers": own}


def header() -> dict[str, Any]:
    """Every header parameter."""
    return {"parameters": tuple(_names(HEADER)), "advice": _HEADER_ADVICE}


def findings() -> dict[str, Any]:
    """Every finding, in groups."""
    why = tomllib.loads(Path(__file__).with_name("findings.toml").read_text("utf-8"))
    groups: list[tuple[str, list[FindingRow]]] = []
    for kind in KINDS.values():
        if kind.code in _GROUPS:
            groups.append((kind.code, []))
        spec = "" if kind.spec is None or "{" in kind.spec else kind.spec
        groups[-1][1].append(
            FindingRow(kind.code, kind.level, readable(kind.message), readable(kind.fix or ""), spec, why.get(kind.code, ""))
        )
    return {
        "groups": tuple(
            FindingGroup(_GROUPS[code][0], f"group-{n}", _GROUPS[code][1], tuple(rows)) for n, (code, rows) in enumerate(groups, 1)
        )
    }


def _tables(
    families: Mapping[str, tuple[str, str, tuple[str, ...]]], rows: Iterable[Any], makes: str, row_of: Callable[[Any], AlgorithmRow]
) -> Iterator[AlgorithmTable]:
    rows = tuple(rows)
    for family, (title, advice, specs) in families.items():
        shown = tuple(row_of(row) for row in rows if row.family == family)
        yield AlgorithmTable(anchor(title.lower()), title, advice, specs, makes, shown)


def _signing(row: Algorithm) -> AlgorithmRow:
    makes = f"{row.signature_size:,} bytes" if row.signature_size else ""
    if row.family == "hmac":
        return AlgorithmRow(row.name, f"{row.wants} of {row.min_key_bits // 8} bytes or more", makes, f"{row.min_key_bits} bits", row.spec)
    if row.key_type == "RSA":
        return AlgorithmRow(row.name, _rsa_key(row.min_key_bits), "as long as the key", _rsa_strength(row.min_key_bits), row.spec)
    if row.family == "none":
        return AlgorithmRow(row.name, "none", "none", "none", row.spec)
    if len(row.curves) > 1:
        return AlgorithmRow(row.name, row.wants, "by the curve", "by the curve", row.spec)
    return AlgorithmRow(row.name, row.wants, makes, worth.strength_on(row.curves[0]), row.spec)


def _managing(row: KeyManagement) -> AlgorithmRow:
    wraps = f"AES-{row.wrap_size * 8}" if row.wrap_size else "nothing"
    if row.family == "rsa":
        padding = row.digest.replace("sha", "OAEP with SHA-") if row.digest else "PKCS #1 v1.5"
        return AlgorithmRow(row.name, _rsa_key(row.min_key_bits), padding, _rsa_strength(row.min_key_bits), row.spec)
    if row.family == "ecdh":
        return AlgorithmRow(row.name, f"a key on {', '.join(row.curves)}", wraps, "that of the curve", row.spec)
    if row.family == "pbes2":
        return AlgorithmRow(row.name, f"a password; jwtlens makes {row.rounds:,} rounds", wraps, "that of the password", row.spec)
    if row.family == "dir":
        return AlgorithmRow(row.name, "a shared key as long as enc wants", wraps, "that of enc", row.spec)
    return AlgorithmRow(row.name, f"a shared key of {row.wrap_size} bytes", wraps, f"{row.wrap_size * 8} bits", row.spec)


def _encrypting(row: ContentEncryption) -> AlgorithmRow:
    bits = row.key_size * 8 // (2 if row.family == "cbc" else 1)
    return AlgorithmRow(row.name, f"{row.key_size} bytes", f"{row.iv_size} and {row.tag_size} bytes", f"{bits} bits", row.spec)


def _rsa_key(bits: int) -> str:
    return f"an RSA key of {bits:,} bits or more"


def _rsa_strength(least: int) -> str:
    rated = [f"{strength} bits with {size:,}" for size, strength in reversed(worth.RSA_STRENGTH) if size >= least]
    return f"about {', '.join(rated[:2])} (NIST SP 800-57)"


def _names(names: Names, prefix: str = "") -> Iterator[NameRow]:
    for one in names.own:
        yield NameRow(one.name, prefix + anchor(one.name), one.text, one.spec, one.show == "time")


def verdict() -> dict[str, Any]:
    """Every check of a report."""
    return {"checks": tuple((name, LABELS[name], *_CHECKS[name]) for name in LABELS)}


def glossary() -> dict[str, Any]:
    """Every word that is explained."""
    words = tomllib.loads(Path(__file__).with_name("glossary.toml").read_text("utf-8"))["words"]
    return {"words": [(f"word-{anchor(word.lower())}", word, meaning, spec) for word, meaning, spec in words]}


_CHECKS: Mapping[str, tuple[str, str]] = {
    "form": ("The text is a token and nothing else, in the one spelling that strict receivers take.", "RFC 7515 §7.1"),
    "header": (
        "The header is a JSON object with an algorithm that is known, and its members have the types they must have.",
        "RFC 7515 §4",
    ),
    "algorithm": (
        "The algorithm is among those you allow. Without a list it is not checked; every receiver must have one.",
        "RFC 8725 §3.1",
    ),
    "key": ("The key can be read, is of the sort that the algorithm takes, strong enough, and meant for this.", "RFC 7517 §4"),
    "decryption": ("Of an encrypted token: the key opens it.", "RFC 7516 §5.2"),
    "signature": ("The signature matches the encoded header and payload, with this key.", "RFC 7515 §5.2"),
    "claims": ("The payload is a claims set: a JSON object whose iss, sub and jti are strings where they are there.", "RFC 7519 §7.2"),
    "exp": ("It is earlier than exp, leeway added. Without exp the token never expires, which is a warning.", "RFC 7519 §4.1.4"),
    "nbf": ("It is not earlier than nbf, leeway subtracted.", "RFC 7519 §4.1.5"),
    "iat": ("iat does not lie in the future. The standard does not refuse such a token, so it is a warning.", "RFC 7519 §4.1.6"),
    "iss": ("iss is the issuer you expect, letter by letter.", "RFC 7519 §4.1.1"),
    "aud": ("The audience you expect is aud, or in it.", "RFC 7519 §4.1.3"),
    "typ": ("typ is the type you expect. It keeps one kind of token from passing as another.", "RFC 8725 §3.11"),
    "profile": ("The rules of its profile hold: of the one you chose, or of the one that was recognised.", "RFC 8725 §3.12"),
}

FACTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "algorithms": algorithms,
    "api": http_api.api,
    "claims": claims,
    "deployment": deployment.files,
    "header": header,
    "findings": findings,
    "glossary": glossary,
    "profiles": rules.rows,
    "rfc-8725": bcp.ledger,
    "verdict": verdict,
}
