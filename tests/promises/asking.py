"""Every request there is to make: each route of the map, each verb, field, member, header and query, with a secret in it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import Any
from urllib.parse import quote, urlencode

import html5lib
from flask import Flask

from app.web.openapi import document
from tests.attacks.ledger import ROOT
from tests.deployment.routes import NAMES
from tests.gateway import gate
from tests.promises import canaries
from tests.promises.canaries import COUNT
from tests.tokens.keyring import make

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
HEADERS = ("User-Agent", "Referer", "Cookie", "Accept", "Accept-Language", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded",
           "HX-Request", "HX-Current-URL", "HX-Target", "HX-Trigger", "Authorization", "Proxy-Authorization", "Origin", "Host", "Content-Type",
           "Sec-Fetch-Site", "X-Request-Id", "If-None-Match", "Range", "Expect", "X-HTTP-Method-Override", "Last-Event-ID")  # fmt: skip
QUERIES = (
    "token",
    "key",
    "secret",
    "id_token",
    "access_token",
    "passphrase",
    "example",
    "moved",
    "preset",
    "shown",
    "export",
    "language",
    "has",
    "q",
    "",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the one secret in it."""

    secret: str
    method: str
    path: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def paths(app: Flask) -> Iterator[tuple[str, set[str]]]:
    """Each address that the application has, with its methods; a place for a name is filled with one that there is."""
    for rule in app.url_map.iter_rules():
        names = NAMES.get(rule.rule, ("nothing",))[:1]
        yield re.sub(r"<[^>]+>", names[0], rule.rule), set(rule.methods or ())


def form_fields(app: Flask) -> set[str]:
    """Every name that a form of ours has or that a view looks for, found in templates, rendered pages and views."""
    found: set[str] = set()
    for template in ROOT.joinpath("templates").rglob("*.html"):
        found.update(re.findall(r'\bname="([\w.-]+)"', template.read_text("utf-8")))
    for source in ROOT.joinpath("app/web").rglob("*.py"):
        tree = ast.parse(source.read_bytes())
        for node in ast.walk(tree):
            found.update(_looked_for(node))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "forms.read":
                module = import_module(".".join(source.relative_to(ROOT).with_suffix("").parts))
                found.update(one.name for one in fields(getattr(module, ast.unparse(node.args[0]))))
    client = app.test_client()
    for path, body in (("/gateway", {"view": "form"}), ("/gateway", {}), ("/keys", {"make": "1"}), ("/verify", {"token": "a.b.c"})):
        page = html5lib.parse(client.post(path, data=body).text, namespaceHTMLElements=False)
        found.update(one.get("name", "") for one in page.iter() if one.tag in ("input", "textarea", "select", "button"))
    return found - {""}


def _looked_for(node: ast.AST) -> Iterator[str]:
    of = {"request.form", "request.args", "form", "sent"}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "getlist"):
        if ast.unparse(node.func.value) in of and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
    elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) in of and isinstance(node.left, ast.Constant):
        yield str(node.left.value)
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) in of and isinstance(node.slice, ast.Constant):
        yield str(node.slice.value)


