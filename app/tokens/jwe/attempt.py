"""One try to decrypt for one recipient, and the same try with something changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.tokens.algorithms import ContentEncryption, KeyManagement
from app.tokens.jwe import content as contents
from app.tokens.jwe.key_management import unwrap
from app.tokens.jwe.message import Message, Recipient
from app.tokens.jwe.parameters import Parameters
from app.tokens.keys.key import Key


@dataclass(frozen=True, slots=True)
class Opened:
    """The decrypted bytes, or None; *unwrapped* says whether at least the key of the content was had."""

    data: bytes | None
    unwrapped: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """All that decrypting for one recipient needs but the key."""

    message: Message
    recipient: Recipient
    management: KeyManagement
    content: ContentEncryption
    parameters: Parameters

    @property
    def header(self) -> dict[str, Any]:
        return self.recipient.header

    @property
    def is_uniform(self) -> bool:
        """Whether all that fails must look the same (RFC 7516 §11.5)."""
        return self.management.family == "rsa" or self.content.family == "cbc"

    def open(self, key: Key) -> Opened:
        """Decrypt with *key*, which must fit; sizes and parameters must have been checked."""
        content_key = unwrap(self.management, self.content, key, self.parameters, self.recipient.encrypted_key)
        return Opened(None, False) if content_key is None else Opened(self.open_content(content_key), True)

    def open_content(self, content_key: bytes) -> bytes | None:
        message = self.message
        if len(content_key) != self.content.key_size:
            return None
        return contents.decrypt(self.content, content_key, message.iv, message.ciphertext, message.tag, message.aad)
