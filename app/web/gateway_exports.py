"""As your gateway would: the policy as the configuration of another gateway, and what that one answers to the request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from app.gateway import Decision, Policy, Request
from app.gateway.exports import GATEWAYS, Answer, Export, Gateway
from app.web.errors import Refused
from app.web.view import Tone


@dataclass(frozen=True, slots=True)
class There:
    """What a client gets from that gateway; *differs*: it is not what this policy says."""

    title: str
    asks: bool
    tone: Tone = "idle"
    word: str = ""
    lines: tuple[str, ...] = ()
    body: str = ""
    because: str = ""
    differs: str = ""

    @property
    def is_long(self) -> bool:
        """Whether the body would push the policy out of sight."""
        return self.body.strip().count("\n") > 1


@dataclass(frozen=True, slots=True)
class Exported:
    """The configuration, with *mark* to know it by."""

    title: str
    asks: bool
    mark: str
    export: Export


def chosen(name: str) -> Gateway | None:
    """The gateway called *name*; none is chosen by the empty name."""
    if name and name not in GATEWAYS:
        raise Refused(404, "not_found", "There is no such gateway.", "Choose one from the menu.")
    return GATEWAYS.get(name)


def mark(gateway: Gateway, text: str) -> str:
    """What tells the configuration of this policy from that of another."""
    return hashlib.sha256(f"{gateway.name}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def there(gateway: Gateway, policy: Policy, request: Request, decision: Decision) -> There:
    """What *gateway* answers, beside what is decided here."""
    answer = gateway.answer(policy, request, decision)
    if answer is None:
        return There(gateway.title, gateway.asks)
    passes = _passes(answer)
    tone: Tone = "good" if passes else "bad"
    differs = _differs(answer, decision)
    word = "Passes the request on" if passes else _status(answer.status)
    return There(
        gateway.title, gateway.asks, "warn" if differs else tone, word, tuple(_lines(answer)), answer.body, answer.because, differs
    )


def facts(name: str, policy: Policy, request: Request, decision: Decision) -> dict[str, Any]:
    """The configuration and the answer for programs."""
    gateway = GATEWAYS[name]
    made, answer = gateway.export(policy), gateway.answer(policy, request, decision)
    return {
        "files": [{"name": file.name, "language": file.language, "text": file.text} for file in made.files],
        "gaps": [{"path": gap.path, "because": gap.because} for gap in made.gaps],
        "notes": list(made.notes),
        "answer": None if answer is None else _answer(answer),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in answer.headers]
    return {"status": answer.status, "headers": headers, "body": answer.body, "because": answer.because}


def _passes(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _differs(answer: Answer, decision: Decision) -> str:
    if answer.status == decision.status or (_passes(answer) and decision.allowed):
        return ""
    return f"This policy says {_status(decision.status)}."


def _lines(answer: Answer) -> Iterator[str]:
    if not _passes(answer):  # else the API has yet to answer
        yield f"HTTP/1.1 {_status(answer.status)}"
    for name, value in answer.headers:
        yield f"{name}: {value}"


def _status(status: int) -> str:
    phrase = next((one.phrase for one in HTTPStatus if one == status), "")
    return f"{status} {phrase}".rstrip()
