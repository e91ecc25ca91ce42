"""The refusal of encode."""

from __future__ import annotations


class CannotEncode(Exception):
    """No token can be made; nothing of the payload or key is in the words."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.hint = hint
