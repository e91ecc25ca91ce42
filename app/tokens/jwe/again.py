"""The form of an encrypted token, for making it anew with another content."""

from __future__ import annotations

from dataclasses import dataclass

from app.tokens import base64url, lossless_json
from app.tokens.form import Serialization, Token
from app.tokens.lossless_json import Node


@dataclass(frozen=True, slots=True)
class Shape:
    """What beside header, payload and key a JWE is made of; *recipients* are the headers of several, as they are written."""

    serialization: Serialization = "compact"
    recipients: tuple[str, ...] = ()
    aad: bytes = b""


def shape_of(token: Token) -> Shape:
    """The shape of *token*. The header of an only recipient is no part of it: that is read, and written, with the header of all."""
    if token.kind != "JWE" or token.serialization in ("compact", None):
        return Shape()
    start = token.text.find("{")
    document = lossless_json.read(token.text[start : token.text.rfind("}") + 1])
    listed = _member(document.root, "recipients")
    headers = [_member(one, "header") for one in listed.items] if listed and len(listed.items) > 1 else []
    recipients = tuple(document.text[one.start : one.end] if one else "{}" for one in headers)
    aad = token.members.get("aad")
    data = base64url.decode(aad.encode()) if isinstance(aad, str) and aad.isascii() else None
    return Shape(token.serialization, recipients, data or b"")


def _member(node: Node | None, name: str) -> Node | None:
    return next((member.node for member in node.members if member.name == name), None) if node else None
