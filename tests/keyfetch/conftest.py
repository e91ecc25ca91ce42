"""A key server on loopback with a certificate of its own authority, and a hook that lets no connection go anywhere else."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.keyfetch import Fetcher, Rules
from app.tokens import ALGORITHMS, keys

NAMES = ("keys.test", "login.test")
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every address that any socket was told to connect to; only loopback is really reached, and no name is looked up."""
    made: list[tuple[str, int]] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        made.append((address[0], address[1]))
        if not ipaddress.ip_address(address[0]).is_loopback:
            raise ConnectionRefusedError
        real(self, address)

    def look_up(*_: object, **__: object) -> None:
        raise AssertionError("a name was looked up by the machine")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return made


class Authority:
    """A certificate authority for one test run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        certificate = self._build(self._name, self._key.public_key(), -1, 10, is_authority=True)
        self._pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _build(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, begin: int, end: int, names: tuple[str, ...] = (), is_authority: bool = False
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=begin))
            .not_valid_after(now + datetime.timedelta(days=end))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def client(self) -> ssl.SSLContext:
        """What a fetcher trusts: this authority and no other."""
        return ssl.create_default_context(cadata=self._pem)

    def server(self, names: tuple[str, ...] = NAMES, begin: int = -1, end: int = 5) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(x509.Name([]), key.public_key(), begin, end, names)
        path = self._folder / f"{certificate.serial_number}.pem"
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


Handler = Callable[[Any], None]


class KeyServer:
    """Answers each path with what a test put there: bytes, or a function that writes as it likes."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.answers: dict[str, bytes | Handler] = {}
        self.requests: list[str] = []
        self.names: list[str | None] = []
        self._context = context
        if context:
            context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.stopping = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[plain], daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        with contextlib.suppress(OSError, IndexError), plain:
            connection = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(4096) or b"\r\n\r\n"
                self.requests.append(request.decode("latin-1"))
                answer = self.answers.get(request.split(b" ")[1].decode("latin-1"), status(404))
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)
                if self._context:
                    connection.unwrap()  # type: ignore[attr-defined]

    def close(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def paths(self) -> list[str]:
        return [request.split(" ")[1] for request in self.requests]

    def url(self, path: str, host: str = "keys.test") -> str:
        return f"{'https' if self._context else 'http'}://{host}:{self.port}{path}"


def status(code: int, headers: str = "", body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {code} Word\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def answer(value: object, headers: str = "Content-Type: application/json\r\n") -> bytes:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return status(200, headers, body)


def public(algorithm: str = "ES256", kid: str | None = "one", **more: object) -> dict[str, object]:
    jwk: dict[str, object] = {**keys.public_jwk(keys.generate(ALGORITHMS[algorithm])), "use": "sig", **more}
    jwk.pop("kid", None)
    return jwk if kid is None else {**jwk, "kid": kid}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[KeyServer]:
    made = KeyServer(authority.server())
    yield made
    made.close()


@pytest.fixture
def fetcher(authority: Authority, server: KeyServer) -> Callable[..., Fetcher]:
    """A fetcher that may ask the key server by its names, which lead to loopback."""

    def make(**more: Any) -> Fetcher:
        hosts = frozenset(("https", name, server.port) for name in (*NAMES, "other.test"))
        options = {"resolver": lambda _host, _port: ["127.0.0.1"], "context": authority.client, **more}
        return Fetcher(options.pop("rules", Rules(hosts, LOOPBACK)), **options)

    return make
