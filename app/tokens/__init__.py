"""The token core: read, judge and make JSON Web Tokens. No clock, no network, no framework."""

from app.tokens.algorithms import ALGORITHMS
from app.tokens.claims import Check, Expectations
from app.tokens.decode import Decoded, decode
from app.tokens.encode import CannotEncode, Encoded, encode, unsigned
from app.tokens.findings import Finding
from app.tokens.jws import Signature
from app.tokens.keys import ENCODINGS, Key, Keys
from app.tokens.keys import read as read_keys
from app.tokens.layout import for_reading, for_signing, shown_at
from app.tokens.verify import MAX_SECONDS, NotAccepted, Report, verify

__all__ = [
    "ALGORITHMS",
    "ENCODINGS",
    "MAX_SECONDS",
    "CannotEncode",
    "Check",
    "Decoded",
    "Encoded",
    "Expectations",
    "Finding",
    "Key",
    "Keys",
    "NotAccepted",
    "Report",
    "Signature",
    "decode",
    "encode",
    "for_reading",
    "for_signing",
    "read_keys",
    "shown_at",
    "unsigned",
    "verify",
]
