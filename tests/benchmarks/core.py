"""The token core against the bare primitive, PyJWT and joserfc."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from joserfc import jwk
from joserfc import jwt as jose

from app import tokens
from tests.benchmarks.promises import Promise, promise
from tests.benchmarks.samples import ALGORITHMS, AUDIENCE, Sample, of_length, sample
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.timing import Call, Timing, compare

_SHA256 = hashes.SHA256()
_PSS = padding.PSS(padding.MGF1(_SHA256), padding.PSS.DIGEST_LENGTH)
_RAW: dict[str, tuple[Any, ...]] = {
    "RS256": (padding.PKCS1v15(), _SHA256),
    "PS256": (_PSS, _SHA256),
    "ES256": (ec.ECDSA(_SHA256),),
    "EdDSA": (),
}
_JOSERFC: dict[str, Any] = {"HS256": jwk.OctKey, "RS256": jwk.RSAKey, "PS256": jwk.RSAKey, "ES256": jwk.ECKey, "EdDSA": jwk.OKPKey}

Results = dict[tuple[str, str, str], dict[str, Timing]]


def measure() -> tuple[list[Table], list[Promise]]:
    samples = [sample(algorithm) for algorithm in ALGORITHMS]
    found: Results = {}
    for one in samples:
        for (action, key), calls in _calls(one).items():
            for name, call in calls.items():
                assert call(), (one.algorithm, action, key, name)
            found[one.algorithm, action, key] = compare(calls)
    tables = [
        _table("sign", "ready", found, "Sign, key ready: µs", ("raw", "ours", "PyJWT", "joserfc")),
        _table("sign", "parsed", found, "Sign, key parsed each time (PEM; the secret's text): µs", ("ours", "PyJWT", "joserfc")),
        _table("verify", "ready", found, "Verify, key ready: µs", ("raw", "ours", "accepted", "PyJWT", "joserfc")),
        _table("verify", "parsed", found, "Verify, key parsed each time: µs", ("ours", "accepted", "PyJWT", "joserfc")),
        _reading(),
    ]
    tables[0].note = "CPU time, medians. raw: the primitive alone. ours: an RSA signature is verified after it was made."
    tables[2].note = (
        "raw: the primitive alone, on prepared bytes. ours: the verdict on the signature. accepted: also exp and aud, as PyJWT checks them;"
        " joserfc's decode checks neither."
    )
    return tables, list(_promises(found))


def _table(action: str, key: str, found: Results, title: str, names: tuple[str, ...]) -> Table:
    others = [name for name in names if name not in ("ours", "accepted")]
    table = Table(title, ["algorithm", *names, *(f"ours/{name}" for name in others)])
    if "accepted" in names:
        table.columns = [*table.columns, "accepted/PyJWT"]
    for algorithm in ALGORITHMS:
        timings = found[algorithm, action, key]
        row: list[Cell] = [algorithm, *(timings[name].microseconds for name in names)]
        row += [timings["ours"].times(timings[name]) for name in others]
        if "accepted" in names:
            row.append(timings["accepted"].times(timings["PyJWT"]))
        table.rows.append(row)
    return table


def _calls(one: Sample) -> dict[tuple[str, str], dict[str, Call]]:
    raw_sign, raw_verify = _primitive(one)
    is_secret = one.algorithm == "HS256"
    private = one.private.encode() if is_secret else serialization.load_pem_private_key(one.private.encode(), None)
    public = one.public.encode() if is_secret else serialization.load_pem_public_key(one.public.encode())
    of_joserfc = _JOSERFC[one.algorithm].import_key
    ready, readable = of_joserfc(one.private), of_joserfc(one.public)
    signer, verifier = tokens.read_keys(one.private), tokens.read_keys(one.public)
    # joserfc warns of the old name of Ed25519 at each call; its own name for it costs less.
    name = "Ed25519" if one.algorithm == "EdDSA" else one.algorithm
    token = jose.encode({"alg": name, "typ": "JWT"}, one.claims, ready, algorithms=[name])
    expect = tokens.Expectations((one.algorithm,), audience=AUDIENCE)

    def judged(key: Any) -> Call:
        return lambda: tokens.verify(one.token, key, at=int(time.time()), expect=expect).signature.status == "verified"

    def accepted(key: Any) -> Call:
        return lambda: tokens.verify(one.token, key, at=int(time.time()), expect=expect).accepted

    return {
        ("sign", "ready"): {
            "raw": raw_sign,
            "ours": lambda: tokens.encode(one.header, one.claims, signer).token,
            "PyJWT": lambda: jwt.encode(one.claims, private, one.algorithm),  # type: ignore[arg-type]
            "joserfc": lambda: jose.encode({"alg": name, "typ": "JWT"}, one.claims, ready, algorithms=[name]),
        },
        ("sign", "parsed"): {
            "ours": lambda: tokens.encode(one.header, one.claims, one.private).token,
            "PyJWT": lambda: jwt.encode(one.claims, one.private, one.algorithm),
            "joserfc": lambda: jose.encode({"alg": name, "typ": "JWT"}, one.claims, of_joserfc(one.private), algorithms=[name]),
        },
        ("verify", "ready"): {
            "raw": raw_verify,
            "ours": judged(verifier),
            "accepted": accepted(verifier),
            "PyJWT": lambda: jwt.decode(one.token, public, [one.algorithm], audience=AUDIENCE),  # type: ignore[arg-type]
            "joserfc": lambda: jose.decode(token, readable, algorithms=[name]),
        },
        ("verify", "parsed"): {
            "ours": judged(one.public),
            "accepted": accepted(one.public),
            "PyJWT": lambda: jwt.decode(one.token, one.public, [one.algorithm], audience=AUDIENCE),
            "joserfc": lambda: jose.decode(token, of_joserfc(one.public), algorithms=[name]),
        },
    }


def _primitive(one: Sample) -> tuple[Call, Call]:
    """Signing and verifying with nothing round it: keys, paddings and the signature's bytes stand ready."""
    data = one.signing_input
    if one.algorithm == "HS256":
        secret = one.private.encode()
        right = hmac.digest(secret, data, "sha256")
        return lambda: hmac.digest(secret, data, "sha256"), lambda: hmac.compare_digest(hmac.digest(secret, data, "sha256"), right)
    private: Any = serialization.load_pem_private_key(one.private.encode(), None)
    public: Any = serialization.load_pem_public_key(one.public.encode())
    options = _RAW[one.algorithm]
    signature = tokens.decode(one.token).token.signature
    if one.algorithm == "ES256":
        signature = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    verify: Callable[..., object] = public.verify
    return lambda: private.sign(data, *options), lambda: not verify(signature, data, *options)


