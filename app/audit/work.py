"""A piece judged: its lines of JSON, its counts, and the places of what is against its tokens. It runs in any process."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from app.audit import scan
from app.audit.brief import Brief
from app.audit.inputs import Piece
from app.audit.judging import OTHER, Judge, Judged
from app.audit.rules import ORDER, RULES
from app.audit.seen import ID_BYTES, PARTS, part
from app.tokens.algorithms import ALGORITHMS
from app.tokens.envelope import Token
from app.tokens.suspects import weak

MOST_PLACES = 1000
"""Of each rule, how many places are listed in reports; the lines of JSON have all."""
_MOST_OF_PIECE = 100
"""And how many of them from one piece, so that the reports show more of a large log than its beginning."""
_MOST_GROUPS = 20
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token stands, and what it is called: its digest, and a mask of its own form."""

    name: str
    line: int
    offset: int
    length: int
    id: str
    mask: str


@dataclass(slots=True)
class Result:
    """What came of a piece. *ids* are the first bytes of each token's SHA-256, by their parts."""

    name: str
    done: int
    size: int = 0
    tokens: int = 0
    lines: bytes = b""
    ids: tuple[bytes, ...] = (b"",) * PARTS
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[str, list[Place]] = field(default_factory=dict)


def judged(brief: Brief, piece: Piece) -> Result:
    """Judge every token of *piece*."""
    return _Worker(_judge(brief), piece).result()


@lru_cache(1)
def _judge(brief: Brief) -> Judge:
    return Judge(brief)


class _Worker:
    """One piece at work. The same token is judged once in it, whatever other pieces hold: so the result is the same in any order."""

    def __init__(self, judge: Judge, piece: Piece) -> None:
        self.judge = judge
        self.piece = piece
        self.data = piece.content()
        self.known: dict[bytes, tuple[Judged, str] | None] = {}
        self.secrets: dict[tuple[str, str], bytes | None] = {}
        self.found = Result(piece.name, piece.done, len(self.data))

    def result(self) -> Result:
        piece, found = self.piece, self.found
        lines = bytearray()
        ids = [bytearray() for _ in range(PARTS)]
        times: Counter[Judged] = Counter()
        name = json.dumps(piece.name)
        at, line = 0, piece.line
        for spot in scan.spots(self.data):
            verdict = self.verdict(spot.token)
            if verdict is None:
                found.counts["other", "looks like a token and is none"] += 1
                continue
            judged, told = verdict
            if spot.start < at:  # the bodies in base64 come last
                at, line = 0, piece.line
            line += self.data.count(b"\n", at, spot.start)
            at = spot.start
            digest = hashlib.sha256(spot.token).digest()[:ID_BYTES]
            ids[part(digest)] += digest
            inside = f',"in":"{spot.inside}"' if spot.inside else ""
            place = f'"file":{name},"line":{line},"offset":{piece.offset + at},"length":{spot.length}{inside}'
            lines += f'{{{place},"id":"{digest.hex()}","mask":"{_mask(spot.token)}",{told}}}\n'.encode()
            times[judged] += 1
            for code in judged.codes:
                self.note(code, line, spot, digest.hex())
        found.tokens = times.total()
        found.lines = bytes(lines)
        found.ids = tuple(map(bytes, ids))
        self.count(times)
        return found

    def verdict(self, token: bytes) -> tuple[Judged, str] | None:
        """The verdict on *token*, and the part of its line that says it."""
        if token not in self.known:
            both = self.judge.judge(token.decode("ascii"))
            judged = both and self.with_secret(*both)
            self.known[token] = (judged, _told(judged)) if judged else None
        return self.known[token]

    def with_secret(self, judged: Judged, token: Token) -> Judged:
        """*judged*, and whether a secret that everybody knows made it: of each header and issuer, the first token is tried."""
        row = ALGORITHMS.get(judged.alg)
        if row is None or row.family != "hmac" or judged.signature == "verified" or len(token.signature) != row.signature_size:
            return judged
        claims = token.claims if isinstance(token.claims, dict) else {}
        group = (token.parts[0].text, str(claims.get("iss")))
        if group not in self.secrets and len(self.secrets) < _MOST_GROUPS:
            data, right, digest = token.signing_input, token.signature, row.digest
            self.secrets[group] = next((one for one in weak.secrets() if hmac.digest(one, data, digest) == right), None)
        secret = self.secrets.get(group)
        if secret is None or hmac.digest(secret, token.signing_input, row.digest) != token.signature:
            return judged
        codes = sorted({*judged.codes, "weak_secret"} - {"signature_invalid", "key_unknown", "kid_unknown"}, key=ORDER.__getitem__)
        return Judged(judged.kind, judged.alg, judged.signature, judged.key, judged.accepted, judged.expiry, tuple(codes))

    def note(self, code: str, line: int, spot: scan.Spot, digest: str) -> None:
        places = self.found.places.setdefault(code, [])
        if len(places) < _MOST_OF_PIECE:
            piece = self.piece
            places.append(Place(piece.name, line, piece.offset + spot.start, spot.length, digest, _mask(spot.token)))

    def count(self, times: Counter[Judged]) -> None:
        counts = self.found.counts
        for judged, number in times.items():
            counts["kind", judged.kind] += number
            counts["alg", judged.alg] += number
            counts["signature", judged.signature] += number
            counts["expiry", judged.expiry] += number
            counts["accepted", str(judged.accepted).lower()] += number
            levels = {RULES[code].level for code in judged.codes}
            counts["level", next((level for level in ("error", "warning", "info") if level in levels), "none")] += number
            for code in judged.codes:
                counts["finding", code] += number


@lru_cache(4096)
def _told(judged: Judged) -> str:
    """What is said of a token in its line; few verdicts are met, though thousands of tokens."""
    facts = {
        "kind": judged.kind,
        "alg": judged.alg if judged.alg != OTHER else None,
        "signature": judged.signature,
        "key": judged.key or None,
        "accepted": judged.accepted,
        "expiry": judged.expiry,
        "findings": judged.codes,
    }
    return json.dumps(facts, separators=(",", ":"))[1:-1]


def _mask(token: bytes) -> str:
    """How the token begins, as all do, and how long its parts are; nothing of payload and signature."""
    sizes = [len(part) for part in token.split(b".")]
    return f"{token[:_SHOWN].decode('ascii')}…({'.'.join(map(str, sizes))})"
