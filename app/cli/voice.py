"""How the command speaks on standard error: lower case, no full stop, an error and what to do about it."""

from __future__ import annotations

import click

from app.cli import screen


class Failure(click.ClickException):
    """Stop with a sentence about what is wrong and one about what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Refused(Failure):
    """Nothing could be judged or made of what was asked."""

    exit_code = 2


def error(message: str, hint: str) -> None:
    """Say what is wrong, and what to do about it if that is known."""
    _say("error", message)
    if hint:
        _say("hint", hint)


def note(kind: str, message: str) -> None:
    """Say something beside what was asked for."""
    _say(kind, message)


def examples(*lines: str) -> str:
    """The examples at the end of the help of a verb."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def voice(message: str) -> str:
    """Say it as every refusal of the command is said: lower case, no full stop."""
    is_name = message[:2].isupper() and message[:2].isalnum()
    first = message[:1] if is_name else message[:1].lower()
    return first + message[1:].rstrip(".")


def _say(kind: str, message: str) -> None:
    screen.write(f"jwtlens: {kind}: {' '.join(screen.visible(voice(message)).split())}", err=True)
