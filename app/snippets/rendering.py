"""From a library's templates and the facts of a token to code. A value is quoted where it is put in: no template can forget it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import jinja2

from app.snippets.facts import KEY_FORMS, PAIR_FORMS, SECRET_FORMS, Facts
from app.snippets.languages import LANGUAGES, Language
from app.snippets.library import Library, libraries
from app.snippets.quoting import CannotQuote
from app.tokens import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT, lossless_json
from app.tokens.algorithms import CURVES, Algorithm, KeyManagement

Action = Literal["verify", "sign"]


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code, or the sentence that says why there is none."""

    text: str
    language: Language
    why_not: str = ""

    @property
    def can(self) -> bool:
        """Whether there is code."""
        return not self.why_not


class Code(str):
    """Text of a template, or made by one: it is put in as it is."""

    __slots__ = ()


def render(library_id: str, action: Action, facts: Facts) -> Snippet:
    """Write the code with which the library verifies a token of these *facts*, or signs one."""
    library = libraries()[library_id]
    why_not = _why_not(library, action, facts)
    if why_not:
        return Snippet("", library.language, why_not)
    try:
        return Snippet(code(library, action, facts), library.language)
    except CannotQuote as obstacle:
        return Snippet("", library.language, f"The token holds {obstacle}, which cannot be written in {library.language.name}.")


def code(library: Library, action: Action, facts: Facts) -> str:
    """Write the code whether or not the library can do it; the suite proves with it that what is refused is refused."""
    row = _row(facts)
    header = _members(facts.header)
    extras = {name: value for name, (value, _) in header.items()}
    first = {"alg": facts.algorithm} | ({"enc": facts.encryption} if facts.encryption else {})
    values: dict[str, Any] = {
        "action": Code(action),
        "algorithm": facts.algorithm,
        "encryption": facts.encryption,
        "name": Code(library.names.get(facts.algorithm, facts.algorithm)),
        "digest": Code(row.digest if row else ""),
        "row": row,
        "key_type": CURVES[facts.curve].key_type if facts.curve in CURVES else row.key_type if row else "",
        "key_form": _form(action, facts),
        "key": facts.key,
        "half": _half(action, facts),
        "file": file_name(action, facts),
        "issuer": facts.issuer,
        "audience": facts.audience,
        "type": facts.type,
        "leeway": facts.leeway,
        "expires": facts.expires,
        "required": [claim for claim, wanted in _required(facts) if wanted],
        "key_id": facts.key_id,
        "header": first | extras,
        "extras": extras,
        "extras_json": {name: text for name, (_, text) in header.items()},
        "header_json": _json(
            {name: json.dumps(value) for name, value in first.items()} | {name: text for name, (_, text) in header.items()}
        ),
        "claims": lossless_json.read(facts.claims).value,
        "claims_json": lossless_json.spaced(facts.claims),
    }
    load = _template(library.language.id, library.keys.get(_form(action, facts), "")).render(values)
    text = _template(library.language.id, getattr(library, action)).render(values, load_key=Code(load.strip("\n")))
    # No string holds a line break as such, so that what is left out of a template can be closed up.
    return re.sub("\n{3,}", "\n\n", text.strip("\n")) + "\n"


def file_name(action: Action, facts: Facts) -> str:
    """The file that holds the key, where it is one."""
    half = _half(action, facts)
    return {"pem": f"{half}.pem", "jwk": f"{half}.jwk", "jwks": "jwks.json"}.get(_form(action, facts), "")


def _row(facts: Facts) -> Algorithm | KeyManagement | None:
    return KEY_MANAGEMENT.get(facts.algorithm) if facts.encryption else ALGORITHMS.get(facts.algorithm)


def _form(action: Action, facts: Facts) -> str:
    """The form of the key: who signs, or decrypts, has one private key, also where a set of public ones is published."""
    is_set = facts.key_form == "jwks"
    return "jwk" if is_set and (action == "sign" or facts.encryption) else facts.key_form


def _half(action: Action, facts: Facts) -> str:
    """Which half of a pair the action takes: the public one verifies and encrypts, the private one signs and decrypts."""
    row = _row(facts)
    if row and row.key_type == "oct":
        return "secret"
    return "public" if (action == "verify") != bool(facts.encryption) else "private"


def _required(facts: Facts) -> tuple[tuple[str, bool], ...]:
    """The claims a token must have to be accepted."""
    return ("exp", facts.expires), ("iss", facts.issuer is not None), ("aud", facts.audience is not None)


def _members(header: str) -> dict[str, tuple[Any, str]]:
    """What the header says beside the algorithms: each value, and as it is written."""
    entries = lossless_json.read(header).members
    return {entry.name: (entry.value, header[entry.start : entry.end]) for entry in entries if entry.name not in ("alg", "enc")}


