"""JWK (RFC 7517, 7518 §6, 8037, 8812, 9964): one reader per `kty`, every oddity said."""

from __future__ import annotations

from binascii import Error, a2b_base64
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, x448, x25519

from app.tokens.algorithms import ALGORITHMS, CURVES, KEY_MANAGEMENT, MISSPELT
from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.keys import rsa_parts
from app.tokens.keys.jwk_members import Members
from app.tokens.keys.jwk_point import EC_CURVES, off_the_curve, refuse_whole_point
from app.tokens.keys.jwk_spelling import KTYS
from app.tokens.keys.key import Key, PrivateKey, of_public, permissions
from app.tokens.keys.pem import Unreadable
from app.tokens.mends import Mends

_OKP: dict[str, tuple[Any, Any]] = {
    "Ed25519": (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey),
    "Ed448": (ed448.Ed448PublicKey, ed448.Ed448PrivateKey),
    "X25519": (x25519.X25519PublicKey, x25519.X25519PrivateKey),
    "X448": (x448.X448PublicKey, x448.X448PrivateKey),
}
_AKP: dict[str, tuple[Any, Any]] = {
    "ML-DSA-44": (mldsa.MLDSA44PublicKey, mldsa.MLDSA44PrivateKey),
    "ML-DSA-65": (mldsa.MLDSA65PublicKey, mldsa.MLDSA65PrivateKey),
    "ML-DSA-87": (mldsa.MLDSA87PublicKey, mldsa.MLDSA87PrivateKey),
}


# What RFC 9964 has as a seed of 32 bytes, other programs write expanded.
_EXPANDED = {2560: "ML-DSA-44", 4032: "ML-DSA-65", 4896: "ML-DSA-87"}
_SIGNING, _SEALING = frozenset(("sign", "verify")), frozenset(("encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"))
_CRT = ("p", "q", "dp", "dq", "qi")
_SHORTEST_DOUBLE = 16


def read_one(jwk: dict[str, Any], mends: Callable[[], Mends] | None = None) -> Key:
    """The key of one JWK; raises Unreadable with words that hold nothing of the key."""
    members = Members(jwk, mends)
    key_type = jwk.get("kty")
    reader = _READERS.get(key_type) if isinstance(key_type, str) else None
    if reader is None:
        raise _no_type(members, key_type)
    key = reader(members)
    for name, value in permissions(jwk).items():
        setattr(key, name, value)
    key.faults += tuple(_wrong_types(jwk))
    if key.alg in MISSPELT:
        right = MISSPELT[key.alg]
        repairs = members.mend(lambda mends: mends.value(f'Write "{right}"', "alg", right))
        members.note("alg", "key_algorithm_misspelt", repairs, key_alg=quoted(key.alg), alg=right)
        key.alg = right
    if key.alg is not None and key.key_type != "AKP":
        _judge_alg(members, key, key.alg)
    if key.use is not None and key.key_ops is not None:
        key.faults += tuple(_contradictions(key.use, key.key_ops))
    if key.is_private:
        members.notes.append(found("key_private", "key"))
    key.notes += tuple(members.notes)
    return key


def _no_type(members: Members, key_type: object) -> Unreadable:
    right = KTYS.get(key_type.lower()) if isinstance(key_type, str) else None
    what = f'"{quoted(key_type)}" is none of them' if isinstance(key_type, str) else f"it is {kind_of(key_type)}"
    meant = f'; "{right}" is meant' if right else ""
    repairs = members.mend(lambda mends: mends.value(f'Write "{right}"', "kty", right)) if right else ()
    why = f"kty must be oct, RSA, EC, OKP or AKP, to the letter; {what}{meant}."
    return members.unreadable("kty", why, "RFC 7517 §4.1", repairs, what="a JWK")


def _judge_alg(members: Members, key: Key, alg: str) -> None:
    """A key whose `alg` its own type cannot do is of no use to anybody."""
    row = ALGORITHMS.get(alg)
    if row is None or row.family == "none" or key.fits(row) or alg in KEY_MANAGEMENT:
        return
    fitting = key.algorithms
    repairs = members.mend(lambda mends: mends.value(f'Write "{fitting[0]}"', "alg", fitting[0])) if len(fitting) == 1 else ()
    fits = f"; it fits {' or '.join(fitting[:3])}" if fitting and key.secret is None else ""
    members.note("alg", "key_algorithm_family", repairs, alg=quoted(alg), name=key.name, fits=fits)


