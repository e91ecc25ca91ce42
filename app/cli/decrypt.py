"""decrypt: the plaintext of an encrypted token, byte for byte."""

from __future__ import annotations

import time

import click

from app import tokens
from app.cli import options, screen, telling
from app.cli.voice import Failure, Refused, examples
from app.reports import facts

_EXAMPLES = (
    "jwtlens decrypt --key-file private.pem --file token.txt",
    "jwtlens decrypt --key-env JWE_SECRET --file token.txt | jwtlens verify --key-file public.pem",
)


@click.command(epilog=examples(*_EXAMPLES))
@options.token
@options.key
@options.as_json
def decrypt(text: str, keys: tokens.Keys, as_json: bool) -> int:
    """Print what an encrypted token (JWE) holds.

    Decrypting proves nothing about the sender. The exit status is 0 when the token was decrypted, 1 when this key does not
    decrypt it or a rule refuses it, and 2 when there was nothing to try.
    """
    report = tokens.verify(text, keys, at=int(time.time()))
    opened = report.decryption
    if as_json:
        screen.say_json(facts.as_json(facts.facts(report)), screen.here())
        return {"decrypted": 0, "failed": 1}.get(opened.status, 2) if opened else 2
    if opened is None:
        hint = "jwtlens verify judges it" if telling.is_read(report) else "give a token of five parts joined by dots"
        raise Refused("the token is not encrypted" if telling.is_read(report) else report.token.gravest.message, hint)
    if keys.is_empty:
        raise Refused("no key is given", "give one with --key-file FILE or --key-env NAME")
    if opened.status != "decrypted":
        fix = next((one.fix for one in report.findings if one.level == "error" and one.fix), None)
        refusal = Failure if opened.status == "failed" else Refused
        raise refusal(opened.because, fix or "jwtlens verify tells every check")
    plaintext = opened.plaintext or b""
    if screen.is_shown():
        screen.write(screen.visible(plaintext.decode("utf-8", "replace")))
    else:
        screen.write_bytes(plaintext)
    return 0
