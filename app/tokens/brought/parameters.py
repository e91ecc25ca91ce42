"""The places where a token can carry a key, a row each, and what was found in one."""

from __future__ import annotations

from dataclasses import dataclass

from app.tokens.brought import urls
from app.tokens.certificates import Certificate
from app.tokens.findings import Finding
from app.tokens.keys.key import Key


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place where a token can carry a key. *signs*: it is said to be the key of the signature; `cnf` is about the presenter."""

    name: str
    what: str
    spec: str
    signs: bool = True
    caution: str = ""
    hint: str = ""


_CHOSEN = "It proves nothing: whoever wrote the token chose it."
_ASK = "Take the key from the issuer, not from the token."
_ALLOW = "Never fetch it unless its host is on your own allow-list."
_ROWS = (
    Parameter("jwk", "The public key that this token is signed with, says whoever wrote it.", "RFC 7515 §4.1.3", True, _CHOSEN, _ASK),
    Parameter(
        "x5c",
        "Certificates; the first has the public key that this token is signed with, says whoever wrote it.",
        "RFC 7515 §4.1.6",
        True,
        "They prove something only if their chain ends at an authority that you trust, which is not checked here.",
        "Take the certificate from the issuer, or check the chain against the authorities that you trust.",
    ),
    Parameter("jku", "The address of a key set, chosen by whoever wrote the token.", "RFC 7515 §4.1.2", True, _CHOSEN, _ALLOW),
    Parameter("x5u", "The address of a certificate, chosen by whoever wrote the token.", "RFC 7515 §4.1.5", True, _CHOSEN, _ALLOW),
    Parameter("cnf.jwk", "The key that the presenter must prove to hold. It does not sign this token.", "RFC 7800 §3.2", False),
    Parameter(
        "cnf.jkt",
        "The thumbprint of the key whose DPoP proofs must come with this token. It does not sign this token.",
        "RFC 9449 §6.1",
        False,
        hint="Have the issuer write the JWK thumbprint with SHA-256.",
    ),
    Parameter(
        "cnf.x5t#S256",
        "The thumbprint of the certificate of the client that may present this token (mutual TLS). It does not sign this token.",
        "RFC 8705 §3.1",
        False,
        hint="Have the issuer write the SHA-256 of the certificate in DER.",
    ),
)
PARAMETERS = {row.name: row for row in _ROWS}
IN_HEADER = frozenset(row.name for row in _ROWS if row.signs)


@dataclass(frozen=True, slots=True)
class Brought:
    """A key, or the address or thumbprint of one, that came with a token. Nothing in it is trusted.

    *certificates* stand in the order of the token, None for an entry that is none; *links* say for each but the last
    whether the next one signed it, None when that cannot be told. *findings* hold at any time.
    """

    parameter: str
    key: Key | None = None
    certificates: tuple[Certificate | None, ...] = ()
    links: tuple[bool | None, ...] = ()
    url: str = ""
    thumbprint: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def row(self) -> Parameter:
        return PARAMETERS[self.parameter]

    @property
    def host(self) -> str:
        """The host that a fetch would ask."""
        return urls.host(self.url)

    def summary(self) -> dict[str, object]:
        """The facts by name, for reports: nothing secret."""
        facts: dict[str, object] = {"parameter": self.parameter, "what": self.row.what, "spec": self.row.spec, "signs": self.row.signs}
        if self.parameter in ("jwk", "x5c", "cnf.jwk"):
            facts["key"] = self.key.summary() if self.key else None
        if self.parameter == "x5c":
            facts["certificates"] = [one.summary() if one else None for one in self.certificates]
            facts["signed_by_next"] = list(self.links)
        if self.parameter in ("jku", "x5u"):
            facts |= {"url": self.url, "host": self.host}
        if self.thumbprint:
            facts["thumbprint"] = self.thumbprint
        return facts
