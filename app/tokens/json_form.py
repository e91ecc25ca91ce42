"""JWS and JWE in JSON serialization (RFC 7515 §7.2, RFC 7516 §7.2): one object taken apart into the segments of a token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app.tokens import base64url, lossless_json
from app.tokens.findings import Finding, Repair, found, kind_of, quoted
from app.tokens.lossless_json import Document, Node

_OF_JWS, _OF_JWE = "RFC 7515 §7.2.1", "RFC 7516 §7.2.1"
_JWE_PARTS = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
# Of the members of a JWE the first must not stand beside the second (RFC 7516 §7.2.2); those of a JWS have no place there.
_EITHER_OR = (
    ("encrypted_key", "recipients"),
    ("header", "recipients"),
    ("payload", "ciphertext"),
    ("signature", "ciphertext"),
    ("signatures", "ciphertext"),
)
# What must be protected to count (RFC 7515 §4.1.11, RFC 7797 §3).
_MUST_BE_PROTECTED = {"crit": "RFC 7515 §4.1.11", "b64": "RFC 7797 §6"}
# RFC 8259 §2; Python strips more.
_SPACE = " \t\r\n"
OF_SD_JWT = ("disclosures", "kb_jwt")
_NOTHING = ("", (0,))
# One character as JSON spells it: two escapes if it is beyond the first plane.
_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.|.", re.DOTALL)
_LONGEST_REPAIR = 65_536
MAX_SIGNATURES = 20
"""How many signatures of a general JWS are judged, each with every key."""


@dataclass(slots=True)
class Signer:
    """One signature: its two segments with their places, and its header, when it is not the protected one alone."""

    protected: tuple[str, Sequence[int]]
    signature: tuple[str, Sequence[int]]
    header_text: str | None = None
    unprotected_text: str | None = None
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class JsonForm:
    """The segments with their places, and what was noticed; *header_text* joins the headers of a JWE, when one is unprotected."""

    kind: Literal["JWS", "JWE"]
    serialization: Literal["flattened", "general"]
    segments: list[tuple[str, Sequence[int]]] = field(default_factory=list)
    header_text: str | None = None
    signers: list[Signer] = field(default_factory=list)
    disclosures: list[tuple[str, int]] | None = None
    key_binding: str = ""
    is_draft: bool = False
    """Whether the disclosures stand where only drafts of RFC 9901 had them."""
    members: dict[str, Any] = field(default_factory=dict)
    """The object itself, where its members are not told by the segments: that of a JWE."""
    findings: list[Finding] = field(default_factory=list)


def read(text: str, start: int) -> JsonForm | None:
    """Take the object *text*, which begins at *start* of what was given, apart; None when it is none of these forms."""
    document = lossless_json.read(text)
    value = document.value
    if not isinstance(value, dict) or document.root is None:
        return None
    if "ciphertext" in value:
        return _encrypted(document, start)
    if "signatures" in value or ("signature" in value and ("payload" in value or "protected" in value)):
        return _signed(document, start)
    return None


def _encrypted(document: Document, start: int) -> JsonForm:
    value = document.value
    form = JsonForm("JWE", "general" if "recipients" in value else "flattened")
    members = _members(document.root)
    form.members = value
    _doubled(form, document, start)
    for name, other in _EITHER_OR:
        if name in members and other in members:
            form.findings.append(_damage(name, f'there beside "{other}"', "one of them", members[name].start + start))
    for name in _JWE_PARTS:
        form.segments.append(_segment(document, members.get(name), name, start, form.findings))
    form.header_text = _joined_header(document, form.segments[0][0], members)
    form.findings = [replace(one, spec=_OF_JWE) if one.spec == _OF_JWS else one for one in form.findings]
    form.findings.append(_summary(form, "read"))
    return form


def _joined_header(document: Document, protected: str, members: dict[str, Node]) -> str | None:
    """What a JWE says in its protected and unprotected headers together, of a recipient if there is one only (RFC 7516 §7.2.1)."""
    recipients = members.get("recipients")
    only = recipients.items[0] if recipients and len(recipients.items) == 1 else None
    nodes = [members.get("unprotected"), members.get("header"), _members(only).get("header")]
    texts = [_decoded(protected)] if protected else []
    if not all(map(_is_object, texts)):
        return None
    unprotected = [document.text[node.start : node.end] for node in nodes if node and node.kind == "object"]
    inner = [text.strip(_SPACE)[1:-1].strip(_SPACE) for text in (*texts, *unprotected)]
    joined = f"{{{','.join(one for one in inner if one)}}}"
    return joined if unprotected and lossless_json.read(joined).readable else None


def _decoded(segment: str) -> str:
    return base64url.explain(segment)[0].decode("utf-8", "replace")


def _is_object(text: str) -> bool:
    document = lossless_json.read(text)
    return document.readable and isinstance(document.value, dict)


def _signed(document: Document, start: int) -> JsonForm:
    value = document.value
    form = JsonForm("JWS", "general" if "signatures" in value else "flattened")
    members = _members(document.root)
    _doubled(form, document, start)
    holders, count = [members], 1
    if form.serialization == "general":
        listed = members["signatures"]
        count = len(listed.items)
        if "signature" in members:
            form.findings.append(_damage("signature", 'there beside "signatures"', "one of them", members["signature"].start + start))
        # RFC 7515 §5.2: of the signatures one at least must be validated, which none of none can be.
        if listed.kind != "array" or not listed.items or any(one.kind != "object" for one in listed.items):
            form.findings.append(_damage("signatures", kind_of(listed.value), "an array of objects, one at least,", listed.start + start))
            count = 0
        if count > MAX_SIGNATURES:
            form.findings.append(found("json_signatures_many", "token", count=f"{count:,}", cap=MAX_SIGNATURES))
        holders = [_members(one) for one in listed.items[:MAX_SIGNATURES]] if count else []
    payload = _segment(document, members.get("payload"), "payload", start, form.findings)
    form.signers = [_signer(document, holder, start) for holder in holders]
    form.segments = [signer.protected for signer in form.signers[:1]] or [_NOTHING]
    form.segments += [payload, *(signer.signature for signer in form.signers[:1])]
    _disclosures(form, members, _members(holders[0].get("header")) if holders else {}, start)
    read_as = {0: "read without a signature", 1: "read as such"}.get(count, f"read with {count} signatures, each judged alone")
    form.findings.append(_summary(form, read_as))
    return form


def _doubled(form: JsonForm, document: Document, start: int) -> None:
    for problem in document.problems:
        if problem.code == "json_duplicate_member":
            form.findings.append(_damage(problem.detail.partition("\0")[0], f"there {problem.count} times", "one", problem.offset + start))


def _signer(document: Document, holder: dict[str, Node], start: int) -> Signer:
    findings: list[Finding] = []
    protected = _segment(document, holder.get("protected"), "protected", start, findings)
    signer = Signer(protected, _segment(document, holder.get("signature"), "signature", start, findings), findings=findings)
    _unprotected(signer, document, holder.get("header"), start)
    if signer.header_text is None and ("protected" not in holder or holder["protected"].value == ""):
        findings.append(found("json_empty", "header", offset=protected[1][0] if "protected" in holder else None, length=0))
    return signer


def _summary(form: JsonForm, read_as: str) -> Finding:
    number = {"JWS": "RFC 7515", "JWE": "RFC 7516"}[form.kind]
    section = f"{number} §7.2.{2 if form.serialization == 'flattened' else 1}"
    facts: dict[str, Any] = {"kind": form.kind, "form": form.serialization, "section": section, "read": read_as}
    return found("json_serialization", "token", repairs=_compact(form), **facts)


def _compact(form: JsonForm) -> tuple[Repair, ...]:
    """The same in compact form, when nothing is lost by it."""
    texts = [text for text, _ in form.segments]
    whole = len(texts) == (3 if form.kind == "JWS" else 5) and all(texts[:2] if form.kind == "JWS" else texts[:1])
    has_more = form.header_text is not None or len(form.signers) > 1 or any(one.unprotected_text for one in form.signers)
    has_more = has_more or "aad" in form.members or "recipients" in form.members
    if not whole or has_more or "." in texts[1] or form.disclosures is not None or sum(map(len, texts)) > _LONGEST_REPAIR:
        return ()
    return (Repair("Write it compactly", "token", ".".join(texts)),)


def _members(node: Node | None) -> dict[str, Node]:
    return {member.name: member.node for member in node.members} if node else {}


def _segment(document: Document, node: Node | None, name: str, start: int, findings: list[Finding]) -> tuple[str, Sequence[int]]:
    """The text of a member, and the places of its characters and of its end."""
    if node is None:
        return _NOTHING
    if not isinstance(node.value, str):
        findings.append(_damage(name, kind_of(node.value), "a string", node.start + start))
        return _NOTHING
    begin, end = node.start + 1, node.end - 1
    if len(node.value) == end - begin:
        return node.value, range(begin + start, end + start + 1)
    return node.value, [*(match.start() + start for match in _CHARACTER.finditer(document.text, begin, end)), end + start]


def _damage(name: str, kind: str, need: str, offset: int) -> Finding:
    return found("json_form_damaged", "token", offset=offset, length=1, name=quoted(name), kind=kind, need=need, spec=_OF_JWS)


def _unprotected(signer: Signer, document: Document, node: Node | None, start: int) -> None:
    """The header is that which is protected and that which is not together; a name may stand in one of them only (RFC 7515 §4)."""
    if node is None:
        return
    if node.kind != "object":
        signer.findings.append(_damage("header", kind_of(node.value), "an object", node.start + start))
        return
    signer.unprotected_text = document.text[node.start : node.end]
    names = [member.name for member in node.members if member.name not in OF_SD_JWT]
    if not names:
        return
    signer.findings.extend(_unprotected_findings(names, node.start + start))
    written = [
        f"{document.text[member.start : member.end]}:{document.text[member.node.start : member.node.end]}"
        for member in node.members
        if member.name in names
    ]
    protected = signer.protected[0]
    first = _decoded(protected) if protected else "{}"
    if _is_object(first):
        inner = first.rstrip(_SPACE)[:-1].rstrip(_SPACE)
        signer.header_text = f"{inner}{'' if inner.endswith('{') else ','}{','.join(written)}}}"


def _unprotected_findings(names: list[str], offset: int) -> Iterator[Finding]:
    place: dict[str, Any] = {"offset": offset, "length": 1}
    for name, spec in _MUST_BE_PROTECTED.items():
        if name in names:
            yield found("unprotected_forbidden", "header", **place, name=name, spec=spec)
    code = "unprotected_alg" if "alg" in names else "unprotected_header"
    shown = ", ".join(f'"{quoted(name, 30)}"' for name in names[:5])
    yield found(code, "header", **place, names=shown, verb="stands" if len(names) == 1 else "stand")


def _disclosures(form: JsonForm, members: dict[str, Node], unprotected: dict[str, Node], start: int) -> None:
    """RFC 9901 §8.1: disclosures stand in the unprotected header; drafts had them beside the payload."""
    members = members | unprotected
    node = members.get("disclosures")
    if node is None or node.kind != "array":
        return
    form.is_draft = node is not unprotected.get("disclosures")
    form.disclosures = [(one.value, one.start + 1 + start) for one in node.items if isinstance(one.value, str)]
    binding = members.get("kb_jwt")
    form.key_binding = binding.value if binding and isinstance(binding.value, str) else ""
