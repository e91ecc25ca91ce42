"""Where a key goes: to a new file that only its owner reads if it is private, or to standard output."""

from __future__ import annotations

import os
from pathlib import Path

from app.cli import screen, voice
from app.cli.voice import Refused

_SEEN = "the key stands on this screen now; --out FILE writes it to a file that only you can read"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def check(*paths: str | None) -> None:
    """Refuse, before anything is written, what cannot be a new file each."""
    files = [Path(path) for path in paths if path is not None]
    if len({os.path.realpath(file) for file in files}) < len(files):
        raise Refused("two files to write are one", "name another file for each")
    for file in files:
        if os.path.lexists(file):
            raise _there_already()
        if not (file.parent.is_dir() and os.access(file.parent, os.W_OK | os.X_OK)):
            raise _not_writable()


def deliver(data: bytes, path: str | None, *, private: bool) -> None:
    """Write to a new file, or to standard output."""
    if path is not None:
        _save(data, path, 0o600 if private else 0o644)
        return
    if not screen.is_shown():
        screen.write_bytes(data)
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Refused("the form is bytes, which are nothing for a screen", "use --out FILE or a pipe") from None
    screen.write(screen.visible(text), end="")
    if private:
        voice.note("warning", _SEEN)


def _save(data: bytes, path: str, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, _NEW, mode), "wb") as file:
            file.write(data)
    except FileExistsError:
        raise _there_already() from None
    except OSError:
        raise _not_writable() from None


def _there_already() -> Refused:
    return Refused("the file to write is there already", "name a new one: no key is written over")


def _not_writable() -> Refused:
    return Refused("the file cannot be written", "check the folder and its permissions")
