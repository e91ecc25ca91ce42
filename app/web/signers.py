"""Who signed a token in JSON serialization, or whom it is encrypted to: a row for each, and an edit signed anew for each."""

from __future__ import annotations

from collections.abc import Iterator

from app import tokens
from app.tokens.envelope import Token
from app.tokens.jwe.message import Message, take_apart
from app.web.inside import named, shown
from app.web.view import Form, Page, SignerRow, Tone

_WORDS: dict[str, tuple[Tone, str]] = {
    "verified": ("good", "Verified"),
    "invalid": ("bad", "Does not match"),
    "unsecured": ("bad", "Unsecured"),
    "not_checked": ("idle", "Not checked"),
}
_UNPROTECTED = "Not protected: anyone can change it"
_MOST_RECIPIENTS = 20


def fill(page: Page, report: tokens.Report, example_key: bool) -> None:
    """The signatures, when there are several or one has an unprotected header; of an encrypted token its recipients, when there are several."""
    if any(token.unprotected for token, _ in report.signatures) or len(report.signatures) > 1:
        page.signers_name, page.signers = "Signatures", tuple(_signatures(report, example_key))
    message = take_apart(report.token) if report.serialization == "general" else None
    if message and len(message.recipients) > 1:
        page.signers_name, page.signers = "Recipients", tuple(_recipients(message, report))


def _signatures(report: tokens.Report, example_key: bool) -> Iterator[SignerRow]:
    count = len(report.signatures)
    for number, (token, verdict) in enumerate(report.signatures, 1):
        tone, word = _WORDS[verdict.status]
        if verdict.matches and verdict.faults:
            tone, word = "warn", "Matches, yet refused"
        if example_key and verdict.status == "invalid" and not verdict.matches:  # nobody said that this key is the token's
            tone, word = _WORDS["not_checked"]
        decides = count > 1 and token is report.token
        header = token.header.value if token.header else None
        yield SignerRow(f"Signature {number} of {count}", named(header), tone, word, verdict.because, tuple(_headers(token)), decides)


def _headers(token: Token) -> Iterator[tuple[str, str]]:
    if token.protected:
        yield "Protected", shown(token.protected)
    if token.unprotected:
        yield _UNPROTECTED, shown(token.unprotected)


def _recipients(message: Message, report: tokens.Report) -> Iterator[SignerRow]:
    opened = report.decryption.recipient if report.decryption and report.decryption.plaintext is not None else 0
    for one in message.recipients[:_MOST_RECIPIENTS]:
        is_opened = one.number == opened
        because = report.decryption.because.removeprefix("Decrypted ") if report.decryption and is_opened else ""
        word = "Opened" if is_opened else "Not opened"
        yield SignerRow(f"Recipient {one.number} of {len(message.recipients)}", named(one.header), "idle", word, because, (), is_opened)


def sign(form: Form, header: str, payload: str, box: tokens.Keys, detached: bool) -> str:
    """Write the token of *form* anew in its own serialization; returns what to say of signatures that could not be made."""
    report = tokens.verify(form.token, box, at=0, payload=form.detached or None)
    try:
        made = tokens.anew(report.signatures, _chosen(form, report), header, payload, box, detached=detached)
    except tokens.CannotEncode as error:
        return f"{error.message} {error.hint}".strip()
    form.token = made.token
    if made.refusal:
        them = "signature stays" if len(report.signatures) == 1 else "signatures stay"
        return f"Not signed anew; the old {them}. {made.refusal.message} {made.refusal.hint}".strip()
    if made.kept:
        return (
            f"Not signed anew: signature {' and '.join(map(str, made.kept))}, whose key is not in the key box. What it covers has changed."
        )
    return ""


def choose(form: Form, report: tokens.Report) -> None:
    """The header in the pane is that of the signature that decides."""
    several = [token for token, _ in report.signatures]
    form.signer = str(several.index(report.token)) if len(several) > 1 else ""


def follow(form: Form, report: tokens.Report) -> None:
    """Show the header of the signature that decides, for a key chooses among them; an edit that is not in the token yet stays."""
    if len(report.signatures) < 2:
        return
    before = report.signatures[_chosen(form, report)][0].header
    if before and report.token.header and tokens.for_signing(form.header, form.header_layout) == before.text:
        form.header, form.header_layout = tokens.for_reading(report.token.header)
        choose(form, report)


def _chosen(form: Form, report: tokens.Report) -> int:
    """Which signature the header in the pane belongs to."""
    at = int(form.signer) if form.signer.isdecimal() and len(form.signer) < 3 else -1
    several = [token for token, _ in report.signatures]
    return at if 0 <= at < len(several) else several.index(report.token)
