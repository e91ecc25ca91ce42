"""What a fault of form means for the signature: whether it matches without it, or over the very spelling that is wrong."""

from __future__ import annotations

from dataclasses import replace

from app.tokens.findings import Finding
from app.tokens.form import Token
from app.tokens.jws import Signature

# Faults that are read over: the signature is judged as if they were not there.
_READ_OVER = {
    "white_space": "Without {it}",
    "invisible_character": "Without {it}",
    "base64_foreign_character": "Without {it}",
    "segment_count": "Without what is surplus",
    "tokens_joined": "Without the second",
    "token_escaped": "With the escaping undone",
    "base64_look_alike": "With the right character",
}
# Faults that are part of what is signed.
_SIGNED = {
    "base64_padding": "The signature matches over the padded text, so the issuer pads: it has to change, not the token.",
    "base64_standard_alphabet": "The signature is made over this spelling and matches, so that the issuer's encoder is at fault.",
    "base64_loose_bits": "The signature matches over this spelling, so that the issuer's encoder is at fault.",
}
# Of them, those that the signature has in its own spelling.
_OWN_SPELLING = {
    "base64_padding": "Without it the signature matches.",
    "base64_standard_alphabet": "Written in base64url the signature matches.",
    "base64_loose_bits": "The signature matches: its bytes are right.",
}

# What only follows from something else that is found, and would say the same twice.
_FOLLOWS = (
    (("truncated",), ("json_ends_early",)),
    (("suspect_public_key_as_secret",), ("key_type_for_algorithm",)),
    (
        ("suspect_der_signature", "suspect_signature_width", "suspect_signature_text", "suspect_signature_cut", "suspect_signature_long"),
        ("signature_size",),
    ),
    (("base64_look_alike", "base64_foreign_character"), ("signature_mismatch",)),
)


def explained(findings: tuple[Finding, ...], token: Token, signature: Signature) -> tuple[Finding, ...]:
    """*findings*, with what each fault of form means for a signature that matches, and without what only follows from another."""
    codes = {finding.code for finding in findings}
    follows = {code for causes, effects in _FOLLOWS for code in effects if not codes.isdisjoint(causes)}
    if follows:
        findings = tuple(finding for finding in findings if finding.code not in follows)
    if token.is_clean or signature.matches is None:
        return findings
    if not signature.matches:  # what it looks like is not what it was: nothing certain can be offered
        return tuple(replace(one, repairs=()) if one.code == "base64_look_alike" else one for one in findings)
    others = [fault for fault in signature.faults if fault.code not in _READ_OVER and not _is_spelling_alone(fault)]
    alone = sum(finding.level == "error" for finding in token.form_findings) == 1
    form = set(token.form_findings)
    return tuple(_told(finding, bool(others), alone) if finding in form else finding for finding in findings)


def _told(finding: Finding, others: bool, alone: bool) -> Finding:
    if finding.code in _READ_OVER:
        more = "(and the other faults of form) " if not alone else ""
        it = "them" if " more)" in finding.message else "it"
        words = f"{_READ_OVER[finding.code].format(it=it)} {more}the {'signature matches' if others else 'token verifies'}."
    elif _is_spelling_alone(finding):
        words = _OWN_SPELLING[finding.code]
    elif finding.code in _SIGNED:
        words = _SIGNED[finding.code]
    else:
        return finding
    return replace(finding, message=f"{finding.message} {words}")


def _is_spelling_alone(finding: Finding) -> bool:
    """Whether it is in the spelling of the signature, which nothing signs."""
    return finding.segment == "signature" and finding.code in _OWN_SPELLING
