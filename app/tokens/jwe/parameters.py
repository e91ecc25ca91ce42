"""What a key management reads from the header: epk, apu and apv, p2s and p2c, iv and tag (RFC 7518 §4.6 to §4.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519

from app.tokens import base64url
from app.tokens.algorithms import CURVES, KeyManagement
from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.jwe.message import Message, Recipient
from app.tokens.times import span

MAX_ROUNDS = 1_200_000
_FEW_ROUNDS = 1000
_SHORTEST_SALT = 8
# Rounds a second of PBKDF2 on an ordinary core, to say how long a refused count would take.
_SPEED = {"sha256": 3_300_000, "sha384": 1_600_000, "sha512": 1_600_000}
_WEIERSTRASS: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
_MONTGOMERY: dict[str, Any] = {
    "X25519": (x25519.X25519PublicKey, x25519.X25519PrivateKey.from_private_bytes(bytes(32))),
    "X448": (x448.X448PublicKey, x448.X448PrivateKey.from_private_bytes(bytes(56))),
}


@dataclass(slots=True)
class Parameters:
    """The values that were read. *obstacles* stop the decryption, *faults* only make a strict receiver refuse it."""

    epk: Any = None
    curve: str = ""
    apu: bytes = b""
    apv: bytes = b""
    salt: bytes = b""
    rounds: int = 0
    iv: bytes = b""
    tag: bytes = b""
    obstacles: list[Finding] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def read(message: Message, recipient: Recipient, management: KeyManagement) -> Parameters:
    """The parameters that *management* needs, and everything that is wrong with them."""
    reader = _Reader(message, recipient.header, management)
    reader.read()
    return reader.found


class _Reader:
    def __init__(self, message: Message, header: dict[str, Any], management: KeyManagement) -> None:
        self.message = message
        self.header = header
        self.management = management
        self.found = Parameters()

    def read(self) -> None:
        family = self.management.family
        if family == "ecdh":
            self.agreement()
        elif family == "pbes2":
            self.password()
        elif family == "gcmkw":
            self.found.iv = self.sized("iv", 12, "RFC 7518 §4.7.1.1")
            self.found.tag = self.sized("tag", 16, "RFC 7518 §4.7.1.2")

    def stop(self, code: str, member: str, **facts: Any) -> None:
        self.found.obstacles.append(found(code, "header", **self.message.at_member(member), **facts))

    def missing(self, name: str, spec: str) -> None:
        place = self.message.at_member(name)
        self.found.obstacles.append(found("jwe_header_missing", "header", **place, name=name, what=self.management.name, spec=spec))

    def binary(self, name: str, spec: str) -> bytes | None:
        """The bytes of a member, or None when it is missing or not base64url; that is noted."""
        value = self.header.get(name)
        if name not in self.header:
            self.missing(name, spec)
            return None
        if not isinstance(value, str):
            self.stop("header_parameter_type", name, name=name, kind=kind_of(value), need="base64url text", spec=spec)
            return None
        data = base64url.decode(value.encode()) if value.isascii() else None
        if data is None:
            self.stop("jwe_parameter_base64", name, name=name)
        return data

    def sized(self, name: str, need: int, spec: str) -> bytes:
        data = self.binary(name, spec)
        if data is not None and len(data) != need:
            self.stop("jwe_parameter_size", name, name=name, size=len(data), alg=self.management.name, need=need, spec=spec)
        return data or b""

    def agreement(self) -> None:
        for name in ("apu", "apv"):
            if name in self.header:
                setattr(self.found, name, self.binary(name, "RFC 7518 §4.6.1") or b"")
        epk = self.header.get("epk")
        if "epk" not in self.header:
            self.missing("epk", "RFC 7518 §4.6.1.1")
        elif not isinstance(epk, dict):
            self.stop("header_parameter_type", "epk", name="epk", kind=kind_of(epk), need="a JWK object", spec="RFC 7518 §4.6.1.1")
        else:
            self.ephemeral(epk)

    def ephemeral(self, epk: dict[str, Any]) -> None:
        curve = epk.get("crv")
        key_type = CURVES[curve].key_type if isinstance(curve, str) and curve in self.management.curves else None
        if key_type is None:
            shown = f'"{quoted(curve)}"' if isinstance(curve, str) else "missing" if "crv" not in epk else kind_of(curve)
            self.stop("jwe_epk_unreadable", "epk", why=f"its crv is {shown}; it must be one of {', '.join(self.management.curves)}")
            return
        assert isinstance(curve, str)
        if epk.get("kty") != key_type:
            self.stop("jwe_epk_unreadable", "epk", why=f'on {curve} its kty must be "{key_type}"')
            return
        self.found.curve = curve
        data: list[bytes] = []
        for name in ("x", "y") if key_type == "EC" else ("x",):
            coordinate = self.coordinate(epk, name, curve)
            if coordinate is None:
                return
            data.append(coordinate)
        self.point(curve, data)
        if "d" in epk:
            self.found.faults.append(found("jwe_epk_private", "header", **self.message.at_member("epk")))

    def coordinate(self, epk: dict[str, Any], name: str, curve: str) -> bytes | None:
        value, need = epk.get(name), CURVES[curve].size
        data = base64url.decode(value.encode()) if isinstance(value, str) and value.isascii() else None
        if data is None:
            why = f'its "{name}" is missing' if name not in epk else f'its "{name}" is not base64url text'
        elif len(data) != need:
            why = f'its "{name}" has {len(data)} bytes; {curve} needs {need}'
        else:
            return data
        self.stop("jwe_epk_unreadable", "epk", why=why)
        return None

    def point(self, curve: str, data: list[bytes]) -> None:
        """RFC 7518 §8: a point that is not on the curve would give the private key away, bit by bit."""
        if curve in _MONTGOMERY:
            public_class, anybody = _MONTGOMERY[curve]
            self.found.epk = public_class.from_public_bytes(data[0])
            try:
                anybody.exchange(self.found.epk)
            except ValueError:
                self.stop("jwe_epk_small_order", "epk", curve=curve)
            return
        x, y = (int.from_bytes(one, "big") for one in data)
        try:
            self.found.epk = ec.EllipticCurvePublicNumbers(x, y, _WEIERSTRASS[curve]).public_key()
        except ValueError:
            self.stop("jwe_epk_off_curve", "epk", curve=curve)

    def password(self) -> None:
        salt = self.binary("p2s", "RFC 7518 §4.8.1.1")
        if salt is not None and len(salt) < _SHORTEST_SALT:
            place = self.message.at_member("p2s")
            self.found.faults.append(found("jwe_p2s_short", "header", **place, size=len(salt)))
        # RFC 7518 §4.8.1.1: the name of the algorithm is part of the salt.
        self.found.salt = self.management.name.encode() + b"\0" + (salt or b"")
        count = self.header.get("p2c")
        if "p2c" not in self.header:
            self.missing("p2c", "RFC 7518 §4.8.1.2")
        elif type(count) is not int or count < 1:
            kind = kind_of(count) if type(count) is not int else "not positive"
            self.stop("header_parameter_type", "p2c", name="p2c", kind=kind, need="a positive integer", spec="RFC 7518 §4.8.1.2")
        elif count > MAX_ROUNDS:
            self.stop("jwe_p2c_too_large", "p2c", count=_number(count), cap=f"{MAX_ROUNDS:,}", time=self.time_of(count))
        else:
            self.found.rounds = count
            if count < _FEW_ROUNDS:
                place = self.message.at_member("p2c")
                self.found.notes.append(found("jwe_p2c_low", "header", **place, count=count, today=f"{self.management.rounds:,}"))

    def time_of(self, rounds: int) -> str:
        seconds = rounds // _SPEED[self.management.digest]
        return span(seconds if seconds < 90 else -(-(seconds - 30) // 60) * 60)


def _number(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"more than {10**15:,}"
