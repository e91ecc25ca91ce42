"""keys: make, convert, name and fetch keys. Private keys go to a file that only its owner reads, or where they are sent."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from typing import Any, cast

import click

from app import tokens
from app.cli import delivery, options, screen, sources, voice
from app.cli.delivery import deliver
from app.cli.environment import settings_with
from app.cli.voice import Refused, examples
from app.reports import facts
from app.tokens import keys as core
from app.tokens.findings import quoted
from app.tokens.keys import forms
from app.tokens.keys.kinds import KINDS, Kind, for_header

_FORMS = ("jwk", "jwks", "pem", "old-pem", "der", "ssh", "text", "base64url", "base64", "hex")
_FETCH_KINDS = ("auto", "key_set", "issuer")


@click.group(epilog=examples("jwtlens keys generate ES256 --to pem --out private.pem", "jwtlens keys thumbprint private.pem"))
def keys() -> None:
    """Make, convert, name and fetch keys."""


def _out(verb: options.Verb) -> Any:
    said = "Write to this new file; a private key so that only its owner reads it."
    return click.option("--out", metavar="FILE", type=options.FILE, help=said)(verb)


def _to(verb: options.Verb) -> Any:
    return click.option("--to", "form", type=click.Choice(_FORMS), default="jwk", show_default=True, help="The form to write.")(verb)


@keys.command(epilog=examples("jwtlens keys generate ES256 --to pem --out private.pem --public-out public.pem"))
@click.argument("name", metavar="NAME", shell_complete=options.completing(lambda: _names()))
@_to
@_out
@click.option("--public-out", metavar="FILE", type=options.FILE, help="Write the public half to this new file.")
@click.option("--lock-env", metavar="NAME", help="The variable with the passphrase to lock a PEM with.")
@options.as_json
def generate(name: str, form: str, out: str | None, public_out: str | None, lock_env: str | None, as_json: bool) -> None:
    """Make a key.

    NAME is an algorithm, such as ES256, RS256, EdDSA, HS256, ML-DSA-65, RSA-OAEP or A256KW, or a kind of key, such as P-256, RSA-4096
    or X25519.
    """
    delivery.check(out, public_out)
    made, is_text = _made(name)
    public = _written(made, "public", form) if public_out else b""  # before anything is written: a secret has none
    if as_json:
        data = facts.as_json(facts.made(made, is_text)).encode() + b"\n"
    else:
        data = _written(made, _half(made, public=False), form, sources.passphrase(lock_env) or "")
    deliver(data, out, private=True)
    if public_out:
        deliver(public, public_out, private=False)


@keys.command(epilog=examples("jwtlens keys convert private.pem --public --to jwks", "jwtlens keys convert keys.json --kid k1 --to pem"))
@options.key_by_name
@_to
@click.option("--public", is_flag=True, help="The public half only.")
@click.option("--kid", metavar="TEXT", help="Which key of a set.")
@click.option("--lock-env", metavar="NAME", help="The variable with the passphrase to lock a PEM with.")
@_out
def convert(keys: tokens.Keys, form: str, public: bool, kid: str | None, lock_env: str | None, out: str | None) -> None:
    """Write a key in another form.

    A private key stays private unless --public is given; a JWK Set holds public keys only.
    """
    read = _readable(keys)
    chosen = [key for key in read if kid is None or key.kid == kid]
    if not chosen:
        known = ", ".join(quoted(key.kid) for key in read if key.kid)
        raise Refused("no key of the set has that kid", f"it has {known or 'none with a kid'}")
    if form == "jwks":
        deliver(_set_of(chosen), out, private=False)
        return
    if len(chosen) > 1 and form not in ("pem", "old-pem", "ssh"):
        raise Refused(f"there are {len(chosen)} keys, and this form holds one", "choose one with --kid, or write --to jwks")
    halves = [_half(key, public) for key in chosen]
    lock = sources.passphrase(lock_env) or ""
    written = [_written(key, half, form, lock) for key, half in zip(chosen, halves, strict=True)]
    deliver(b"".join(written), out, private=any(half != "public" for half in halves))


@keys.command(
    short_help="Name keys by their thumbprint.",
    epilog=examples("jwtlens keys thumbprint public.pem", "jwtlens keys thumbprint keys.json --uri"),
)
@options.key_by_name
@click.option("--uri", is_flag=True, help="As a URN (RFC 9278).")
@options.as_json
def thumbprint(keys: tokens.Keys, uri: bool, as_json: bool) -> None:
    """Print the JWK thumbprint with SHA-256 (RFC 7638) of each key, in the order of the set."""
    read = _readable(keys)
    if any(key.secret is not None for key in read):
        raise Refused("a secret could be guessed from its thumbprint (RFC 7638 §7)", "give a public or private key")
    if as_json:
        screen.say_json(facts.as_json({"keys": [key.summary() for key in read]}), screen.here())
        return
    screen.write("\n".join(key.thumbprint_uri() if uri else key.thumbprint() for key in read))


@keys.command(
    short_help="Fetch the key set of a URL or issuer.", epilog=examples("jwtlens keys fetch https://login.example.com --out keys.json")
)
@click.argument("url", metavar="URL")
@click.option("--kind", type=click.Choice(_FETCH_KINDS), default="auto", show_default=True, help="What the URL is.")
@_out
@options.as_json
def fetch(url: str, kind: str, out: str | None, as_json: bool) -> None:
    """Fetch the key set at a URL, or that of an issuer, over https and from public addresses only.

    JWTLENS_FETCH_HOSTS and JWTLENS_FETCH_NETWORKS widen or narrow where to, as for the server.
    """
    from app import keyfetch  # it loads what speaks TLS, which no other verb needs

    settings = settings_with()
    # Who can reach a server is no matter here: a person asks for themselves.
    rules = keyfetch.Rules(frozenset(settings.fetch_hosts), settings.fetch_networks, ("", "") if settings.fetch else settings.no_fetching)
    try:
        fetched = keyfetch.Fetcher(rules).fetch(url, cast(keyfetch.Kind, kind))
    except keyfetch.NotFetched as failure:
        raise Refused(failure.message, voice.voice(failure.hint)) from None
    told = facts.fetched(fetched)
    for remark in fetched.notes:
        voice.note("warning", remark)
    deliver((facts.as_json(told) if as_json else str(told["jwks"])).encode() + b"\n", out, private=False)


def _made(name: str) -> tuple[tokens.Key, bool]:
    """A new key of that name, and whether its secret is text."""
    kind = for_header(name) or KINDS.get(name)
    if kind is None:
        raise Refused("no key can be made of that name", f"ask for one of {', '.join(_names())}")
    return core.generate_for(kind), not isinstance(kind, Kind)


def _names() -> tuple[str, ...]:
    """The names that a key can be made of; those of JWE that take a key of a kind are left to whoever knows them."""
    return tuple(dict.fromkeys([*(row.name for row in tokens.ALGORITHMS.values() if row.family != "none"), *KINDS]))


def _readable(keys: tokens.Keys) -> tuple[tokens.Key, ...]:
    if keys.is_empty:
        raise Refused("no key is given", "give its file, --key-env NAME, or a pipe")
    if not keys.keys:
        raise Refused(keys.problem, next((one.fix for one in keys.findings if one.fix), ""))
    return keys.keys


def _half(key: tokens.Key, public: bool) -> forms.Half:
    if key.secret is not None:
        if public:
            raise Refused("a secret has no public half", "whoever verifies with it can also sign")
        return "secret"
    return "private" if key.is_private and not public else "public"


def _set_of(keys: Iterable[tokens.Key]) -> bytes:
    listed = [key for key in keys if key.secret is None]
    if not listed:
        raise Refused("a secret does not go into a key set, which is public", "write it --to jwk")
    return forms.set_of(listed).encode() + b"\n"


def _written(key: tokens.Key, half: forms.Half, form: str, lock: str = "") -> bytes:
    if lock and (half != "private" or form not in ("pem", "der")):
        raise Refused("only a private key as pem or der can be locked with a passphrase", "write it --to pem")
    if form == "jwks" and half == "public":
        return _set_of([key])
    known = {one.name: one.text for one in forms.forms(key, lock)}
    text = known.get(f"{half}-{form}")
    if text is None:
        has = ", ".join(one for one in _FORMS if f"{half}-{one}" in known)
        raise Refused(f"the {key.name} has no such form", f"it can be written as {has}" if has else "give another key")
    return b64decode(text) if form == "der" else text.rstrip("\n").encode() + b"\n"
