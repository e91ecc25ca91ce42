"""Suspects: when a signature does not match, the one variant of key, algorithm, spelling or signed text that does.

Nothing here changes a verdict: what matches only as a suspect stays refused. The search is bounded by what its tries
cost, counted in microseconds of an ordinary machine, since the core has no clock.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace

from cryptography.exceptions import UnsupportedAlgorithm

from app.tokens import base64url, primitives
from app.tokens.algorithms import ALGORITHMS, Algorithm
from app.tokens.envelope import Token
from app.tokens.findings import Finding, Repair, found, quoted
from app.tokens.jws import Signature
from app.tokens.keys import Key, Keys
from app.tokens.suspects import digests, inputs, secrets, signatures, weak
from app.tokens.suspects.candidate import rewritten, span

_LONGEST_SIGNATURE = 20_000
_SHORTEST_SIGNATURE = 8
_MOST_KEYS = 8
_MOST_KEYS_FOR_TEXTS = 3
_FOR_SECRETS = 2_800
_FOR_OTHERS_KEYS = 600
"""For public keys, when the header names an algorithm that has none."""
_FOR_PUBLIC_KEYS = 20_000
"""All that is tried of a key on P-384 or P-521, whose header has up to three members."""
_COSTS = {"P-256": 75, "P-384": 330, "P-521": 400, "secp256k1": 280, "Ed25519": 100, "Ed448": 170, "ML-DSA-44": 100}
_COST_OF_OTHERS = 240
_BYTES_A_MICROSECOND = 700
_TEXTS = "other spellings of what is signed"
_TRIED = {
    "hmac": f"the secret as base64, base64url and hex, with a line break or quotes, the other HMAC algorithms, {_TEXTS}, well-known secrets",
    "rsa": f"the other RSA algorithms, SHA-1, salts of other lengths, reversed and cut signatures, {_TEXTS}",
    "pss": f"the other RSA algorithms, SHA-1, salts of other lengths, reversed and cut signatures, {_TEXTS}",
    "ecdsa": f"other hashes, ASN.1 DER, r and s of other widths, reversed and swapped, {_TEXTS}",
    "eddsa": f"the signature as text, {_TEXTS}",
    "mldsa": f"the signature as text, {_TEXTS}",
}


def search(token: Token, keys: Keys, verdict: Signature, signing_input: bytes, *, thorough: bool = True) -> tuple[Finding, ...]:
    """What explains the *verdict*: the variant that matches, or that the right secret is one that everybody knows.

    Not *thorough*: nothing is tried, and only what was compared is told.
    """
    if not token.is_signed or not _SHORTEST_SIGNATURE <= len(token.signature) <= _LONGEST_SIGNATURE:
        return ()
    if verdict.matches:
        return _known_to_all(verdict)
    tries = _Search(token, keys, signing_input)
    match = next(tries.matches(), None) if thorough else None
    match = match or tries.in_vain(verdict, is_all=thorough)
    if match and token.is_numeric:
        match = replace(match, repairs=())
    return (match,) if match else ()


def _known_to_all(verdict: Signature) -> tuple[Finding, ...]:
    secret = verdict.key.secret if verdict.key else None
    known = weak.secrets().get(secret) if secret and len(secret) <= weak.LONGEST else None
    if known is None or verdict.algorithm is None:
        return ()
    return (found("weak_secret", "key", secret=known.words, need=ALGORITHMS[verdict.algorithm].min_key_bits),)


class _Search:
    """The tries in their order, the likeliest first; each costs something, and there is so much to spend."""

    def __init__(self, token: Token, keys: Keys, signing_input: bytes) -> None:
        self.token = token
        self.keys = keys
        self.data = signing_input
        named = ALGORITHMS.get(token.alg) if isinstance(token.alg, str) else None
        self.named = named if named and named.family != "none" else None
        self.is_for_secrets = self.named is None or self.named.family == "hmac"
        for_others = _FOR_OTHERS_KEYS if self.named and self.is_for_secrets else _FOR_PUBLIC_KEYS
        self.left = {True: _FOR_SECRETS, False: for_others}
        self.was_too_dear = False
        self.costs: dict[int, int] = {}
        kid = token.header.value.get("kid") if token.header and isinstance(token.header.value, dict) else None
        self.usable = sorted((key for key in keys.keys if key.is_usable), key=lambda key: kid is None or key.kid != kid)
        fitting = [key for key in self.usable if self.named and key.fits(self.named)]
        self.fitting, self.count = fitting[:_MOST_KEYS], len(fitting)
        self.by_size = next(
            (row for row in ALGORITHMS.values() if row.family == "hmac" and row.signature_size == len(token.signature)), None
        )

    def matches(self) -> Iterator[Finding]:
        if not self.keys.is_empty:
            yield from self.another_algorithm()
            yield from self.another_secret()
            yield from self.a_key_as_secret()
            yield from self.another_spelling()
            yield from self.another_digest()
            yield from self.another_text()
        yield from self.a_guessable_secret()

    def in_vain(self, verdict: Signature, *, is_all: bool) -> Finding | None:
        """What was compared, and what else was tried, if *is_all* of it was; the verdict's own findings say what is wrong with the size."""
        row, key = self.named, verdict.key
        if verdict.matches is not False or verdict.findings or row is None or key is None:
            return None
        offset, length = span(self.token, 2)
        facts = {"compared": self.compared(row, key), "fix": f"Check the {'secret' if row.family == 'hmac' else 'key'}."}
        facts["tried"] = self.tried(row) if is_all else ""
        return found("signature_mismatch", "signature", offset=offset, length=length, **facts)  # type: ignore[arg-type]

    def tried(self, row: Algorithm) -> str:
        """What else was tried in vain; of several keys, with how many."""
        most = len(self.fitting)
        keys = f"{most} of the {self.count} keys" if most < self.count else f"the {self.count} keys"
        if self.was_too_dear:
            return f" What usually goes wrong was tried in part only, with {keys}: try the right one alone." if self.count > 1 else ""
        texts = f", with {keys} ({_TEXTS} with {_MOST_KEYS_FOR_TEXTS})" if self.count > _MOST_KEYS_FOR_TEXTS else ""
        return f" Tried in vain{texts}: {_TRIED[row.family]}."

    def compared(self, row: Algorithm, key: Key) -> str:
        """What stands against what; the first characters suffice to see that they differ."""
        if self.count > 1:
            return f"none of the {self.count} keys that fit {row.name} verifies its {len(self.token.signature)} bytes"
        if row.family != "hmac":
            return f"as {row.name}, its {len(self.token.signature)} bytes do not fit the {key.with_kid}"
        right, has = (base64url.encode(one)[:6] for one in (primitives.sign(row, key, self.data), self.token.signature))
        return f'HMAC-{row.digest.upper()} with this {key.name} gives "{right}…", the token has "{has}…"'

    def another_algorithm(self) -> Iterator[Finding]:
        for key in self.usable:
            for row in ALGORITHMS.values():
                if key.fits(row) and not self.was_tried(row, key) and self.verifies(row, key, self.data, self.token.signature):
                    yield self.as_algorithm(row, key)

    def was_tried(self, row: Algorithm, key: Key) -> bool:
        """The verdict has tried every key that fits the header's algorithm; EdDSA is the same by any of its names."""
        return self.named is not None and key.fits(self.named) and (row is self.named or row.family == self.named.family == "eddsa")

    def as_algorithm(self, row: Algorithm, key: Key) -> Finding:
        alg = self.token.alg
        so = "."
        if self.named:
            said, so = f"The signature does not match as {self.named.name}; it matches", ": the header names the wrong algorithm."
        elif alg == "none":
            said, so = 'The header says "none"; the signature matches', ": the header was altered, or the issuer is broken."
        else:
            says = f'says "{quoted(alg)}"' if isinstance(alg, str) else "names no algorithm"
            said = f"The header {says}; the signature matches"
        document = self.token.header
        entry = document.member("alg") if document and isinstance(document.value, dict) else None
        place = self.token.place("header", document, entry.start, entry.end - entry.start) if document and entry else {}
        return found("suspect_algorithm", "header", said=said, alg=row.name, key=key.with_kid, so=so, **place)

    def another_secret(self) -> Iterator[Finding]:
        row = self.by_size
        if row is None:
            return
        also = "" if row is self.named else f", as {row.name}"
        secret_keys = [key for key in self.usable if key.secret is not None][:_MOST_KEYS]
        for key in secret_keys if self.keys.keys else (None,):
            for candidate in secrets.readings(self.keys, key):
                if self.is_mac(row, candidate.data):
                    yield candidate.say(also=also)

    def a_key_as_secret(self) -> Iterator[Finding]:
        """The algorithm confusion attack (RFC 8725 §2.1), in every spelling that a library may hand to HMAC."""
        if self.by_size is None:
            return
        for candidate in secrets.keys_as_secrets(self.keys, self.usable[: _MOST_KEYS // 2]):
            if self.is_mac(self.by_size, candidate.data):
                yield candidate.say(alg=self.by_size.name)

    def another_spelling(self) -> Iterator[Finding]:
        if self.named is None:
            return
        for key in self.fitting:
            for candidate in signatures.spellings(self.token, self.named, key):
                if self.verifies(self.named, key, self.data, candidate.data):
                    yield candidate.say()
            if self.named.family == "hmac" and self.spend(True, len(self.data)):
                yield from signatures.cut_or_long(self.token, primitives.sign(self.named, key, self.data), self.named)

    def another_digest(self) -> Iterator[Finding]:
        """Hashes and salts that no registered algorithm has."""
        if self.named is None or self.named.family not in ("rsa", "pss", "ecdsa"):
            return
        for key in self.fitting:
            for verifies, how in digests.variants(self.named, key):
                if self.spend(False, len(self.data), self.cost(key)) and verifies(self.data, self.token.signature):
                    yield found("suspect_digest", "signature", alg=self.named.name, how=how, spec=self.named.spec)

    def another_text(self) -> Iterator[Finding]:
        """What else may have been signed than header and payload as they are spelt."""
        if self.named is None:
            return
        for key in self.fitting[:_MOST_KEYS_FOR_TEXTS]:
            plain = inputs.plainly_spelt(self.token)
            if plain and self.verifies(self.named, key, plain.signing_input, plain.signature):
                yield found("suspect_spelling", "token", repairs=rewritten(self.token, "Write it plainly", plain.texts))
            self.was_too_dear |= len(self.data) > inputs.LONGEST
            for candidate in inputs.signed_instead(self.token, self.data, self.named):
                if self.verifies(self.named, key, candidate.data, self.token.signature):
                    yield candidate.say()

    def a_guessable_secret(self) -> Iterator[Finding]:
        """What anyone would try: the secrets that everybody knows, and what the token itself tells."""
        row = self.by_size
        if row is None or not self.is_for_secrets:
            return
        for secret, words in secrets.guesses(self.token):
            if self.is_mac(row, secret):
                yield self.guessed(row, words, secret)
        affordable = self.left[True] * _BYTES_A_MICROSECOND // (len(self.data) + 2 * _BYTES_A_MICROSECOND)
        right, data, digest = self.token.signature, self.data, row.digest
        for number, (secret, known) in enumerate(weak.secrets().items()):
            if number >= affordable:
                self.was_too_dear = True
                return
            if hmac.digest(secret, data, digest) == right:
                yield self.guessed(row, known.words, secret)

    def guessed(self, row: Algorithm, words: str, secret: bytes) -> Finding:
        text = secrets.as_text(secret)
        box = text if text and secrets.read_as(text) == secret else secrets.jwk(secret) if secret else None
        repairs = (Repair("Use this secret", "key", box),) if box and self.keys.encoding == "auto" else ()
        if self.keys.is_empty:
            return found("weak_secret", "key", repairs=repairs, secret=words, need=row.min_key_bits)
        box_holds = f"your {self.keys.keys[0].name}" if len(self.keys.keys) == 1 else "what the key box holds"
        return found("suspect_weak_secret", "key", repairs=repairs, secret=words, key=box_holds, need=row.min_key_bits)

    def is_mac(self, row: Algorithm, secret: bytes) -> bool:
        return self.spend(True, len(self.data) + len(secret)) and hmac.digest(secret, self.data, row.digest) == self.token.signature

    def verifies(self, row: Algorithm, key: Key, data: bytes, signature: bytes) -> bool:
        is_mac = row.family == "hmac"
        if len(signature) != primitives.expected_size(row, key) or not self.spend(
            is_mac, len(data) + len(key.secret or b""), 0 if is_mac else self.cost(key)
        ):
            return False
        try:
            return primitives.verifies(row, key, data, signature)
        except (ValueError, UnsupportedAlgorithm):  # an RSA key too short for the hash
            return False

    def cost(self, key: Key) -> int:
        """What `_cost` says, asked once a key: to take its numbers out costs a third of verifying with it."""
        if id(key) not in self.costs:
            self.costs[id(key)] = _cost(key)
        return self.costs[id(key)]

    def spend(self, on_secrets: bool, size: int, cost: int = 0) -> bool:
        """Whether the next try can still be afforded; if so, it is paid for."""
        cost += 2 + size // _BYTES_A_MICROSECOND
        if cost > self.left[on_secrets]:
            self.was_too_dear = True
            return False
        self.left[on_secrets] -= cost
        return True


def _cost(key: Key) -> int:
    """Microseconds of one verification; that of RSA grows with the square of the modulus and with the exponent."""
    if key.key_type != "RSA":
        return _COSTS.get(key.curve, _COST_OF_OTHERS)
    exponent: int = key.public.public_numbers().e  # type: ignore[union-attr]
    return 25 * max(1, key.bits // 2048) ** 2 * max(1, exponent.bit_length() // 17)
