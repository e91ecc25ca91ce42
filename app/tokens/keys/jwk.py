"""JWK and JWK Set (RFC 7517, 7518 §6, 8037, 8812, 9964): one reader per `kty`, every oddity said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, x448, x25519

from app.tokens import base64url
from app.tokens.algorithms import CURVES, MISSPELT
from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.keys import rsa_parts
from app.tokens.keys.key import Key, Keys, PrivateKey, of_public, permissions
from app.tokens.keys.pem import MAX_KEYS, Unreadable

_EC_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}
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


def read_jwk(value: dict[str, Any]) -> Keys:
    """The key or key set in a JSON object that has `kty` or `keys`."""
    if "keys" in value and "kty" not in value:
        return _read_set(value["keys"])
    try:
        key = read_one(value)
    except Unreadable as error:
        return Keys(read_as="JWK", findings=(error.finding,))
    return Keys((key,), "JWK")


def read_one(jwk: dict[str, Any]) -> Key:
    """The key of one JWK; raises Unreadable with words that hold nothing of the key."""
    key_type = jwk.get("kty")
    reader = _READERS.get(key_type) if isinstance(key_type, str) else None
    if reader is None:
        what = f'"{quoted(key_type)}" is none of them' if isinstance(key_type, str) else f"it is {kind_of(key_type)}"
        raise Unreadable("a JWK", f"kty must be oct, RSA, EC, OKP or AKP; {what}.", spec="RFC 7517 §4.1")
    members = _Members(jwk)
    key = reader(members)
    for name, value in permissions(jwk).items():
        setattr(key, name, value)
    key.faults += tuple(_wrong_types(jwk))
    if key.alg in MISSPELT:
        members.notes.append(found("key_algorithm_misspelt", "key", key_alg=quoted(key.alg), alg=MISSPELT[key.alg]))
        key.alg = MISSPELT[key.alg]
    if key.is_private:
        members.notes.append(found("key_private", "key"))
    key.notes += tuple(members.notes)
    return key


def _read_set(entries: object) -> Keys:
    if not isinstance(entries, list):
        error = Unreadable("a JWK Set", f'"keys" is {kind_of(entries)}; an array is required.', spec="RFC 7517 §5.1")
        return Keys(read_as="JWK Set", is_set=True, findings=(error.finding,))
    if len(entries) > MAX_KEYS:
        return Keys(read_as="JWK Set", is_set=True, findings=(found("key_set_too_large", "key", count=len(entries)),))
    keys: list[Key] = []
    skipped: list[Finding] = []
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            skipped.append(Unreadable(f"a JWK Set whose entry {number}", f"it is {kind_of(entry)}.").finding)
            continue
        try:
            key = read_one(entry)
        except Unreadable as error:
            skipped.append(error.finding)
            continue
        key.position = number
        keys.append(key)
    if not keys:
        skipped.append(found("key_set_empty", "key"))
    return Keys(tuple(keys), f"JWK Set of {len(entries)}", is_set=True, findings=tuple(skipped), faults=tuple(_set_faults(keys)))


def _set_faults(keys: list[Key]) -> list[Finding]:
    faults = []
    types = {key.key_type for key in keys}
    if "oct" in types and len(types) > 1:
        faults.append(found("key_set_mixed", "key"))
    for kid, count in Counter(key.kid for key in keys if key.kid is not None).items():
        if count > 1:
            faults.append(found("key_set_same_kid", "key", kid=quoted(kid), count=count))
    return faults


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


class _Members:
    """The binary members of a JWK, with notes on how they are spelt."""

    def __init__(self, jwk: dict[str, Any]) -> None:
        self.jwk = jwk
        self.notes: list[Finding] = []

    def has(self, name: str) -> bool:
        return name in self.jwk

    def bytes(self, name: str) -> bytes:
        text = self.jwk.get(name)
        kind = self.jwk["kty"]
        if not isinstance(text, str):
            why = f'"{name}" is {kind_of(text)}; base64url text is required.' if name in self.jwk else f'"{name}" is missing.'
            raise Unreadable(f"a JWK of type {kind}", why, spec="RFC 7518 §6")
        data = base64url.decode(text.encode()) if text.isascii() else None
        if data is None:
            data, faults = base64url.explain(text)
            if any(fault.code == "base64_foreign_character" for fault in faults):
                raise Unreadable(f"a JWK of type {kind}", f'"{name}" has a character that is not base64url.', spec="RFC 7518 §2")
            why = ", ".join(sorted({fault.code.removeprefix("base64_").replace("_", " ") for fault in faults}))
            self.notes.append(found("key_jwk_base64", "key", name=name, why=why))
        return data

    def integer(self, name: str) -> int:
        return int.from_bytes(self.bytes(name), "big")

    def coordinate(self, name: str, curve: str) -> int:
        data = self.bytes(name)
        need = CURVES[curve].size
        if len(data) != need:
            self.notes.append(found("key_coordinate_size", "key", name=name, size=len(data), curve=curve, need=need))
        return int.from_bytes(data, "big")

    def curve(self, known: dict[str, Any], member: str = "crv") -> str:
        name = self.jwk.get(member)
        if isinstance(name, str) and name in known:
            return name
        shown = f'"{quoted(name)}"' if isinstance(name, str) else kind_of(name) if member in self.jwk else "missing"
        raise Unreadable(
            f"a JWK of type {self.jwk['kty']}", f"{member} is {shown}; it must be one of {', '.join(known)}.", spec="RFC 7518 §6"
        )


def _oct(members: _Members) -> Key:
    secret = members.bytes("k")
    faults = () if secret else (found("secret_empty", "key"),)
    return Key("oct", len(secret) * 8, "JWK", secret=secret, faults=faults)


def _rsa(members: _Members) -> Key:
    n, e = members.integer("n"), members.integer("e")
    faults = rsa_parts.public_faults(n, e)
    if any(fault.code != "rsa_roca" for fault in faults):
        return Key("RSA", n.bit_length(), "JWK", faults=faults)
    try:
        public = rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError:
        raise Unreadable("a JWK of type RSA", "n and e are no RSA key.", spec="RFC 7518 §6.3") from None
    return Key("RSA", n.bit_length(), "JWK", public=public, faults=faults, load_private=_rsa_private(members, n, e))


def _rsa_private(members: _Members, n: int, e: int) -> Callable[[], PrivateKey | None] | None:
    """How to load the private half; the arithmetic is checked now unless the primes have to be found first."""
    if not members.has("d"):
        return None
    d = members.integer("d")
    if members.has("oth"):
        members.notes.append(found("rsa_private_wrong", "key", member="it has more than two primes, which is not read"))
        return None
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


def _ec(members: _Members) -> Key:
    curve = members.curve(_EC_CURVES)
    numbers = ec.EllipticCurvePublicNumbers(members.coordinate("x", curve), members.coordinate("y", curve), _EC_CURVES[curve])
    try:
        public = numbers.public_key()
    except ValueError:
        why = f"the point (x, y) is not on {curve}: a digit is wrong, or x and y are swapped."
        raise Unreadable("a JWK of type EC", why, spec="RFC 7518 §6.2.1") from None
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


def _raw(members: _Members, classes: tuple[Any, Any], name: str, public_name: str, private_name: str) -> Key:
    """Keys that are plain bytes: OKP (RFC 8037) and AKP, whose private part is the 32-byte seed (RFC 9964)."""
    public_class, private_class = classes
    data = members.bytes(public_name)
    try:
        public = public_class.from_public_bytes(data)
    except (ValueError, UnsupportedAlgorithm):
        why = f'"{public_name}" has {len(data)} bytes or is no {name} key; {CURVES[name].size} bytes are needed.'
        raise Unreadable(f"a JWK for {name}", why) from None
    key = of_public(public, "JWK")
    assert key is not None
    if members.has(private_name):
        seed = members.bytes(private_name)
        load = getattr(private_class, "from_private_bytes", None) or private_class.from_seed_bytes
        try:
            private = load(seed)
        except ValueError:
            raise Unreadable(f"a JWK for {name}", f'"{private_name}" has {len(seed)} bytes, which is not what {name} needs.') from None
        if private.public_key().public_bytes_raw() != data:
            raise Unreadable(f"a JWK for {name}", f'the private "{private_name}" does not belong to "{public_name}".')
        key.load_private = lambda: private
    return key


def _okp(members: _Members) -> Key:
    curve = members.curve(_OKP)
    return _raw(members, _OKP[curve], curve, "x", "d")


def _akp(members: _Members) -> Key:
    name = members.curve(_AKP, "alg")
    return _raw(members, _AKP[name], name, "pub", "priv")


_READERS: dict[str, Callable[[_Members], Key]] = {"oct": _oct, "RSA": _rsa, "EC": _ec, "OKP": _okp, "AKP": _akp}
