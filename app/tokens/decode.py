"""decode: everything that can be read of a text, and what was noticed. It judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from app.tokens import brought, claims, envelope, header, header_notes, jwe, profiles
from app.tokens.brought import Brought
from app.tokens.envelope import Serialization, Token, TokenKind
from app.tokens.findings import Finding, found
from app.tokens.lossless_json import Document
from app.tokens.profiles import Profile

MAX_NESTED = 5
"""How many tokens inside one another are opened."""
_LEVELS = {"error": 0, "warning": 1, "info": 2}


class Decoded:
    """A text as read. *header* and *payload* are JSON values, or None; the texts are as written."""

    depth: int = 0
    """How many tokens this one is inside of."""

    def __init__(self, token: Token) -> None:
        self.token = token

    @property
    def kind(self) -> TokenKind:
        return self.token.kind

    @property
    def serialization(self) -> Serialization | None:
        return self.token.serialization

    @property
    def header(self) -> Any:
        return self.token.header.value if self.token.header else None

    @property
    def header_text(self) -> str | None:
        return self.token.header.text if self.token.header else None

    @property
    def payload(self) -> Any:
        return self.token.payload.value if self.token.payload else None

    @property
    def payload_text(self) -> str | None:
        return self.token.payload.text if self.token.payload else None

    @property
    def documents(self) -> tuple[Document | None, Document | None]:
        return self.token.header, self.token.payload

    @cached_property
    def inner(self) -> Decoded | None:
        """The token that is the payload of this one; None too when it is nested too deep."""
        text = self.token.inner
        if text is None or self.depth >= MAX_NESTED:
            return None
        inner = self._opened(text)
        inner.depth = self.depth + 1
        return inner

    @property
    def nested(self) -> tuple[Decoded, ...]:
        """The tokens inside this one, each in the one before."""
        return (self.inner, *self.inner.nested) if self.inner else ()

    def _opened(self, text: str) -> Decoded:
        return Decoded(envelope.read(text))

    @cached_property
    def profile(self) -> Profile | None:
        """The kind of token that typ or the claims give away, or None."""
        return profiles.recognise(self.header, self.payload)

    @cached_property
    def brought(self) -> tuple[Brought, ...]:
        """The keys that came with the token itself, in its header and in `cnf`: none of them is trusted."""
        return brought.of(self.token)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed, errors first, else in the order of the token."""
        return by_level(self._noticed())

    def _noticed(self) -> list[Finding]:
        token = self.token
        rules = [fault for fault in header.faults(token) if fault not in token.header_findings]
        rules += jwe.findings(token)
        noticed = [*token.findings, *self._of_nested(), *claims.sizes(token), *rules, *header_notes.notes(token)]
        noticed += [*self._of_brought(), *self._of_others()]
        if token.kind in ("JWS", "SD-JWT") or jwe.holds_claims(token):
            lasting = self.profile is not None and self.profile.no_exp
            noticed += (one for one in self._of_claims() if not (lasting and one.code == "claim_no_exp"))
        return noticed

    def _of_nested(self) -> Iterator[Finding]:
        """What the tokens inside are; told once, of the outermost."""
        if self.token.inner is None or self.depth:
            return
        for inner in self.nested:
            what = {"JWE": "an encrypted token (JWE)", "SD-JWT": "an SD-JWT"}.get(inner.kind, "a signed token (JWS)")
            yield found("nested_layer", "payload", depth=inner.depth, what=what, because=inner.told)
        if self.nested and self.nested[-1].token.inner is not None:
            yield found("nested_too_deep", "payload", most=MAX_NESTED)

    @property
    def told(self) -> str:
        """What is known of it in one sentence."""
        return "it is read, and nothing of it verified."

    def _of_claims(self) -> Iterable[Finding]:
        return claims.findings(self.token, self.payload)

    def _of_others(self) -> Iterable[Finding]:
        """What refuses the other signatures of a general JWS."""
        for other in self.token.signatures:
            if other is not self.token:
                yield from (fault for fault in (*other.form_findings, *header.faults(other)) if fault.level == "error")

    def _of_brought(self) -> Iterable[Finding]:
        return brought.findings(self.token, self.brought)


def decode(text: str) -> Decoded:
    """Read any text as a token. Raises nothing a user can paste; nothing in the result is verified."""
    return Decoded(envelope.read(text))


def by_level(findings: list[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then the rest; each once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: _LEVELS[finding.level]))
