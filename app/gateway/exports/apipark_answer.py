"""What APIPark answers, from the source of its driver and from what its users were told."""

from __future__ import annotations

from app.gateway.exports.apipark_gaps import ALGORITHMS, claims_of, place_of
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.credentials import by_issuer, options
from app.gateway.exports.export import Answer
from app.gateway.policy import Policy

_BODY = "missing or invalid token"


def _answer(policy: Policy, case: Case) -> Answer:
    place = place_of(policy)
    if case.route is None or case.route.access != "token" or place is None:
        raise NotKnown
    values = case.request.values(place.name)
    if not (values if place.place == "header" else case.found):
        return _refused("there is no token where it looks.")
    if not place.scheme:
        return _judged(policy, case)
    if len(values) == 1 and values[0].lower().startswith(f"{place.scheme.lower()} "):
        return _refused(f"the whole value is read as the token, and {place.scheme} before it makes it none.")
    raise NotKnown


def _judged(policy: Policy, case: Case) -> Answer:
    if len(policy.sources) > 1 or len(case.found) != 1 or not case.text or case.failed("form"):
        raise NotKnown
    known = {name: option for _, name, option in by_issuer(policy, ALGORITHMS)}
    iss, typ = case.claims.get("iss"), case.header.get("typ")
    if not isinstance(typ, str) or typ.upper() != "JWT":
        return _refused("typ is not JWT.")
    if not isinstance(iss, str) or iss not in known:
        return _refused("no application is found by iss.")
    if case.header.get("alg") != known[iss].algorithm or case.failed("signature"):
        return _refused("the key is for another algorithm, or does not verify the signature.")
    issuer = case.issuer(policy)
    if not case.passed("signature") or issuer is None or len(options(issuer, ALGORITHMS)) > 1 or "nbf" in claims_of(policy):
        raise NotKnown
    if "exp" not in case.claims or case.failed("exp") or case.in_leeway:
        return _refused("exp is over, or is not there.")
    return Answer(PASSED_ON, because="The driver jwt finds the application, if it has subscribed; it judges no aud, no scope and no role.")


def _refused(because: str) -> Answer:
    return Answer(401, (), _BODY, f"The driver jwt: {because} Every refused token gets this text; older versions of Apinto answer 403.")


answer = answering(_answer)
