"""/keys/fetch: a key set by its URL into the key box, when a person presses the button. The API's door to it is beside the others."""

from __future__ import annotations

import re
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, request

from app import keyfetch, tokens
from app.keyfetch import Fetched, Fetcher, Kind, NotFetched
from app.settings import Settings
from app.web import debugger
from app.web.errors import Refused
from app.web.respond import answer
from app.web.view import FetchNote

blueprint = Blueprint("fetching", __name__)

_A_URL = re.compile(r"\s*https?://\S+\s*", re.IGNORECASE)
_EXTENSION = "key_fetcher"
_FROM_TOKEN = {"iss": "the issuer that the token names (iss)", "jku": "the key set that the token names (jku)"}


def install(app: Flask, settings: Settings) -> None:
    """Give *app* its fetcher: what it remembers, it remembers for the process."""
    rules = keyfetch.Rules(frozenset(settings.fetch_hosts), settings.fetch_networks, settings.no_fetching)
    app.extensions[_EXTENSION] = Fetcher(rules)
    app.jinja_env.globals["no_fetching"] = settings.no_fetching[0]


def fetch(url: str, kind: str, again: bool) -> Fetched:
    """Ask the application's fetcher; raises NotFetched."""
    return cast(Fetcher, current_app.extensions[_EXTENSION]).fetch(url, cast(Kind, kind), again=again)


@blueprint.post("/keys/fetch")
def fetch_keys() -> Response:
    form = debugger.read_form()
    sent = request.form.get("key_url", "").strip()
    kind = request.form.get("key_url_kind", "auto")
    url = sent or (form.key.strip() if _A_URL.fullmatch(form.key) else "")
    if not url and (found := _from_token(form.token)):
        page = debugger.show(form)
        page.fetch = found
        return answer(page, ("key_fetch",))
    try:
        fetched = fetch(url, kind if kind in keyfetch.KINDS else "auto", request.form.get("again") == "1")
    except NotFetched as failure:
        page = debugger.show(form)
        page.fetch = _failed(url, kind, failure)
        return answer(page, ("key_fetch",))
    form.key, form.key_encoding = fetched.text, "auto"
    page = debugger.show(form)
    page.fetch = _brought(url, kind, fetched)
    return answer(page, (*debugger.AFTER_KEY, "key", "key_fetch", *(("payload",) if page.is_decrypted else ())))


def refused(failure: NotFetched) -> Refused:
    """The refusal in the words of the API."""
    return Refused(failure.status, failure.code, failure.message, failure.hint)


def _from_token(text: str) -> FetchNote | None:
    """A URL that the token names, put into the field and not asked: a token can name any server, so a person confirms it."""
    token = tokens.decode(text)
    named = ((name, part.get(name)) for name, part in (("iss", token.payload), ("jku", token.header)) if isinstance(part, dict))
    for name, url in named:
        if isinstance(url, str) and _A_URL.fullmatch(url) and len(url) < 2048:
            kind = "issuer" if name == "iss" else "key_set"
            said = f"This is {_FROM_TOKEN[name]}. A token can name any server: press Fetch again if you trust this one."
            return FetchNote(url.strip(), kind, "warn", "Not fetched yet", said)
    return None


def _failed(url: str, kind: str, failure: NotFetched) -> FetchNote:
    details = f"{failure.message} {failure.hint}"
    steps = tuple(_step(step) for step in failure.steps)
    return FetchNote(
        url, kind, "bad", "Not fetched", details, steps=steps, can_repeat=failure.age > 0, age=_age(failure.age) if failure.age else ""
    )


def _brought(url: str, kind: str, fetched: Fetched) -> FetchNote:
    count = len(fetched.keys)
    details = f"from {fetched.url}" + (f", which the issuer {fetched.issuer} names" if fetched.issuer else "")
    word = f"{count} key{'' if count == 1 else 's'} fetched"
    keys = tuple((key.kid or "no kid", ", ".join(filter(None, (key.what, key.alg, key.use)))) for key in fetched.keys)
    steps = tuple(_step(step) for step in fetched.steps)
    tone: Any = "warn" if fetched.notes else "good"
    return FetchNote(url, kind, tone, word, details, fetched.notes, keys, steps, True, _age(fetched.age))


def _step(step: keyfetch.Step) -> str:
    said = f"status {step.status}" if step.status else "no answer"
    return f"{step.url}: {said}, {step.seconds:.2f} s"


def _age(seconds: float) -> str:
    return f"{seconds:.0f} s ago" if seconds >= 1 else "just now"
