"""Making SD-JWTs (RFC 9901): the issuer's token of claims, and the holder's presentation of a choice of what it discloses.

CannotEncode   the request cannot be carried out
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.tokens import base64url, envelope, keys, lossless_json
from app.tokens.algorithms import ALGORITHMS
from app.tokens.encode import Encoded, encode
from app.tokens.keys import Key, Keys
from app.tokens.lossless_json import Document, Node
from app.tokens.refusal import CannotEncode
from app.tokens.sd_jwt import USUAL_HASH, Path, Presentation
from app.tokens.sd_jwt.binding import TYPE, holder_keys
from app.tokens.sd_jwt.disclosures import HASHES, RESERVED, digest

_SALT_BYTES = 16
"""RFC 9901 §9.3: 128 bits that nobody can guess."""


def _salt() -> str:
    return secrets.token_urlsafe(_SALT_BYTES)


def issue(
    header: str | Mapping[str, Any],
    claims: str,
    disclosable: Iterable[Path],
    key: str | Keys,
    *,
    key_encoding: str = "auto",
    hash_name: str = USUAL_HASH,
    decoys: int = 0,
    holder: str | None = None,
    salt: Callable[[], str] = _salt,
) -> Encoded:
    """Sign *claims*, a JSON text, so that what stands at the *disclosable* paths can be kept back; numbers stay as written.

    A path is that of a claim or array element, such as `("address", "city")` or `("nationalities", 0)`; one path may lie in another.
    *decoys* digests that belong to nothing are added at the top. *holder* is the public key, as a JWK, that a key binding JWT must fit.
    """
    if any("\ud800" <= character <= "\udfff" for character in claims):
        raise CannotEncode("not_unicode", "The text has half of a surrogate pair, which cannot be written as UTF-8.", "Remove it.")
    document = lossless_json.read(claims)
    if not isinstance(document.value, dict) or document.root is None or document.problems:
        raise CannotEncode("claims_not_an_object", "The claims are not a strict JSON object.", "Mend the claims.")
    if _alg_of(header) == "none":
        raise CannotEncode(
            "alg_none", "An SD-JWT must be signed; alg none signs nothing.", 'Write an algorithm that signs, such as "ES256".'
        )
    if hash_name not in HASHES:
        raise CannotEncode("hash_unknown", "The hash is none that an SD-JWT can use.", f"Use one of {', '.join(HASHES)}.")
    folding = _Folding(document, frozenset(disclosable), hash_name, salt, decoys, holder)
    text = folding.whole()
    signed = encode(header, text, key, key_encoding=key_encoding)
    if signed.encrypted:
        raise CannotEncode("header_encrypts", "The header has enc, but the issuer of an SD-JWT signs it.", 'Leave out "enc".')
    return replace(signed, token=f"{signed.token}~{''.join(f'{one}~' for one in folding.disclosures)}")


def _alg_of(header: str | Mapping[str, Any]) -> object:
    value = lossless_json.read(header).value if isinstance(header, str) else header
    return value.get("alg") if isinstance(value, Mapping) else None


def present(
    text: str,
    keep: Collection[int],
    *,
    key: str | Keys | None = None,
    key_encoding: str = "auto",
    audience: str = "",
    nonce: str = "",
    at: int | Decimal = 0,
) -> str:
    """Present the SD-JWT *text* with the disclosures numbered *keep*, from 0, and those they lie in; any key binding JWT is left away.

    With *key*, the private key of the holder, a key binding JWT for *audience* and *nonce* ends the presentation. It must be
    the key that the issuer put into `cnf`, if there is one: any other proves nothing to anybody.
    """
    token = envelope.read(text)
    shown = token.disclosed
    if shown is None or len(token.parts) != 3:
        raise CannotEncode("no_sd_jwt", "The token is no SD-JWT.", 'Paste one: an issuer-signed JWT, "~", and disclosures.')
    if any(not 0 <= index < len(shown.disclosures) for index in keep):
        raise CannotEncode("disclosure_unknown", f"There are {len(shown.disclosures)} disclosures, numbered from 0.", "Choose among them.")
    kept = "".join(f"{shown.disclosures[index].text}~" for index in _with_outer(shown, keep))
    presented = f"{'.'.join(part.text for part in token.parts)}~{kept}"
    if key is None:
        return presented
    if not shown.hash_known:
        raise CannotEncode("hash_unknown", "The hash that _sd_alg names is not known, so nothing can be bound.")
    signer = _signer(key if isinstance(key, Keys) else keys.read(key, key_encoding), holder_keys(shown))
    payload = {"iat": int(at), "aud": audience, "nonce": nonce, "sd_hash": digest(presented, shown.hash_name)}
    return presented + encode({"alg": _algorithm(signer), "typ": TYPE}, payload, Keys(keys=(signer,))).token


def _with_outer(shown: Presentation, keep: Collection[int]) -> list[int]:
    """*keep* and every disclosure in whose value a kept one has its digest: without it, the whole would be refused (RFC 9901 §7.2)."""
    paths = {one.path: index for index, one in enumerate(shown.disclosures) if one.path and not one.fault}
    wanted = set(keep)
    for index in keep:
        path = shown.disclosures[index].path
        wanted.update(paths[path[:length]] for length in range(1, len(path)) if path[:length] in paths)
    return sorted(wanted)


def _signer(held: Keys, holder: Keys) -> Key:
    """The private key among *held* that binds: that of the *holder*, as far as the claims say who holds."""
    if not held.keys:
        raise CannotEncode("key_missing" if held.is_empty else "key_unreadable", held.problem, "Give the private key of the holder.")
    signers = [one for one in held.keys if one.is_private and one.algorithms]
    if not signers:
        raise CannotEncode("key_cannot_sign", f"The {held.keys[0].name} cannot bind a holder.", "Give the private key of the holder.")
    known = {one.thumbprint() for one in holder.keys if one.secret is None}
    signer = next((one for one in signers if not known or one.thumbprint() in known), None)
    if signer is None:
        raise CannotEncode(
            "key_not_the_holders",
            f"The {signers[0].name} is not the key that the issuer put into cnf, so no verifier would take what it signs.",
            "Give the private key that belongs to the jwk in cnf.",
        )
    return signer


def _algorithm(key: Key) -> str:
    return key.alg if key.alg in ALGORITHMS and key.alg is not None else key.algorithms[0]


class _Folding:
    """One walk through the claims, the innermost first, that takes out what can be kept back."""

    def __init__(
        self, document: Document, paths: frozenset[Path], hash_name: str, salt: Callable[[], str], decoys: int, holder: str | None
    ) -> None:
        self.disclosures: list[str] = []
        self._document = document
        self._paths = paths
        self._hash = hash_name
        self._salt = salt
        self._decoys = decoys
        self._holder = holder
        self._met: set[Path] = set()

    def whole(self) -> str:
        assert self._document.root is not None
        text = self._written(self._document.root, ())
        missing = next((path for path in self._paths if path not in self._met), None)
        if missing is not None:
            raise CannotEncode("path_unknown", "There is nothing in the claims at one of the paths.", "Name claims that are there.")
        return text

    def _written(self, node: Node, path: Path) -> str:
        if node.kind == "object":
            return self._object(node, path)
        if node.kind == "array":
            elements = (self._element(item, (*path, position)) for position, item in enumerate(node.items))
            return f"[{','.join(elements)}]"
        return self._document.text[node.start : node.end]

    def _element(self, item: Node, path: Path) -> str:
        written = self._written(item, path)
        return f'{{"...":{json.dumps(self._taken(path, written))}}}' if path in self._paths else written

    def _object(self, node: Node, path: Path) -> str:
        members: list[str] = []
        digests: list[str] = []
        for member in node.members:
            name = member.name
            if name in RESERVED or (not path and name == "_sd_alg"):
                raise CannotEncode("name_reserved", f'"{name}" is reserved for digests and cannot be the name of a claim.', "Rename it.")
            written = self._written(member.node, (*path, name))
            if (*path, name) in self._paths:
                digests.append(self._taken((*path, name), written, name))
            else:
                members.append(f"{json.dumps(name)}:{written}")
        if not path:
            digests += [digest(self._salt(), self._hash) for _ in range(self._decoys)]
            members += self._of_issuer(node)
        if digests:  # sorted, so that their order tells nothing of the claims (RFC 9901 §4.2.4.1)
            members.append(f'"_sd":{json.dumps(sorted(digests), separators=(",", ":"))}')
        return f"{{{','.join(members)}}}"

    def _of_issuer(self, node: Node) -> list[str]:
        own = [f'"_sd_alg":{json.dumps(self._hash)}'] if self._paths or self._decoys else []
        if self._holder is None:
            return own
        if any(member.name == "cnf" for member in node.members):
            raise CannotEncode("cnf_twice", "The claims have a cnf already.", "Leave it out, or give no holder.")
        held = keys.read(self._holder)
        if len(held.keys) != 1 or held.keys[0].secret is not None:
            raise CannotEncode("holder_unreadable", "The key of the holder is not one public key.", "Give it as a JWK or PEM.")
        return [*own, f'"cnf":{{"jwk":{json.dumps(held.keys[0].jwk(), separators=(",", ":"))}}}']

    def _taken(self, path: Path, written: str, name: str | None = None) -> str:
        """Make the disclosure of what is *written* at *path*; returns its digest."""
        self._met.add(path)
        named = "" if name is None else f"{json.dumps(name)},"
        text = base64url.encode(f"[{json.dumps(self._salt())},{named}{written}]".encode())
        self.disclosures.append(text)
        return digest(text, self._hash)
