"""What of an ordinary token an SD-JWT could keep back, as rows of the page."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from itertools import islice

from app import tokens
from app.tokens import sd_jwt
from app.tokens.lossless_json import Document, Node
from app.tokens.sd_jwt import Path, disclosures
from app.tokens.sd_jwt.notes import FOR_VALIDITY
from app.web.disclosing import ID_LENGTH, MOST_ROWS, written
from app.web.view import Hideable


def can_be_issued(report: tokens.Report) -> bool:
    """Whether an SD-JWT can be made of a token: it is an ordinary JWT, and its issuer's private key is there."""
    token, algorithm = report.token, tokens.ALGORITHMS.get(report.signature.algorithm or "")
    if not token.is_compact_jws or algorithm is None or not isinstance(report.payload, dict):
        return False
    return any(key.can_sign and key.fits(algorithm) for key in report.keys.keys)


def paths(claims: Document | None) -> dict[str, Path]:
    """Each place in *claims* that a disclosure can be made of, by what its tick box sends; not what every verifier must see."""
    waiting: list[tuple[Path, Node]] = [((), claims.root)] if claims and claims.root else []
    found: dict[str, Path] = {}
    while waiting and len(found) <= MOST_ROWS:
        path, node = waiting.pop()
        if path:
            found[disclosures.digest(json.dumps(path), sd_jwt.USUAL_HASH)[:ID_LENGTH]] = path
        inside: list[tuple[str | int, Node]] = [
            (member.name, member.node) for member in node.members if path or member.name not in FOR_VALIDITY
        ]
        waiting += [((*path, step), child) for step, child in reversed([*inside, *enumerate(node.items)])]
    return dict(islice(found.items(), MOST_ROWS))


def rows(claims: Document | None, ticked: Collection[str]) -> Iterator[Hideable]:
    for chosen_by, path in paths(claims).items():
        yield Hideable(chosen_by, written(path), chosen_by in ticked)
