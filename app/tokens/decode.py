"""decode: everything that can be read of a text, and what was noticed. It judges nothing."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from app.tokens import claims, envelope, header
from app.tokens.envelope import Serialization, Token, TokenKind
from app.tokens.findings import Finding
from app.tokens.lossless_json import Document

_LEVELS = {"error": 0, "warning": 1, "info": 2}


class Decoded:
    """A text as read. *header* and *payload* are JSON values, or None; the texts are as written."""

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
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed, errors first, else in the order of the token."""
        return by_level(self._noticed())

    def _noticed(self) -> list[Finding]:
        token = self.token
        rules = [fault for fault in header.faults(token) if fault not in token.header_findings] if token.kind != "JWE" else []
        noticed = [*token.findings, *rules, *header.notes(token)]
        if token.kind in ("JWS", "SD-JWT"):
            noticed += claims.findings(token, self.payload)
        return noticed


def decode(text: str) -> Decoded:
    """Read any text as a token. Raises nothing a user can paste; nothing in the result is verified."""
    return Decoded(envelope.read(text))


def by_level(findings: list[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then the rest; each once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: _LEVELS[finding.level]))
