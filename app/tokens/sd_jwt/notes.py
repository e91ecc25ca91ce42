"""What is to be said of an SD-JWT: its disclosures one by one, and every rule of RFC 9901 §7.1 that is broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.tokens.findings import Finding, found, quoted
from app.tokens.sd_jwt import Disclosure, Path, Presentation

_MOST_LISTED = 20
# Claims that a verifier must see, so that no holder may choose to keep them back (RFC 9901 §9.7).
FOR_VALIDITY = ("iss", "aud", "exp", "nbf", "cnf")


def findings(shown: Presentation, places: Sequence[int], size: int) -> Iterator[Finding]:
    """What is disclosed, one by one; *places* are those of the disclosures in the given text of *size* characters."""
    count, more = len(places), shown.undisclosed
    yield found(
        "sd_jwt",
        "token",
        count=f"{count} disclosure{'s' if count != 1 else ''}",
        binding="with a key binding JWT" if shown.key_binding else "no key binding JWT",
        hidden=f"{more} more digest{'s' if more != 1 else ''}: claims kept back, or decoys." if more else "Nothing else is hidden.",
    )
    if not shown.hash_known:
        yield found("sd_hash_unknown", "payload", name=quoted(shown.hash_name))
    listed = unlisted = bad = 0
    for index, one in enumerate(shown.disclosures):
        if index < _MOST_LISTED or (one.fault and not listed):
            listed += bool(one.fault)
            yield _told(one, index + 1, places[index], size)
        else:
            unlisted += 1
            bad += bool(one.fault)
    if count > len(shown.disclosures):
        yield found("sd_disclosures_too_many", "token", count=f"{count:,}", most=f"{len(shown.disclosures):,}")
    if unlisted:
        yield found("sd_disclosures_more", "token", count=unlisted, bad=bad or "none")
    for digest in shown.twice[:_MOST_LISTED]:
        yield found("sd_digest_twice", "payload", digest=quoted(digest))
    for path in shown.misplaced:
        yield found("sd_reserved_name", "payload", name=path[-1], where=_where(path[:-1]))
    if shown.is_too_large:
        yield found("sd_too_large", "payload")
    hidden = [one.name for one in shown.disclosures if len(one.path) == 1 and one.name in FOR_VALIDITY]
    if hidden:
        yield found("sd_validity_disclosable", "payload", names=", ".join(f'"{name}"' for name in hidden))
    if shown.sd_hash and shown.sd_hash_given != shown.sd_hash:
        given = f'"{quoted(shown.sd_hash_given)}"' if shown.sd_hash_given is not None else "missing"
        yield found("sd_hash_differs", "token", given=given, made=shown.sd_hash)


def _where(path: Path) -> str:
    return f"in {quoted('.'.join(map(str, path)))}" if path else "at the top"


def _told(one: Disclosure, number: int, at: int, size: int) -> Finding:
    value = quoted(one.value_text)
    what = f'claim "{quoted(one.name)}" = {value}' if one.name is not None else f"array element {value}" if value else "not readable"
    salt = f'"{quoted(one.salt, 40)}"' if isinstance(one.salt, str) else "missing"
    facts: dict[str, Any] = {"number": number, "salt": salt, "what": what, "digest": one.digest, "fault": quoted(one.fault, 200)}
    code = "sd_disclosure_refused" if one.fault else "sd_disclosure"
    where = {"claim": "an _sd array", "element": "an array element", "nowhere": "a place that cannot be checked"}[one.where]
    return found(code, "token", offset=at, length=min(len(one.text), size - at), where=where, **facts)
