"""The members of one JWK, read with notes on how they are spelt, and with the repairs that belong to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.tokens import base64url
from app.tokens.algorithms import CURVES
from app.tokens.findings import Finding, Repair, found, kind_of, quoted
from app.tokens.keys.jwk_spelling import OTHER_KTY, crv_meant, number_meant, text_meant
from app.tokens.keys.pem import Unreadable
from app.tokens.mends import Mends

_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"))
_SPELT = {
    "base64_padding": '"=" padding',
    "base64_standard_alphabet": "the standard alphabet, with + and /",
    "base64_loose_bits": "last bits that are not zero",
    "base64_length": "a length of 4n+1, which base64 cannot have",
}


class Members:
    """The binary members of a JWK, with notes on how they are spelt."""

    def __init__(self, jwk: dict[str, Any], mends: Callable[[], Mends] | None = None) -> None:
        self.jwk = jwk
        self.notes: list[Finding] = []
        self._mends = mends

    def has(self, name: str) -> bool:
        return name in self.jwk

    def mend(self, write: Callable[[Mends], tuple[Repair, ...]]) -> tuple[Repair, ...]:
        """The repairs that *write* makes, if the key stands in the key box; none where a key stands that is not to be changed."""
        return write(self._mends()) if self._mends else ()

    def note(self, member: str, code: str, repairs: tuple[Repair, ...] = (), /, **facts: Any) -> None:
        place: dict[str, Any] = self._mends().place(member) if self._mends else {}
        self.notes.append(found(code, "key", **place, repairs=repairs, **facts))

    def unreadable(self, name: str, why: str, spec: str, repairs: tuple[Repair, ...] = (), what: str = "", hint: str = "") -> Unreadable:
        place: dict[str, Any] = self._mends().place(name) if self._mends else {}
        repairs = self._public(name, repairs)
        hint = hint or (f"{repairs[0].label}." if repairs else "Copy the key again, whole.")
        return Unreadable(what or f"a JWK of type {self.jwk['kty']}", why, hint, spec, repairs, **place)

    def _public(self, name: str, repairs: tuple[Repair, ...]) -> tuple[Repair, ...]:
        """A repair is shown, told by the API and copied into reports; nothing private may stand in one."""
        return () if name in _PRIVATE else repairs

    def octets(self, name: str, size: int = 0) -> bytes:
        text = self.jwk.get(name)
        if not isinstance(text, str):
            raise self._not_text(name, text, size)
        data = base64url.decode(text.encode()) if text.isascii() else None
        if data is None:
            return self._forgiven(name, text)
        return data

    def integer(self, name: str, size: int = 0) -> int:
        text = self.jwk.get(name)
        if isinstance(text, str) and text.isalnum() and text != "AQAB":
            self.refuse_digits(name, text, size)
        data = self.octets(name, size)
        number = data.lstrip(b"\0") or data[:1]  # RFC 7518 §2: zero has one byte, "AA"
        if number != data and not size and name in ("n", "e"):
            repairs = self.mend(lambda mends: mends.value("Leave out the zero bytes", name, base64url.encode(number)))
            count = len(data) - len(number)
            self.note(name, "key_leading_zeros", repairs, name=name, count=count, plural="s" if count != 1 else "")
        return int.from_bytes(data, "big")

    def coordinate(self, name: str, curve: str) -> int:
        need = CURVES[curve].size
        text = self.jwk.get(name)
        if isinstance(text, str) and text.isalnum():
            self.refuse_digits(name, text, need)
        data = self.octets(name, need)
        if len(data) != need:
            value = base64url.encode(data.rjust(need, b"\0"))
            repairs = self.mend(lambda mends: mends.value("Write it at full length", name, value)) if len(data) < need else ()
            self.note(name, "key_coordinate_size", self._public(name, repairs), name=name, size=len(data), curve=curve, need=need)
        return int.from_bytes(data, "big")

    def curve(self, known: dict[str, Any], member: str = "crv") -> str:
        name = self.jwk.get(member)
        if isinstance(name, str) and name in known:
            return name
        shown = f'"{quoted(name)}"' if isinstance(name, str) else kind_of(name) if member in self.jwk else "missing"
        right = crv_meant(name) if isinstance(name, str) else None
        other = OTHER_KTY.get((str(self.jwk["kty"]), right or ""))
        why = f"{member} is {shown}; it must be one of {', '.join(known)}."
        repairs: tuple[Repair, ...] = ()
        if right in known:
            why = f'{member} is {shown}; names are case-sensitive, and JOSE writes "{right}".'
            repairs = self.mend(lambda mends: mends.value(f'Write "{right}"', member, right))
        elif other:
            why = f'{member} is {shown}, which belongs to kty "{other}".'
            repairs = self.mend(lambda mends: mends.value(f'Write kty "{other}"', "kty", other))
        raise self.unreadable(member, why, "RFC 7518 §6", repairs)

    def _not_text(self, name: str, value: object, size: int) -> Unreadable:
        if name not in self.jwk:
            return self.unreadable(name, f'"{name}" is missing.', "RFC 7518 §6")
        why = f'"{name}" is {kind_of(value)}; base64url text is required.'
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return self.unreadable(name, why, "RFC 7518 §6")
        spelt = number_meant(value, size)
        return self.unreadable(name, why, "RFC 7518 §2", self.mend(lambda mends: mends.value("Write it in base64url", name, spelt)))

    def refuse_digits(self, name: str, text: str, size: int) -> None:
        """Digits are base64url characters as well: without this, a number written out would be read as another."""
        meant = text_meant(name, text, size)
        if meant:
            form, spelt = meant
            repairs = self.mend(lambda mends: mends.value("Write it in base64url", name, spelt))
            raise self.unreadable(
                name, f'"{name}" is written in {form} digits; base64url of the bytes is required.', "RFC 7518 §2", repairs
            )

    def _forgiven(self, name: str, text: str) -> bytes:
        """The bytes of a text that is nearly base64url, with a note; raises Unreadable when it is not near."""
        data, faults = base64url.explain(text)
        spelt = base64url.encode(data)
        bare = "".join(text.split())
        if any(fault.code in ("base64_foreign_character", "base64_look_alike") for fault in faults):
            kept = base64url.decode(bare.encode()) if bare.isascii() and bare != text else None
            repairs = self.mend(lambda mends: mends.value("Take out the white space", name, bare)) if kept is not None else ()
            raise self.unreadable(name, f'"{name}" has a character that is not base64url.', "RFC 7518 §2", repairs)
        why = ", ".join(sorted({_SPELT[fault.code] for fault in faults if fault.code in _SPELT}))
        repairs = (
            ()
            if any(fault.code == "base64_length" for fault in faults)
            else self.mend(lambda mends: mends.value("Write it in base64url", name, spelt))
        )
        self.note(name, "key_jwk_base64", self._public(name, repairs), name=name, why=why)
        return data
