"""The shipped files with the real programs: only ports, paths and the certificate are put in, as a reader of them would."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
NAME = "jwt.example.com"
SECONDS = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def until(ready: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for NAME; return the files of it and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    unlocked = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unlocked))
    return pem, private


@dataclass(slots=True)
class Copy:
    """One copy of jwtlens, that can be killed and started again on its port."""

    port: int
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        settings = {
            "JWTLENS_HOST": "127.0.0.1",
            "JWTLENS_PORT": str(self.port),
            "JWTLENS_ALLOWED_HOSTS": NAME,
            "JWTLENS_TRUSTED_PROXIES": "127.0.0.1",
            **self.extra,
        }
        environ = {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")} | settings
        command = [sys.executable, "-m", "app", "serve"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert self.process.stdout.readline().startswith("jwtlens listens on ")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()


@contextmanager
def copies(number: int, **extra: str) -> Iterator[list[Copy]]:
    """Run so many copies behind a proxy of this machine."""
    made = [Copy(free_port(), extra) for _ in range(number)]
    try:
        for one in made:
            one.start()
        yield made
    finally:
        for one in made:
            one.kill()


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was read to its end."""

    status: int
    headers: HTTPMessage
    text: str


@dataclass(frozen=True, slots=True)
class Front:
    """A proxy in front: its ports, and how to ask it."""

    http: int
    https: int
    trust: ssl.SSLContext
    process: subprocess.Popen[bytes]

    def secure(self, timeout: float = SECONDS) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.https), timeout=timeout)
        return self.trust.wrap_socket(plain, server_hostname=NAME)

    def connection(self) -> HTTPConnection:
        """A connection over TLS, to be asked more than once."""
        made = HTTPConnection(NAME, 443, timeout=SECONDS)
        made.sock = self.secure()
        return made

    def ask(self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str) -> Answered:
        connection = self.connection()
        sent = {"Host": NAME} | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return Answered(response.status, response.headers, text)


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"the shipped file has no {old!r}"
        text = text.replace(old, new)
    return text


def nginx_files(folder: Path, ports: list[int], http: int, https: int, **more: str) -> Path:
    """Write the shipped configuration with these ports, and an nginx.conf that includes it as Debian's does."""
    pem, private = certificate(folder)
    text = _replaced(
        (DEPLOY / "nginx.conf").read_text(),
        ("127.0.0.1:8080", f"127.0.0.1:{ports[0]}"),
        ("127.0.0.1:8082", f"127.0.0.1:{ports[-1]}"),
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{https} ssl http2;"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/letsencrypt/live/jwt.example.com/fullchain.pem", str(pem)),
        ("/etc/letsencrypt/live/jwt.example.com/privkey.pem", str(private)),
        ("/var/log/nginx/jwtlens.log", str(folder / "error.log")),
        *more.items(),
    )
    (folder / "jwtlens.conf").write_text(text)
    main = folder / "nginx.conf"
    temporary = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.geteuid() == 0 else ""
    main.write_text(
        f"{user}daemon off;\nmaster_process on;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/main.log;\n"
        f"events {{ worker_connections 2048; }}\nhttp {{\n    access_log off;\n{temporary}\n    include {folder}/jwtlens.conf;\n}}\n"
    )
    return main


@contextmanager
def nginx(folder: Path, ports: list[int], **more: str) -> Iterator[Front]:
    """Run the shipped nginx configuration before the copies on *ports*."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    http_port, https_port = free_port(), free_port()
    main = nginx_files(folder, ports, http_port, https_port, **more)
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen([program, "-p", str(folder), "-c", str(main), "-e", str(folder / "main.log")]))
        stack.callback(process.terminate)
        until(lambda: listens(https_port), f"nginx does not start: {folder / 'main.log'}")
        yield Front(http_port, https_port, _trust(folder), process)


@contextmanager
def caddy(folder: Path, ports: list[int], **more: str) -> Iterator[Front]:
    """Run the shipped Caddyfile before the copies on *ports*; the certificate is ours, as there is no authority to ask."""
    program = shutil.which("caddy")
    assert program, "caddy is not installed: make proxies installs it"
    http_port, https_port = free_port(), free_port()
    pem, private = certificate(folder)
    text = _replaced(
        (DEPLOY / "Caddyfile").read_text(),
        ("127.0.0.1:8080 127.0.0.1:8082", " ".join(f"127.0.0.1:{port}" for port in ports)),
        (f"{NAME} {{", f"{NAME} {{\n\ttls {pem} {private}"),
        ("\tservers {", f"\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port {http_port}\n\thttps_port {https_port}\n\tservers {{"),
        *more.items(),
    )
    file = folder / "Caddyfile"
    file.write_text(text)
    environ = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    with ExitStack() as stack:
        log = stack.enter_context((folder / "caddy.log").open("wb"))
        command = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
        process = stack.enter_context(subprocess.Popen(command, env=environ, stdout=log, stderr=log))
        stack.callback(process.terminate)
        until(lambda: listens(https_port), f"caddy does not start: {folder / 'caddy.log'}")
        yield Front(http_port, https_port, _trust(folder), process)


def _trust(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    context.set_alpn_protocols(["http/1.1"])
    return context
