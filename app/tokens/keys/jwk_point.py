"""Points of elliptic curves in a JWK: those that lie elsewhere, and those that are written in one piece."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from app.tokens.algorithms import CURVES
from app.tokens.findings import Repair
from app.tokens.keys.jwk_members import Members
from app.tokens.keys.jwk_spelling import number_meant
from app.tokens.keys.pem import Unreadable

EC_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}


def off_the_curve(members: Members, curve: str, x: int, y: int) -> Unreadable:
    spec = "RFC 7518 §6.2.1"
    if _is_on(curve, y, x):
        repairs = members.mend(lambda mends: mends.swap("Swap x and y", "x", "y")) if not members.has("d") else ()
        return members.unreadable("x", f"x and y are swapped: (x, y) is not on {curve}, (y, x) is.", spec, repairs, hint="Swap x and y.")
    other = next((name for name in EC_CURVES if name != curve and CURVES[name].size == CURVES[curve].size and _is_on(name, x, y)), None)
    if other:
        repairs = members.mend(lambda mends: mends.value(f'Write "{other}"', "crv", other))
        return members.unreadable(
            "crv", f"the point (x, y) is not on {curve}; it is on {other}.", spec, repairs, hint=f'Write crv "{other}".'
        )
    why = f"the point (x, y) is not on {curve}: a digit is wrong, or x and y are swapped."
    return members.unreadable("x", why, spec)


def refuse_whole_point(members: Members, curve: str) -> None:
    """A point in one piece, as SEC1 writes it, where x belongs."""
    if members.has("y") or not members.has("x"):
        return
    size, data = CURVES[curve].size, members.octets("x")
    if not ((len(data) == size + 1 and data[0] in (2, 3)) or (len(data) == 2 * size + 1 and data[0] == 4)):
        return
    form = "compressed" if data[0] != 4 else "uncompressed"
    repairs: tuple[Repair, ...] = ()
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(EC_CURVES[curve], data).public_numbers()
        x, y = (number_meant(value, size) for value in (point.x, point.y))
        repairs = members.mend(lambda mends: mends.split("Write x and y", "x", x, "y", y))
    except ValueError:
        pass
    why = f'"x" holds a whole {form} point ({len(data)} bytes that begin with {data[0]:02x}) and "y" is missing; JOSE has x and y apart.'
    raise members.unreadable("x", why, "RFC 7518 §6.2.1", repairs, hint="Write x and y.")


def _is_on(curve: str, x: int, y: int) -> bool:
    try:
        ec.EllipticCurvePublicNumbers(x, y, EC_CURVES[curve]).public_key()
    except ValueError:
        return False
    return True