def _contradictions(use: str, operations: tuple[str, ...]) -> list[Finding]:
    """RFC 7517 §4.3: when both are there, they say the same."""
    allowed = {"sig": _SIGNING, "enc": _SEALING}.get(use)
    other = [one for one in operations if one in _SIGNING | _SEALING and allowed is not None and one not in allowed]
    return [found("key_use_and_ops", "key", use=quoted(use), other=quoted(", ".join(other)))] if other else []


def _wrong_types(jwk: dict[str, Any]) -> list[Finding]:
    """A permission of the wrong type is not ignored: it may have been meant as a restriction."""
    faults = []
    for name in ("kid", "alg", "use"):
        if name in jwk and not isinstance(jwk[name], str):
            faults.append(found("key_member_type", "key", name=name, kind=kind_of(jwk[name]), need="a string"))
    operations = jwk.get("key_ops", [])
    if not isinstance(operations, list) or not all(isinstance(one, str) for one in operations):
        faults.append(found("key_member_type", "key", name="key_ops", kind=kind_of(operations), need="an array of strings"))
    elif len(set(operations)) != len(operations):
        faults.append(found("key_member_type", "key", name="key_ops", kind="an array with a value twice", need="each value once"))
    return faults


def _oct(members: Members) -> Key:
    secret = members.octets("k")
    faults = () if secret else (found("secret_empty", "key"),)
    if secret.endswith(b"=") and len(secret) % 4 == 0 and len(secret) >= _SHORTEST_DOUBLE:
        inner = _base64(secret)
        if inner:
            members.note("k", "key_double_base64", size=len(secret), inner=len(inner))
    return Key("oct", len(secret) * 8, "JWK", secret=secret, faults=faults)


def _rsa(members: Members) -> Key:
    n, e = members.integer("n"), members.integer("e")
    faults = rsa_parts.public_faults(n, e)
    if any(fault.code != "rsa_roca" for fault in faults):
        return Key("RSA", n.bit_length(), "JWK", faults=faults)
    try:
        public = rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError:
        raise Unreadable("a JWK of type RSA", "n and e are no RSA key.", spec="RFC 7518 §6.3") from None
    return Key("RSA", n.bit_length(), "JWK", public=public, faults=faults, load_private=_rsa_private(members, n, e))


def _rsa_private(members: Members, n: int, e: int) -> Callable[[], PrivateKey | None] | None:
    """How to load the private half; the arithmetic is checked now unless the primes have to be found first."""
    if not members.has("d"):
        return None
    d = members.integer("d")
    if members.has("oth"):
        members.notes.append(found("rsa_multi_prime", "key"))
        return None
    missing = [name for name in _CRT if not members.has(name)]
    if missing:
        members.notes.append(
            found("rsa_members_missing" if len(missing) < len(_CRT) else "rsa_primes_missing", "key", names=", ".join(missing))
        )
    if not (members.has("p") and members.has("q")):

        def recover() -> PrivateKey | None:
            numbers = rsa_parts.recover(n, e, d)
            return rsa_parts.load(numbers) if numbers and rsa_parts.private_fault(numbers) is None else None

        return recover
    p, q = members.integer("p"), members.integer("q")
    if all(members.has(name) for name in ("dp", "dq", "qi")):
        numbers = rsa.RSAPrivateNumbers(
            p, q, d, members.integer("dp"), members.integer("dq"), members.integer("qi"), rsa.RSAPublicNumbers(e, n)
        )
    elif p > 2 and q > 2 and p * q == n:
        try:
            numbers = rsa_parts.complete(n, e, d, p, q)
        except ValueError:
            members.notes.append(found("rsa_private_wrong", "key", member="p and q have a common factor"))
            return None
    else:
        members.notes.append(found("rsa_private_wrong", "key", member="p times q is not n"))
        return None
    fault = rsa_parts.private_fault(numbers)
    if fault:
        members.notes.append(fault)
        return None
    return lambda: rsa_parts.load(numbers)


