"""A link to share a token by, and what its reader is told of what was left out.

The token stands behind the # of the link, which no browser sends. Beside it stands what was left out, and never a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, unquote

from app import tokens
from app.tokens import masking
from app.tokens.base64url import encode as base64url
from app.tokens.claims import Check
from app.tokens.findings import spelt_out
from app.tokens.form import Token
from app.tokens.lossless_json import Document
from app.web.view import Form, Page, Share, Statement

MOST_CLAIMS = 48
_LONGEST_NAME = 200
_ABOUT_CLAIMS = ("exp", "nbf", "iat", "iss", "aud")
_BY = "left out by who shared this token"
_NO_SIGNATURE = Statement("idle", "Signature left out by who shared it", "so nothing shows who wrote this token")


class Omitted:
    """What the link said was left out of a token, as far as it is true of the token."""

    def __init__(self, left_out: str, token: Token) -> None:
        said = [part.partition("=") for part in left_out[:10_000].split("&")]
        names = [unquote(name) for key, _, value in said if key == "masked" for name in value.split(",") if name]
        payload = token.payload if token.kind in ("JWS", "SD-JWT") else None
        self.signature = (
            ("without", "=", "signature") in said and not token.signature and token.kind in ("JWS", "SD-JWT") and token.alg != "none"
        )
        self.payload = payload
        # Masking takes the signature along: what is signed was written so, and is judged like anything else.
        is_open = payload is not None and not token.signature
        self.masked = tuple(name for name in dict.fromkeys(names) if is_open and payload and masking.is_masked(payload, name))

    @property
    def notice(self) -> str:
        """What the reader is told above all."""
        names = ", ".join(spelt_out(name[:_LONGEST_NAME]) for name in self.masked)
        without = "without its signature" if self.signature else ""
        hidden = f"{'; ' if without else 'with some claims '}masked: {names}" if names else ""
        return f"This token was shared {without}{hidden}." if without or hidden else ""


def told(report: tokens.Report, omitted: Omitted) -> None:
    """Take back from *report* what is only due to what was left out: it is no fault of the token."""
    if omitted.signature:
        report.findings = tuple(one for one in report.findings if one.code != "signature_empty")
    if omitted.masked:
        report.findings = tuple(one for one in report.findings if not _is_about(one, omitted))
    if omitted.signature or omitted.masked:
        report.checks = tuple(_excused(check, omitted) for check in report.checks)


def say(page: Page, omitted: Omitted) -> None:
    """Say on *page* what was left out of its token."""
    page.notice = f"{page.notice} {omitted.notice}".strip()
    verdict = page.verdict
    if omitted.signature:
        verdict = replace(verdict, signature=_NO_SIGNATURE, tone="bad" if verdict.claims.tone == "bad" else "idle")
    page.verdict = verdict


def share(token: Token, form: Form, sent: Mapping[str, str], asked: list[str], origin: str) -> Share | None:
    """The panel that makes a link of *token*; *asked* names the claims to mask. None if there is nothing to share."""
    if token.kind == "unknown" or not token.parts:
        return None
    payload = token.payload if token.kind in ("JWS", "SD-JWT") else None
    shown = {spelt_out(name[:_LONGEST_NAME]): name for name in (payload.value if payload and isinstance(payload.value, dict) else ())}
    names = tuple(shown)[:MOST_CLAIMS]
    hidden = {name for name in names if name in asked}
    masks = {entry.name for entry in payload.members if spelt_out(entry.name[:_LONGEST_NAME]) in hidden} if payload else set()
    has_signature = token.kind != "JWE" and bool(token.signature)
    signed = token.kind == "JWE" or (bool(sent.get("share_signature")) and not masks)
    before = Omitted(form.left_out, token)
    text = _text(token, payload, masks, signed)
    masked = [*dict.fromkeys((*before.masked, *sorted(masks)))]
    left_out = "&without=signature" if (has_signature and not signed) or before.signature else ""
    left_out += f"&masked={','.join(quote(name.encode('utf-8', 'replace'), safe='') for name in masked)}" if masked else ""
    return Share(
        f"{origin}/#token={quote(text, safe='~')}{left_out}",
        tuple((name, name in hidden) for name in names),
        bool(sent.get("share_signature")),
        has_signature,
        _note(token, signed, has_signature, bool(masks)),
    )


def _text(token: Token, payload: Document | None, masks: set[str], signed: bool) -> str:
    """The token to share, without whatever it was pasted with."""
    if token.serialization != "compact" and signed:
        return token.text.strip()
    texts = [part.text for part in token.parts]
    if payload and masks and len(texts) > 1:
        texts[1] = base64url(masking.masked(payload, masks).encode("utf-8", "surrogatepass"))
    if token.kind == "JWE":
        return ".".join(texts)
    text = ".".join((*texts[:2], texts[2] if signed and len(texts) > 2 else ""))
    if token.disclosed is None:
        return text
    # A masked claim can stand in a disclosure as well; a key binding is a signature of its own.
    disclosed = "".join(f"{one.text}~" for one in token.disclosed.disclosures) if not masks else ""
    return f"{text}~{disclosed}{token.disclosed.key_binding if signed else ''}"


def _note(token: Token, signed: bool, has_signature: bool, masked: bool) -> str:
    if token.kind == "JWE":
        return "The link holds the whole token, encrypted as it is."
    disclosures = " The disclosures are left out too." if token.disclosed and masked else ""
    if masked:
        return f"Masked claims leave the signature out: it would fit no more.{disclosures}"
    if signed and has_signature:
        return "Whoever has this link can use the token as long as it is valid."
    return "Without its signature, no receiver takes the token."


def _excused(check: Check, omitted: Omitted) -> Check:
    if omitted.signature and check.name == "signature":
        return Check(check.name, "not_checked", f"The signature was {_BY}.", check.spec)
    if check.name in omitted.masked and check.name in _ABOUT_CLAIMS:
        return Check(check.name, "not_checked", f"{check.name} was masked by who shared this token.", check.spec)
    return check


def _is_about(finding: tokens.Finding, omitted: Omitted) -> bool:
    """Whether the finding is about a claim whose value is the mask."""
    if finding.segment != "payload" or not finding.line or finding.column is None or omitted.payload is None:
        return False
    before = 0
    for entry in omitted.payload.members:
        after = omitted.payload.position(entry.end)
        if omitted.payload.position(before) <= (finding.line, finding.column) < after:
            return entry.name in omitted.masked
        before = entry.end
    return False
