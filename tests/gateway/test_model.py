"""Random policies, requests and tokens get the status that a second, independent reading of the policy gives them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from app.gateway import Header, Request, decide, read_policy
from app.tokens import read_keys
from tests.gateway import model
from tests.gateway.gate import NOW

SECRETS = {"one": "1" * 40, "two": "2" * 40}
PATHS = ("/", "/a", "/a/", "/a/b", "/b", "/A")
TARGETS = (
    *("/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b?x=1", "/%61", "/A", "/b/", "/a/...", "/%C3%A4", "/a%20"),
    *(
        "/a%2fb",
        "/%EF%BD%81",
        "/%E2%93%91/x",
        "/a%EF%BC%8Fb",
        "/a/../b",
        "/a//b",
        "/a;b",
        "/a/%2e%2e/b",
        "/a%3Fb",
        "/a%5Cb",
        "/a%252e",
        "/%zz",
        "http://h/a",
        "*",
        "/a%00",
        "/%ff",
    ),
)
VALUES = ("acme", "ac", "x acme", "1", "", 1, 1.0, 0, True, False, None, ["acme", "r"], ["1", 1], {"a": "acme"})
WORDS = ("r", "w", "admin")
CLAIMS = ("tenant", "o.a", "o.b.c", ["x.y"])


class Maker:
    """Makes one case after the other from *seed*."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.choice = self.random.choice

    def is_so(self, chance: float) -> bool:
        return self.random.random() < chance

    def some(self, choices: Any, most: int) -> list[Any]:
        return self.random.sample(choices, self.random.randint(1, most))

    def rule(self, depth: int = 0) -> dict[str, Any]:
        if depth < 3 and self.is_so(0.5):
            how = self.choice(["all", "any", "not"])
            return {how: self.rule(depth + 1) if how == "not" else [self.rule(depth + 1) for _ in range(self.choice([1, 2, 3]))]}
        how, scalars = self.choice(["equals", "one_of", "contains", "prefix"]), ["acme", "ac", "1", 1, 0, True, False]
        value = self.some(scalars, 3) if how == "one_of" else self.choice(["a", "ac", "acme", "1"] if how == "prefix" else scalars)
        return {"claim": self.choice(CLAIMS), how: value}

    def words(self) -> dict[str, Any]:
        made: dict[str, Any] = {name: self.some(WORDS, 2) for name in self.some(["all", "any"], 2)}
        return made | ({"claim": self.choice(["realm.roles", "scp", ["x.y"]])} if self.is_so(0.3) else {})

    def route(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            self.choice(["exact", "prefix"]): self.choice(PATHS),
            "access": self.choice(["token"] * 3 + ["optional", "anyone"]),
        }
        if self.is_so(0.4):
            made["methods"] = self.some(["GET", "POST", "HEAD"], 2)
        if made["access"] == "token":
            kinds: dict[str, Any] = {"scopes": self.words, "roles": self.words, "claims": self.rule}
            made |= {name: make() for name, make in kinds.items() if self.is_so({"claims": 0.6}.get(name, 0.2))}
        return made

    def policy(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"issuer": "a", "keys": [{"secret": "one", "algorithms": ["HS256"]}]}
        entry |= {
            name: value for name, value in {"audience": ["x", "y"], "leeway": 30, "required": ["exp", "sub"]}.items() if self.is_so(0.4)
        }
        rest = [{"keys": [{"secret": "two", "algorithms": ["HS256"]}]}] if self.is_so(0.4) else []
        made: dict[str, Any] = {"issuers": [entry, *rest], "routes": [self.route() for _ in range(self.choice([1, 2, 3, 4]))]}
        if self.is_so(0.4):
            places = [
                {"header": "Authorization"},
                {"header": "X-Token"},
                {"header": "X-T", "scheme": "JWT"},
                {"cookie": "t"},
                {"query": "q"},
            ]
            made["token"] = self.some(places, 3)
        return made | ({"upstream": {"X-User": "sub"}} if self.is_so(0.4) else {})

    def claims(self) -> dict[str, Any]:
        made: dict[str, Any] = {"iss": self.choice(["a"] * 5 + ["b"]), "aud": self.choice(["x", "x", ["q", "y"], "q"]), "sub": "u"}
        made |= {
            "exp": NOW + self.choice([600] * 9 + [1, 0, -29, -30]),
            "nbf": NOW + self.choice([-1, 0, 30, 31] if self.is_so(0.2) else [0]),
        }
        made |= {"scope": self.choice(["r w", "r w admin", "", ["w"]]), "roles": self.choice([["r", "w", "admin"], "admin", {"r": 1}])}
        made |= {"realm": {"roles": self.choice([["r", "admin"], "w"])}, "scp": "r", "x.y": self.choice(["acme", ["r", "w"]])}
        made |= {"tenant": self.choice(VALUES), "o": {"a": self.choice(VALUES), "b": {"c": self.choice(VALUES)}}}
        for name in self.random.sample(list(made), self.choice([0, 0, 0, 1, 2])):
            del made[name]
        return made

    def headers(self, policy: Any, token: str) -> tuple[str, list[tuple[str, str]]]:
        """Query and headers with no token, one or two, some of them in an odd form."""
        query, headers = "", []
        for _ in range(self.choice([0] + [1] * 8 + [2])):
            place = self.choice(policy.get("token", model.AUTHORIZATION))
            if "header" in place:
                scheme = place.get("scheme", "Bearer" if place["header"] == "Authorization" else "")
                good = f"{self.choice([scheme, scheme.lower()])}{self.choice([' ', '  '])}{token}" if scheme else token
                headers.append((place["header"], self.choice([good] * 9 + ["Basic x", "Bearer", "Bearer a b", token])))
            elif "cookie" in place:
                headers.append(("Cookie", f"a=1; t={token}"))
            else:
                query += f"&q={token}"
        if self.is_so(0.15):
            headers.append((self.choice(["X-User", "X_User", "x-token", "Connection"]), self.choice(["close", "X-User", "x"])))
        return query, headers