def members(schema: Any, depth: int = 3) -> Iterator[tuple[str, ...]]:
    """The path of each member that a request of the API may have."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for other in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from members(other, depth)
    for name, inner in schema.get("properties", {}).items():
        yield (name,)
        if depth:
            yield from ((name, *rest) for rest in members(inner, depth - 1))


def everything(app: Flask) -> Iterator[Asked]:
    """All requests; the secrets are dealt in turn."""
    secrets = canaries.deal()
    names = sorted(form_fields(app))
    for path, methods in (*paths(app), ("/nowhere", set()), ("/api/v1/nowhere", set()), ("/static/built/index.css", {"GET"})):
        yield from _of_verbs(path, secrets)
        yield from _of_addresses(path, secrets)
        yield from _of_headers(path, "POST" if "POST" in methods else "GET", secrets)
        if "POST" in methods and not path.startswith("/api/"):
            yield from _of_fields(path, names, secrets)
        yield from _of_members(path, secrets)
    yield from _odd(secrets)


def _of_verbs(path: str, secrets: Iterator[str]) -> Iterator[Asked]:
    for verb in VERBS:
        secret = next(secrets)
        kind = JSON if path.startswith("/api/") else FORM
        body = f'{{"token":"{secret}","key":"{secret}"}}' if kind == JSON else urlencode({"token": secret, "key": secret})
        yield Asked(secret, verb, f"{path}?x={secret}", body, {"Content-Type": kind})
    secret = next(secrets)
    yield Asked(secret, secret.upper(), path)


def _of_addresses(path: str, secrets: Iterator[str]) -> Iterator[Asked]:
    for name in QUERIES:
        secret = next(secrets)
        yield Asked(secret, "GET", f"{path}?{name or secret}={secret}")
    secret = next(secrets)
    yield Asked(secret, "GET", f"{path.rstrip('/')}/{secret}")
    secret = next(secrets)
    yield Asked(secret, "GET", f"{path}?token={quote(canaries.token(secret))}")


def _of_headers(path: str, method: str, secrets: Iterator[str]) -> Iterator[Asked]:
    for name in (*HEADERS, ""):
        secret = next(secrets)
        headers = {"Content-Type": FORM, name or f"X-{secret}": f"theme={secret}" if name == "Cookie" else secret}
        yield Asked(secret, method, path, "token=x" if method == "POST" else "", headers)


def _of_fields(path: str, names: Iterable[str], secrets: Iterator[str]) -> Iterator[Asked]:
    for number, name in enumerate((*names, "")):
        secret = next(secrets)
        value = (secret, canaries.token(secret), canaries.key(secret))[number % 3]
        form = {"token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "header": '{"alg":"HS256"}', "payload": "{}", name or secret: value}
        if name in ("clear", "generate"):
            form["key"] = secret
        yield Asked(secret, "POST", path, urlencode(form), {"Content-Type": FORM, "HX-Request": "true"})
    for headers in ({}, {"HX-Request": "true"}):
        secret = next(secrets)
        form = {
            "token": canaries.token(secret),
            "key": canaries.key(secret),
            "passphrase": secret,
            "issuer": secret,
            "a": secret,
            "b": secret,
        }
        yield Asked(secret, "POST", path, urlencode(form), {"Content-Type": FORM, **headers})


def _of_members(path: str, secrets: Iterator[str]) -> Iterator[Asked]:
    operation = document()["paths"].get(path, {}).get("post")
    if operation is None:
        return
    content = operation["requestBody"]["content"][JSON]
    for member in dict.fromkeys((*members(content["schema"]), ("",))):
        for number in range(len(canaries.shapes(""))):
            secret = next(secrets)
            value = canaries.shapes(secret)[number]
            for name in reversed([one or secret for one in member]):
                value = {name: value}
            yield Asked(secret, "POST", path, json.dumps(content.get("example", {}) | value), {"Content-Type": JSON})


def _odd(secrets: Iterator[str]) -> Iterator[Asked]:
    """Bodies that are refused before a view is asked, or that break in the middle."""
    for path, kind in (
        ("/decode", FORM),
        ("/keys", FORM),
        ("/gateway", FORM),
        ("/api/v1/decode", JSON),
        ("/api/v1/verify", JSON),
        ("/theme", FORM),
    ):
        for write in (
            lambda secret: secret * 8000,
            lambda secret: f"token={secret * 6000}",
            lambda secret: f"token=%ff%00{secret}\r\n{secret}",
            lambda secret: "&".join(f"f{number}={secret}" for number in range(200)),
            lambda secret: f'{{"token":"{secret}',
            lambda secret: f'{{"token":"\\ud800{secret}"}}',
            lambda secret: f'["{secret}"]',
            lambda secret: f'{{"token":"{secret}","token":"{secret}"}}',
        ):
            for sent in (kind, f"multipart/form-data; boundary={next(secrets)}", "text/plain"):
                secret = next(secrets) if "boundary" not in sent else sent.rpartition("=")[2]
                yield Asked(secret, "POST", path, write(secret), {"Content-Type": sent})


def of_a_proxy(key: str) -> Iterator[Asked]:
    """What a proxy may ask the forward-auth server, a secret in every place; some of the tokens are signed with *key*, and good."""
    secrets = canaries.deal()
    for number in range(COUNT):
        secret = next(secrets)
        claims = gate.GOOD | {"exp": 4_000_000_000, "note": secret, "email": f"{secret}@example.com"}
        good = make({"alg": "HS256", "x": secret}, json.dumps(claims), key=key)
        text = (good, canaries.token(secret), secret, f"{good}{secret}")[number % 4]
        asks = {"X-Original-Method": "GET", "X-Original-URI": "/orders", "Authorization": f"Bearer {text}"}
        name = (*HEADERS, f"X-{secret}")[number % (len(HEADERS) + 1)]
        yield Asked(secret, "GET", "/auth", headers=asks)
        yield Asked(secret, "GET", "/auth", headers=asks | {"X-Original-URI": f"/{secret}/a?access_token={secret}#{secret}"})
        yield Asked(secret, "GET", "/auth", headers=asks | {"X-Original-Method": secret})
        yield Asked(secret, "GET", "/auth", headers=asks | {name: secret})
        yield Asked(secret, "GET", f"/{secret}?{secret}", headers=asks)
        yield Asked(secret, "POST", f"/auth?token={secret}", secret, asks)
