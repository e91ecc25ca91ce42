"""encode: header and payload to a signed or encrypted token; what `decode --json` wrote goes in as it is."""

from __future__ import annotations

import json
import re
from typing import Any

import click

from app import tokens
from app.cli import options, screen, sources, voice
from app.cli.voice import Refused, examples
from app.reports import facts
from app.tokens import lossless_json
from app.tokens.lossless_json import Document

_EXAMPLES = (
    """jwtlens encode --alg HS256 --payload '{"sub":"alice"}' --key-env JWT_SECRET""",
    "jwtlens encode --header-file header.json --payload-file claims.json --key-file private.pem",
    "jwtlens decode --json --file token.txt | jwtlens encode --key-file private.pem",
    "jwtlens decode --json --file token.txt | jq '.payload.exp += 3600' | jwtlens encode --key-env JWT_SECRET",
)
_NOT_A_DOCUMENT = ("what came to encode is not what jwtlens decode --json writes", 'it is one JSON object with "header" and "payload"')
_FORMS = ("compact", "flattened", "general")
# Standard error ends in logs: a sentence there quotes nothing that may be a token or a claim.
_QUOTED = re.compile(r'"[^"]{16,}"')


@click.command(short_help="Sign a payload, or encrypt it.", epilog=examples(*_EXAMPLES))
@click.argument("document", metavar="[FILE | -]", type=options.FILE, required=False)
@click.option("--header", metavar="JSON", help="The header, kept byte for byte.")
@click.option("--header-file", metavar="FILE", type=options.FILE, help="The header from a file.")
@click.option("--alg", metavar="NAME", help="Instead of a header: one with this alg and the typ JWT.")
@click.option("--payload", metavar="TEXT", help="The payload, kept byte for byte.")
@click.option("--payload-file", metavar="FILE", type=options.FILE, help="The payload from a file.")
@options.key
@click.option("--serialization", type=click.Choice(_FORMS), default="compact", show_default=True, help="How it is written.")
@click.option("--detached", is_flag=True, help="Leave the payload out of the token.")
@options.as_json
def encode(
    document: str | None,
    header: str | None,
    header_file: str | None,
    alg: str | None,
    payload: str | None,
    payload_file: str | None,
    keys: tokens.Keys,
    serialization: Any,
    detached: bool,
    as_json: bool,
) -> None:
    """Sign a payload, or encrypt it when the header has enc.

    Header and payload are options, or a document of `jwtlens decode --json`, perhaps edited. An option wins over the document.
    """
    header = sources.text(header, header_file, "header")
    if alg is not None and header is None:
        header = json.dumps({"alg": alg, "typ": "JWT"}, separators=(",", ":"))
    payload = sources.payload(payload, payload_file)
    if header is None or payload is None:
        read_header, read_payload = _read(document)
        header = read_header if header is None else header
        payload = read_payload if payload is None else payload
    try:
        made = tokens.encode(header, payload, keys, serialization=serialization, detached=detached)
    except tokens.CannotEncode as error:
        hint = "give it with --key-file FILE or --key-env NAME" if keys.is_empty else voice.voice(error.hint)
        raise Refused(error.message, hint) from None
    if as_json:
        told = {"token": made.token, "findings": [facts.finding(one) for one in made.findings]}
        screen.say_json(facts.as_json(told), screen.here())
        return
    for finding in made.findings:
        if finding.level != "info":
            voice.note("warning", _QUOTED.sub('"…"', finding.message))
    screen.write(made.token)


def _read(path: str | None) -> tuple[str, str]:
    """Header and payload of a document that `decode --json` wrote."""
    text = sources.piped() if path is None else sources.text(None, path, "document")
    if text is None:
        raise Refused("there is nothing to encode", "give --alg or --header, and --payload; or what jwtlens decode --json wrote")
    document = lossless_json.read(text)
    if not isinstance(document.value, dict) or not isinstance(document.value.get("header"), dict):
        raise Refused(*_NOT_A_DOCUMENT)
    if document.value.get("disclosures"):
        voice.note("warning", "the disclosures of the SD-JWT are left out")
    return _slice(document, "header"), _payload(document)


def _payload(document: Document) -> str:
    """The payload byte for byte while nobody edited it, else as it stands in the document, on one line."""
    value, text = document.value.get("payload"), document.value.get("payload_text")
    if isinstance(text, str) and (value is None or repr(lossless_json.read(text).value) == repr(value)):
        return text
    if value is None:
        raise Refused("the document has no payload", "of an encrypted token, jwtlens decrypt --json writes it")
    return _slice(document, "payload")


def _slice(document: Document, name: str) -> str:
    member = document.member(name)
    assert member is not None
    return lossless_json.compact(document.text[member.start : member.end])
