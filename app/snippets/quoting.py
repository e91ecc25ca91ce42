"""Strings as each language writes them, such that no value breaks out of its quotes.

What can be seen is written as it is; quotes, backslashes and whatever else means something in the language are escaped, and so is all that
cannot be seen: control characters, spaces other than the usual one, marks that turn the direction of writing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PAIRED = "the half of a pair of UTF-16 code units"
_NUL = "a NUL character"


class CannotQuote(ValueError):
    """The value cannot be written in the language; the message says why, without the value."""


def _octal_bytes(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode())


def _short_or_long(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def _units(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _octal_or_units(character: str) -> str:
    # Java reads \u before it reads strings, so that \u000a would end the line: what is ASCII is written in octal.
    return f"\\{ord(character):03o}" if character.isascii() else _units(character)


def _braced(mark: str) -> Callable[[str], str]:
    return lambda character: f"\\{mark}{{{ord(character):x}}}"


def _quoter(
    escape: Callable[[str], str], special: str = '\\"', around: tuple[str, str] = ('"', '"'), *, halves: bool = False, nul: bool = True
) -> Callable[[str], str]:
    """Make the function that quotes for a language.

    *special* characters get a backslash, and *escape* writes those that cannot be seen. Without *halves* a lone surrogate has no place in
    the language's strings, without *nul* they end at NUL.
    """
    names = {"\n": "\\n", "\r": "\\r", "\t": "\\t"} | {character: f"\\{character}" for character in special}

    def one(character: str) -> str:
        if character in names:
            return names[character]
        return character if character.isprintable() else escape(character)

    def quote(text: str) -> str:
        if not halves and re.search("[\ud800-\udfff]", text):
            raise CannotQuote(_PAIRED)
        if not nul and "\0" in text:
            raise CannotQuote(_NUL)
        return around[0] + "".join(map(one, text)) + around[1]

    return quote


python = _quoter(_short_or_long, halves=True)
javascript = _quoter(_units, halves=True)
go = _quoter(_short_or_long)
java = _quoter(_octal_or_units, halves=True)
csharp = _quoter(_short_or_long, halves=True)
php = _quoter(_braced("u"), '\\"$')
ruby = _quoter(_braced("u"), '\\"#')
rust = _quoter(_braced("u"))
perl = _quoter(_braced("x"), '\\"$@')
# Of two question marks a trigraph could be made.
c = _quoter(_octal_bytes, '\\"?', nul=False)
erlang = _quoter(_braced("x"), around=('<<"', '"/utf8>>'))
elixir = _quoter(_braced("u"), '\\"#')
_ansi = _quoter(_octal_bytes, "\\'", ("$'", "'"), nul=False)


def shell(text: str) -> str:
    """Quote for bash: plain single quotes, unless something in it cannot be seen or is a single quote."""
    return f"'{text}'" if text.isprintable() and "'" not in text else _ansi(text)