def _ec(members: Members) -> Key:
    curve = members.curve(EC_CURVES)
    refuse_whole_point(members, curve)
    x, y = members.coordinate("x", curve), members.coordinate("y", curve)
    numbers = ec.EllipticCurvePublicNumbers(x, y, EC_CURVES[curve])
    try:
        public = numbers.public_key()
    except ValueError:
        raise off_the_curve(members, curve, x, y) from None
    if public.public_numbers() != numbers:  # a coordinate of the prime or more, which OpenSSL brings down
        raise off_the_curve(members, curve, x, y)
    key = of_public(public, "JWK")
    assert key is not None
    if members.has("d"):
        d = members.coordinate("d", curve)
        try:
            private = ec.EllipticCurvePrivateNumbers(d, numbers).private_key()
        except ValueError:
            raise Unreadable("a JWK of type EC", "the private d does not belong to x and y.", spec="RFC 7518 §6.2.2") from None
        key.load_private = lambda: private
    return key


def _raw(members: Members, classes: tuple[Any, Any], name: str, public_name: str, private_name: str) -> Key:
    """Keys that are plain bytes: OKP (RFC 8037) and AKP, whose private part is the 32-byte seed (RFC 9964)."""
    public_class, private_class = classes
    need = CURVES[name].size
    text = members.jwk.get(public_name)
    if isinstance(text, str) and text.isalnum():
        members.refuse_digits(public_name, text, need)
    data = members.octets(public_name, need)
    try:
        public = public_class.from_public_bytes(data)
    except (ValueError, UnsupportedAlgorithm):
        why = f'"{public_name}" has {len(data)} bytes or is no {name} key; {need} bytes are needed.'
        raise members.unreadable(public_name, why, "RFC 7518 §6", what=f"a JWK for {name}") from None
    key = of_public(public, "JWK")
    assert key is not None
    if members.has(private_name):
        seed = members.octets(private_name)
        load = getattr(private_class, "from_private_bytes", None) or private_class.from_seed_bytes
        try:
            private = load(seed)
        except ValueError:
            raise _wrong_seed(members, name, private_name, len(seed)) from None
        if private.public_key().public_bytes_raw() != data:
            raise Unreadable(f"a JWK for {name}", f'the private "{private_name}" does not belong to "{public_name}".')
        key.load_private = lambda: private
    return key


def _okp(members: Members) -> Key:
    curve = members.curve(_OKP)
    return _raw(members, _OKP[curve], curve, "x", "d")


def _akp(members: Members) -> Key:
    if not members.has("alg"):
        raise _no_alg(members)
    name = members.curve(_AKP, "alg")
    return _raw(members, _AKP[name], name, "pub", "priv")


def _no_alg(members: Members) -> Unreadable:
    """Of an AKP key, alg says which it is; the length of the public key gives it away (RFC 9964 §3)."""
    size = len(members.octets("pub")) if isinstance(members.jwk.get("pub"), str) else 0
    name = next((row.name for row in CURVES.values() if row.key_type == "AKP" and row.size == size), None)
    why = "alg is missing, which an AKP key must have"
    if name is None:
        return members.unreadable("alg", f"{why}; it must be one of {', '.join(_AKP)}.", "RFC 9964 §3")
    repairs = members.mend(lambda mends: mends.add(f'Add "alg": "{name}"', "alg", name))
    return members.unreadable(
        "alg", f"{why}; a public key of {size:,} bytes is one of {name}.", "RFC 9964 §3", repairs, hint=f'Add "alg": "{name}".'
    )


def _wrong_seed(members: Members, name: str, member: str, size: int) -> Unreadable:
    why, hint, spec = f'"{member}" has {size} bytes, which is not what {name} needs.', "", "RFC 8037 §2"
    if name in _AKP:
        spec = "RFC 9964 §3"
        expanded = _EXPANDED.get(size)
        if expanded:
            why = f'"{member}" holds the expanded private key of {expanded} ({size:,} bytes); the seed of 32 bytes is required.'
            hint = "Export the seed; it cannot be computed from the expanded key."
    return members.unreadable(member, why, spec, what=f"a JWK for {name}", hint=hint)


def _base64(text: bytes) -> bytes | None:
    try:
        return a2b_base64(text, strict_mode=True)
    except Error:
        return None


_READERS: dict[str, Callable[[Members], Key]] = {"oct": _oct, "RSA": _rsa, "EC": _ec, "OKP": _okp, "AKP": _akp}
