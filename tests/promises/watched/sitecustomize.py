"""Loaded by a Python that is watched: says on descriptor 2 whenever it writes to the disk, asks a network, or starts a program."""

import ipaddress
import os
import sys

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.utime", "tempfile.mkstemp",
             "tempfile.mkdtemp", "shutil.copyfile", "shutil.move", "sqlite3.connect", "dbm.open"}  # fmt: skip
_ASKING = {
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "socket.connect",
    "urllib.Request",
    "ftplib.connect",
    "smtplib.connect",
}
_STARTING = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.startfile", "webbrowser.open"}
_WATCHED = {"open"} | _CHANGING | _ASKING | _STARTING


def _watch(event, arguments):
    if event not in _WATCHED or _is_harmless(event, arguments):
        return
    os.write(2, f"watched: {event}\n".encode())
    if event in _ASKING:
        raise OSError("nobody is asked from a test")


def _is_harmless(event, arguments):
    if event in _CHANGING | {"open"} and "__pycache__" in str(arguments[0]):
        return True  # Python keeps its own code compiled, wherever it may
    if event == "open":
        path, _, flags = arguments
        return not flags & _WRITING or path == os.devnull or isinstance(path, int)
    return event == "socket.getaddrinfo" and _is_numeric(arguments[0])


def _is_numeric(host):
    try:
        return bool(ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host))
    except ValueError:
        return False


sys.addaudithook(_watch)
