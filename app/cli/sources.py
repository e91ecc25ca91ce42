"""Where token, key and text come from: an argument, a file, the environment, standard input."""

from __future__ import annotations

import codecs
import os
import sys
from base64 import b64encode
from pathlib import Path

import click

from app import tokens
from app.cli.voice import Refused
from app.tokens.keys import locked

STDIN = "-"
_MOST_BYTES = 4 * 2**20
_READ = "app.cli.stdin"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WHY: dict[type[Exception], str] = {
    FileNotFoundError: "does not exist",
    PermissionError: "may not be read",
    IsADirectoryError: "is a folder",
}
_NO_TOKEN = "give it as an argument, with --file FILE, or through a pipe"


def token(words: tuple[str, ...], path: str | None) -> str:
    """The text in which a token is looked for; the shell may have split it into *words*."""
    if words and path:
        raise Refused("a token and a file are given", "give one of them")
    if words and words != (STDIN,):
        return as_text(os.fsencode(" ".join(words)))  # bytes that are no text are replaced, as they are in a file
    if path is None and not words and _is_typed():
        raise Refused("there is no token", _NO_TOKEN)
    text = as_text(_bytes(path or STDIN, "the file of the token"))
    if not text.strip():
        raise Refused("there is no token: nothing came to read", _NO_TOKEN)
    return text


def is_piped() -> bool:
    """Whether something comes through a pipe."""
    return not _is_typed()


def piped() -> str | None:
    """What comes through a pipe, or None when there is none."""
    return None if _is_typed() else as_text(_bytes(STDIN, "standard input"))


def text(given: str | None, path: str | None, name: str) -> str | None:
    """A text given as it is or by its file; *name* is what it is."""
    _refuse_both(given, path, name)
    return given if path is None else as_text(_bytes(path, f"the file of the {name}"))


def payload(given: str | None, path: str | None) -> str | None:
    """A payload given as it is or by its file, to the last line break: what is signed is every byte of it."""
    _refuse_both(given, path, "payload")
    if path is None:
        return given
    try:
        return _bytes(path, "the file of the payload").decode()
    except UnicodeDecodeError:
        raise Refused("the file of the payload is not UTF-8, and nothing else is signed here", "encode its content as text") from None


def keys(
    path: str | None, variable: str | None, key_set: str | None = None, encoding: str = "auto", passphrase: str | None = None
) -> tokens.Keys:
    """The keys of a file, an environment variable or a key set's file; none when nothing is given."""
    if sum(one is not None for one in (path, variable, key_set)) > 1:
        raise Refused("more than one key is given", "give one of --key-file, --key-env and --jwks; a JWK Set holds several keys")
    if variable is not None:
        return _opened(_variable(variable), encoding, passphrase)
    if key_set is not None:
        read = _opened(as_text(_bytes(key_set, "the file of the key set")), "auto", None)
        if not read.is_set:
            raise Refused("what --jwks names holds no JWK Set", "give any other key with --key-file")
        return read
    if path is None:
        return tokens.read_keys("")
    return _of_file(_bytes(path, "the file of the key"), encoding, passphrase)


def passphrase(variable: str | None) -> str | None:
    """The passphrase in an environment variable."""
    return None if variable is None else _variable(variable)


def as_text(data: bytes) -> str:
    """The text that *data* is, without the line break with which a file or `echo` ends it; PowerShell writes UTF-16."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    decoded = data.decode(encoding, "replace")
    return decoded.removesuffix("\n").removesuffix("\r")


def _opened(text: str, encoding: str, passphrase: str | None) -> tokens.Keys:
    opened = locked.read(text, passphrase or "") if encoding == "auto" else None
    return opened or tokens.read_keys(text, encoding)


def _of_file(data: bytes, encoding: str, passphrase: str | None) -> tokens.Keys:
    """The keys in the bytes of a file, which are text, DER, or else a secret."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            packed = b64encode(data).decode()
            read = _opened(packed, "auto", passphrase)
            return tokens.read_keys(packed, "base64") if any(key.secret is not None for key in read.keys) else read
    return _opened(as_text(data), encoding, passphrase)


def _refuse_both(given: str | None, path: str | None, name: str) -> None:
    if given is not None and path is not None:
        raise Refused(f"the {name} is given twice", "give it as it is or by its file")


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:  # the name is not repeated: it may be the key, given by mistake
        raise Refused("the environment has no variable of that name", "give the name of the variable, and export it before")
    return value


def _is_typed() -> bool:
    return sys.stdin is None or sys.stdin.isatty()


def _bytes(path: str, name: str) -> bytes:
    """The bytes of a file or of standard input; the path is not repeated, for it may be a key given by mistake."""
    try:
        if path == STDIN:
            take_stdin()
            data = sys.stdin.buffer.read(_MOST_BYTES + 1) if sys.stdin else b""
        else:
            with Path(path).open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Refused(f"{name} {_WHY.get(type(error), 'cannot be read')}", "check the path") from None
    if len(data) > _MOST_BYTES:
        raise Refused("the input is longer than 4 MiB", "cut out the part that holds the token")
    return data


def take_stdin() -> None:
    """Refuse to read standard input for a second thing."""
    meta = click.get_current_context().meta
    if meta.get(_READ):
        raise Refused("standard input is asked for twice", "it can hold one thing; give the others by file or environment")
    meta[_READ] = True