def _json(members: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {lossless_json.spaced(text)}" for name, text in members.items()) + "}"


def _why_not(library: Library, action: Action, facts: Facts) -> str:
    """Why there is no code: the first reason, or nothing."""
    if facts.algorithm == "none":
        return "A token without a signature proves nothing: there is nothing to verify, and nobody should accept one."
    if facts.encryption and not library.encrypted:
        return f"There is no code for encrypted tokens with {library.name}."
    row = _row(facts)
    missing = _not_offered(library, facts, row)
    if row is None or missing is not None:
        name = _short(facts.algorithm if missing is None else missing)
        return f"There is no code for {name} with {library.name}." if facts.encryption else f"{library.name} does not offer {name}."
    return _of_key(library, action, facts, row) or _of_rules(library, action, facts) or _of_content(library, action, facts)


def _not_offered(library: Library, facts: Facts, row: Algorithm | KeyManagement | None) -> str | None:
    """The first name in the token that the library does not offer."""
    sealed = bool(facts.encryption)
    if facts.algorithm not in (library.encrypted if sealed else library.algorithms):
        return facts.algorithm
    if sealed and (facts.encryption not in library.encrypted or facts.encryption not in CONTENT_ENCRYPTION):
        return facts.encryption
    has_curves = row is not None and row.family in ("eddsa", "ecdh")
    return facts.curve if has_curves and facts.curve and facts.curve not in (library.encrypted if sealed else library.curves) else None


def _of_key(library: Library, action: Action, facts: Facts, row: Algorithm | KeyManagement) -> str:
    """Why the key cannot be loaded."""
    fitting = SECRET_FORMS if row.key_type == "oct" else PAIR_FORMS
    if facts.key_form not in fitting:
        wants = row.wants if isinstance(row, Algorithm) else row.wants(CONTENT_ENCRYPTION[facts.encryption])
        return f"{facts.algorithm} takes {wants}, which is not {KEY_FORMS[facts.key_form]}."
    if _form(action, facts) not in library.keys:
        others = " or ".join(KEY_FORMS[form] for form in fitting if form in library.keys)
        return f"{library.name} does not read {KEY_FORMS[facts.key_form]} here. Give the key as {others}."
    return ""


def _of_rules(library: Library, action: Action, facts: Facts) -> str:
    """What the library itself says it does not do."""
    for refusal in library.refuses:
        if all((action if name == "action" else getattr(facts, name)) == value for name, value in refusal.items() if name != "because"):
            return refusal["because"]
    return ""


def _of_content(library: Library, action: Action, facts: Facts) -> str:
    """Why the library cannot take the header or the claims."""
    header = _members(facts.header)
    typ = facts.type or header.get("typ", ("",))[0]
    if library.types and typ and typ not in library.types:
        return f"{library.name} takes only tokens whose typ is {' or '.join(library.types)}."
    if action == "verify":
        return ""
    unknown = [name for name, (value, _) in header.items() if name not in library.header or not isinstance(value, str)]
    if library.header and unknown:
        return f"{library.name} cannot put {_short(unknown[0])} into a header."
    is_claims = isinstance(lossless_json.read(facts.claims).value, dict)
    return "" if is_claims else "The payload is not a JSON object, so there are no claims to sign."


def _short(name: str) -> str:
    return name if len(name) <= 20 and name.isprintable() else "what this one says"


@cache
def _template(language_id: str, source: str) -> jinja2.Template:
    return _environment(language_id).from_string(source)


@cache
def _environment(language_id: str) -> jinja2.Environment:
    language = LANGUAGES[language_id]
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 # nosec B701 # it writes code, and each language quotes its own literals
        trim_blocks=True,
        lstrip_blocks=True,
        comment_start_string="{##",  # bash counts the characters of a variable with {#
        finalize=_writer(language),
    )
    environment.filters = _filters(language)  # and no others: what they return would be quoted again
    return environment


def _writer(language: Language) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        return value if isinstance(value, Code) else language.literal(value)

    return write


def _filters(language: Language) -> dict[str, Callable[..., Any]]:
    def at(value: Any, depth: int) -> Code:
        """Write a literal on a line that is indented."""
        return Code(language.literal(value, depth))

    def indented(text: Code, depth: int) -> Code:
        """Indent every line of some code but the first."""
        return Code(text.replace("\n", "\n" + language.indent * depth))

    def bare(name: str) -> Code:
        """Put in a name that the library's own list has, where code has names and not strings."""
        if not name.isidentifier():
            raise ValueError("the list of a library has a name that is none of code")
        return Code(name)

    return {"at": at, "indented": indented, "bare": bare}