def _reading() -> Table:
    table = Table(
        "Read without judging, and judge with every sentence written (HS256, key ready): µs",
        ["token", "decode", "with findings", "full report", "PyJWT, unverified", "decode/PyJWT"],
        note="full report: verdict, findings, checks, each with its reason.",
    )
    for size in (300, 3_600, 200_000):
        one = of_length("HS256", size)
        key = tokens.read_keys(one.private)
        found = compare(
            {
                "decode": lambda one=one: _read(tokens.decode(one.token)),  # type: ignore[misc]
                "findings": lambda one=one: (_read(read := tokens.decode(one.token)), read.findings),  # type: ignore[misc]
                "report": lambda one=one, key=key: _told(tokens.verify(one.token, key, at=int(time.time()))),  # type: ignore[misc]
                "PyJWT": lambda one=one: jwt.decode_complete(one.token, options={"verify_signature": False}),  # type: ignore[misc]
            }
        )
        row = [found[name].microseconds for name in ("decode", "findings", "report", "PyJWT")]
        table.rows.append([f"{len(one.token):,} characters", *row, found["decode"].times(found["PyJWT"])])
    return table


def _read(read: tokens.Decoded) -> object:
    return read.header, read.payload


def _told(report: tokens.Report) -> object:
    return report.accepted, report.findings, report.signature.because, [check.because for check in report.checks]


def _promises(found: Results) -> Iterator[Promise]:
    ready = {algorithm: found[algorithm, "verify", "ready"] for algorithm in ALGORITHMS}
    for name, column in (("PyJWT", "accepted"), ("joserfc", "ours")):
        worst, at = max((timings[column].times(timings[name]), algorithm) for algorithm, timings in ready.items())
        said = f"{worst:.2f} times ({at})"
        yield promise(f"Verify, key ready: at most {name} for every algorithm ({column})", worst <= 1, said)
    for algorithm in ("RS256", "ES256", "EdDSA"):
        ratio = ready[algorithm]["ours"].times(ready[algorithm]["raw"])
        yield promise(f"Verify {algorithm}, key ready: at most 1.5 times the primitive", ratio <= 1.5, f"{ratio:.2f} times")
    for action, column in (("sign", "ours"), ("verify", "accepted")):
        timings = found["HS256", action, "ready"]
        ratio = timings[column].times(timings["PyJWT"])
        yield promise(f"HS256 {action}: at least as fast as PyJWT", ratio <= 1, f"{ratio:.2f} times its time")
    timings = found["RS256", "sign", "parsed"]
    rate = timings["PyJWT"].times(timings["ours"])
    yield promise("RS256 sign, PEM parsed each time: at least 20 times PyJWT's rate", rate >= 20, f"{rate:.1f} times")
