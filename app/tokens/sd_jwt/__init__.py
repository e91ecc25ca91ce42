"""SD-JWT (RFC 9901): what is disclosed, whether each disclosure is one that the issuer signed, and the claims with it put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.tokens import base64url, lossless_json
from app.tokens.findings import kind_of
from app.tokens.lossless_json import Document
from app.tokens.sd_jwt import disclosures
from app.tokens.sd_jwt.disclosures import HASHES, USUAL_HASH, Disclosure, Path, Where
from app.tokens.sd_jwt.unfolding import Unfolding

__all__ = ["HASHES", "USUAL_HASH", "Disclosure", "Path", "Presentation", "Where", "read"]

MAX_DISCLOSURES = 1000


@dataclass(frozen=True, slots=True)
class Presentation:
    """Everything an SD-JWT shows: its disclosures, how many digests stay undisclosed, and the key binding JWT, if there is one."""

    disclosures: tuple[Disclosure, ...]
    texts: tuple[str, ...]
    """All that were given; those past the most that are read are not among the disclosures."""
    hash_name: str
    hash_known: bool
    undisclosed: int
    twice: tuple[str, ...]
    """Digests that stand more than once, which refuses the whole (RFC 9901 §7.1)."""
    misplaced: tuple[Path, ...]
    """Where `_sd` and `...` stand and convey no digests (RFC 9901 §4.1)."""
    claims: Document | None
    """The claims with everything disclosed put back; None when they cannot be read, or are past the limits of JSON here."""
    is_too_large: bool = False
    """Whether the claims are past those limits only with what is disclosed."""
    key_binding: str = ""
    sd_hash: str = ""
    """What `sd_hash` of the key binding JWT must be."""
    sd_hash_given: str | None = None

    @property
    def tail(self) -> str:
        """All that stands behind the issuer-signed JWT in the compact form."""
        return f"~{''.join(f'{text}~' for text in self.texts)}{self.key_binding}"


def read(payload: Document | None, texts: Sequence[str], signed: str, key_binding: str = "") -> Presentation:
    """Read the disclosures *texts* against the issuer-signed *payload*; *signed* is what a key binding JWT hashes, empty if not known."""
    value = payload.value if payload else None
    name = value.get("_sd_alg", USUAL_HASH) if isinstance(value, dict) else USUAL_HASH
    known = name if isinstance(name, str) and name in HASHES else None
    whole = Unfolding(payload, [disclosures.read(text, known) for text in texts[:MAX_DISCLOSURES]])
    claims = lossless_json.read(whole.text) if whole.text and not whole.is_too_deep else None
    return Presentation(
        tuple(whole.disclosures()),
        tuple(texts),
        name if isinstance(name, str) else kind_of(name),
        known is not None,
        whole.undisclosed,
        tuple(one for one, count in whole.digests.items() if count > 1),
        tuple(whole.misplaced),
        claims if claims and claims.readable else None,
        bool(whole.text) and (claims is None or not claims.readable),
        key_binding,
        disclosures.digest(signed, known) if known and key_binding and signed else "",
        _sd_hash(key_binding),
    )


def _sd_hash(key_binding: str) -> str | None:
    parts = key_binding.split(".")
    data = base64url.decode(parts[1].encode("utf-8", "surrogatepass")) if len(parts) == 3 else None
    value = lossless_json.read(data.decode("utf-8", "replace")).value if data else None
    given = value.get("sd_hash") if isinstance(value, dict) else None
    return given if isinstance(given, str) else None
