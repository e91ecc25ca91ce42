"""The claims as HAProxy is told to judge them: their form, and the terms of the issuer. Times are exact to the fraction."""

from __future__ import annotations

from app.gateway.exports import haproxy_json as pattern
from app.gateway.exports.haproxy_text import is_whole, matches, refuse
from app.gateway.exports.native import Gaps, is_text
from app.gateway.policy import Issuer, Policy
from app.tokens.claims import STRINGS, media_type

_HALF = "A name with half a character in it cannot be written into haproxy.cfg"
_DATES = ("exp", "nbf", "iat")


def claims_judging(policy: Policy, gaps: Gaps) -> list[str]:
    shapes = dict.fromkeys(STRINGS, pattern.STRING) | dict.fromkeys(_DATES, pattern.SECONDS)
    shapes["aud"] = f"{pattern.STRING}|{pattern.STRINGS}"
    lines = [
        "",
        "# The claims can be read in one way only, and have the types that they must have.",
        is_whole("claims_form", "claims"),
        *(line for name, shape in shapes.items() for line in _or_absent(f"{name}_form", name, shape)),
        *refuse(policy, "!claims_form", *(f"!{name}_form" for name in shapes)),
        "",
        "# Times, by the clock of this machine; a fraction is beyond the second that is read.",
        "http-request set-var(txn.now) date()",
        *(f"http-request set-var(txn.{name}) var(txn.claims),json_query('$.{name}',int) if judged" for name in _DATES),
        matches("no_exp", "claims", pattern.absent("exp")),
        matches("no_nbf", "claims", pattern.absent("nbf")),
        matches("exp_fraction", "claims", pattern.member(("exp",), pattern.FRACTION)),
        matches("nbf_fraction", "claims", pattern.member(("nbf",), pattern.FRACTION)),
    ]
    for number, issuer in enumerate(policy.issuers):
        lines += ["", f"# The terms of issuers[{number}].", *_times(policy, issuer, number), *_terms(policy, issuer, number, gaps)]
    return lines


def _or_absent(name: str, claim: str, value: str) -> list[str]:
    return [matches(name, "claims", pattern.absent(claim)), matches(name, "claims", pattern.member((claim,), value))]


def _mine(number: int) -> str:
    return f"{{ var(txn.issuer) -m int {number} }}"


def _times(policy: Policy, issuer: Issuer, number: int) -> list[str]:
    left, mine = f"var(txn.exp),add({issuer.leeway}),sub(txn.now)", _mine(number)
    return [
        f"acl live_{number} {left} gt 0",
        f"acl live_{number}_exactly {left} eq 0",
        f"acl begun_{number} var(txn.nbf),sub(txn.now) lt {issuer.leeway}",
        f"acl begun_{number}_exactly var(txn.nbf),sub(txn.now) eq {issuer.leeway}",
        *refuse(policy, f"{mine} !no_exp !live_{number} !live_{number}_exactly", f"{mine} !no_exp !live_{number} !exp_fraction"),
        *refuse(policy, f"{mine} !no_nbf !begun_{number} !begun_{number}_exactly", f"{mine} !no_nbf !begun_{number} nbf_fraction"),
    ]


def _terms(policy: Policy, issuer: Issuer, number: int, gaps: Gaps) -> list[str]:
    lines: list[str] = []
    wrong: list[str] = []
    if issuer.audiences:
        lines += _audiences(issuer, number, gaps)
        wrong.append(f"!aud_{number}")
    if issuer.type is not None:
        lines.append(_typ(issuer.type, number, gaps))
        wrong.append(f"!typ_{number}")
    for place, claim in enumerate(issuer.required):
        name = f"required_{number}_{place}"
        wrong.append(f"!{name}")
        if all(map(is_text, claim)):
            lines.append(matches(name, "claims", pattern.member(claim, pattern.NOT_NULL)))
        else:
            gaps.add(f"issuers[{number}].required[{place}]", f"{_HALF}; every token of this issuer is denied.")
            lines.append(f"acl {name} always_false")
    if issuer.max_life is not None:
        lines += _life(issuer.max_life, number, gaps)
        wrong += [f"!life_whole_{number}", f"!life_{number}"]
    return lines + refuse(policy, *(f"{_mine(number)} {one}" for one in wrong))


def _audiences(issuer: Issuer, number: int, gaps: Gaps) -> list[str]:
    names = [one for one in issuer.audiences if is_text(one)]
    if len(names) < len(issuer.audiences):
        gaps.add(f"issuers[{number}].audience", f"{_HALF}; tokens for it alone are denied.")
    return [matches(f"aud_{number}", "claims", pattern.member(("aud",), pattern.is_or_has(one))) for one in names] or [
        f"acl aud_{number} always_false"
    ]


def _typ(expected: str, number: int, gaps: Gaps) -> str:
    if not expected.isascii():
        gaps.add(f"issuers[{number}].type", "HAProxy compares types in ASCII only; every token of this issuer is denied.")
        return f"acl typ_{number} always_false"
    whole = media_type(expected)
    short = whole.removeprefix("application/")
    spellings = [whole] if "/" in short else [whole, short]
    value = "|".join(map(pattern.text, spellings))
    return matches(f"typ_{number}", "header", pattern.member(("typ",), f'"(?i:{value})"'))


def _life(most: int, number: int, gaps: Gaps) -> list[str]:
    gaps.add(
        f"issuers[{number}].max_life",
        "HAProxy compares whole seconds: where the life is limited, a token whose iat or exp has a fraction is denied.",
    )
    exp, iat = (pattern.member((name,), pattern.WHOLE_SECONDS) for name in ("exp", "iat"))
    return [matches(f"life_whole_{number}", "claims", f"(?={exp}){iat}"), f"acl life_{number} var(txn.exp),sub(txn.iat) le {most}"]