def signed(claims: Any, secret: str) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)]
    mac = hmac.digest(secret.encode(), b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def is_taken(policy: Any, claims: Any, signer: str) -> bool:
    """Whether the terms of the token's issuer are met."""
    entry = next((one for one in policy["issuers"] if one.get("issuer", claims.get("iss")) == claims.get("iss")), None)
    if entry is None or entry["keys"][0]["secret"] != signer:
        return False
    audience, leeway = claims.get("aud", []), entry.get("leeway", 0)
    if "audience" in entry and not set(entry["audience"]) & set([audience] if isinstance(audience, str) else audience):
        return False
    if any(name not in claims for name in entry.get("required", ["exp"])):
        return False
    return bool(claims.get("exp", NOW + 1) + leeway > NOW >= claims.get("nbf", NOW) - leeway)


@pytest.mark.parametrize("seed", range(20))
def test_a_second_reading_of_the_policy_comes_to_the_same_status(seed: int):
    maker, seen = Maker(seed), Counter[int]()
    keys = {name: read_keys(secret) for name, secret in SECRETS.items()}
    for _ in range(200):
        document, claims, signer = maker.policy(), maker.claims(), maker.choice(["one"] * 5 + ["two"])
        token = signed(claims, SECRETS[signer])
        query, headers = maker.headers(document, token)
        target = maker.choice(TARGETS[:13] * 8 + TARGETS)
        target += query.replace("&", "&" if "?" in target else "?", 1)
        method = maker.choice(["GET"] * 12 + ["POST", "HEAD", "get", "TRACE"])
        accepted = {token: claims} if is_taken(document, claims, signer) else {}
        wanted = model.status(document, method, target, headers, accepted.get)
        asked = Request(method, target, tuple(Header(*one) for one in headers))
        decision = decide(read_policy(json.dumps(document)), asked, keys, NOW)
        assert decision.status == wanted, (document, method, target, headers, claims, signer)
        seen[wanted] += 1
    assert set(seen) == {200, 400, 401, 403}
