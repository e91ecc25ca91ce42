"""Keys that come with the token: `jwk`, `x5c`, `jku`, `x5u` in the header, `cnf` in the claims. Shown, never trusted, never fetched.

Whoever writes a token writes its header too, so a key in it proves nothing by itself (RFC 8725 §3.10). Whether the
signature fits such a key is a `Match`, a type of its own: no signature is ever verified through this door.
"""

from app.tokens.brought.matching import Match, check
from app.tokens.brought.notes import beside_the_box, faults, findings
from app.tokens.brought.parameters import Brought
from app.tokens.brought.reading import of

__all__ = ["Brought", "Match", "beside_the_box", "check", "faults", "findings", "of"]
