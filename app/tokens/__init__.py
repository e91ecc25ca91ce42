"""The token core: read, judge and make JSON Web Tokens. No clock, no network, no framework."""

from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT
from app.tokens.anew import anew
from app.tokens.brought import Brought, Match
from app.tokens.claims import Check, Expectations
from app.tokens.decode import Decoded, decode
from app.tokens.encode import CannotEncode, Encoded, encode, unsigned
from app.tokens.findings import Finding, Repair
from app.tokens.jwe import Decryption
from app.tokens.jwe.again import Shape, shape_of
from app.tokens.jws import Signature
from app.tokens.keys import ENCODINGS, Key, Keys
from app.tokens.keys import read as read_keys
from app.tokens.layout import for_reading, for_signing, shown_at, shown_range
from app.tokens.verify import MAX_SECONDS, NotAccepted, Report, verify

__all__ = [
    "ALGORITHMS",
    "CONTENT_ENCRYPTION",
    "ENCODINGS",
    "KEY_MANAGEMENT",
    "MAX_SECONDS",
    "Brought",
    "CannotEncode",
    "Check",
    "Decoded",
    "Decryption",
    "Encoded",
    "Expectations",
    "Finding",
    "Key",
    "Keys",
    "Match",
    "NotAccepted",
    "Repair",
    "Report",
    "Shape",
    "Signature",
    "anew",
    "decode",
    "encode",
    "for_reading",
    "for_signing",
    "read_keys",
    "shape_of",
    "shown_at",
    "shown_range",
    "unsigned",
    "verify",
]
