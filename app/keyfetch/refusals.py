"""Every way in which a key set is not fetched, one row each: code, what happened, what to do.

The facts in a message are host names, numbers and words of our own; the path and query of a URL may hold a secret and are never told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    code: str
    message: str
    hint: str
    status: int = 422


@dataclass(frozen=True, slots=True)
class Step:
    """One request that was made: where to, what came back (0 for no answer), and after how long."""

    url: str
    status: int
    seconds: float


class NotFetched(Exception):
    """A refusal, or a failure: a stable code, a sentence, a hint, and the requests made before it."""

    def __init__(self, row: Row, facts: dict[str, Any]) -> None:
        super().__init__(row.code)
        self._row, self._facts = row, facts
        self.code = row.code
        self.message = row.message.format(**facts)
        self.hint = row.hint.format(**facts)
        self.status = row.status
        self.answered = facts.get("status", 0)
        """The status with which the other server answered; 0 when it did not."""
        self.steps: tuple[Step, ...] = ()
        self.age = 0.0
        """Seconds since it happened; 0 when that was just now."""

    def at(self, age: float) -> NotFetched:
        """The same failure, told again from the cache."""
        again = NotFetched(self._row, self._facts)
        again.steps, again.age = self.steps, age
        return again


_PASTE = "Open the address yourself and paste what it shows into the key box."
_LIST = "Add it to JWTLENS_FETCH_HOSTS as {entry}."

_ROWS = (
    # what was typed
    Row("fetch_off", "Key sets are not fetched here: {why}.", "{hint}"),
    Row("url_missing", "There is no URL to fetch from.", "Give the URL of a key set, or an issuer, beginning with https://."),
    Row("url_too_long", "The URL has {count} characters; 2,048 are taken.", _PASTE),
    Row(
        "url_character",
        "The URL has {what} at character {place}, which no URL has.",
        "Copy it again; write a host in other letters in its xn-- form.",
    ),
    Row("url_scheme", "The URL begins with {scheme}; only https proves who answers.", "Write the URL with https://."),
    Row("url_form", "The text is not an absolute URL: {why}.", "Write it as https://host/path."),
    Row(
        "url_user",
        'The URL has a user name before an "@"; the host that would be asked is {host}.',
        "Write it without user name and password.",
    ),
    Row("url_fragment", 'The URL has a "#"; what stands behind it is never sent.', "Write it without that part."),
    Row(
        "url_number",
        "The host {host} is a number in a spelling that programs read differently.",
        "Write the address as four decimal numbers, or use the name.",
    ),
    Row("url_port", "The URL asks for port {port}; without a list of hosts only 443 is asked.", _LIST),
    Row(
        "url_http",
        "The URL begins with http; anyone on the way could put in a key of their own.",
        "Use https, or add {entry} to JWTLENS_FETCH_HOSTS if it is your own test server.",
    ),
    Row("host_not_listed", "The server fetches only from the hosts of its settings, and {host} is not among them.", _LIST),
    Row("issuer_form", "An issuer has no query.", "Give the issuer exactly as the token's iss has it."),
    # where it leads
    Row("dns_failed", "The name {host} has no address.", "Check how the name is written, and that this server can look names up."),
    Row("dns_slow", "The name {host} was not looked up within {seconds} seconds.", "Try again; check the name server of the machine."),
    Row(
        "not_public",
        "{host} leads to {address}, {what}: the server does not connect to it.",
        "Only public addresses are asked; JWTLENS_FETCH_NETWORKS can name others.",
    ),
    # the connection
    Row("refused", "{host} does not take a connection on port {port}.", "Check host and port, and whether that server runs."),
    Row("tls_name", "The certificate of {host} is for another name.", "Use the name that the certificate has."),
    Row("tls_expired", "The certificate of {host} has expired.", "Renew the certificate of that server; " + _PASTE[0].lower() + _PASTE[1:]),
    Row(
        "tls_unknown",
        "The certificate of {host} is not signed by an authority that this machine knows.",
        "For an authority of your own, start jwtlens with SSL_CERT_FILE.",
    ),
    Row("tls_failed", "No TLS connection to {host} could be made.", "Check that it speaks TLS 1.2 or newer on that port."),
    Row("too_slow", "{host} did not finish within {seconds} seconds.", "Try again, or open the address yourself and paste what it shows."),
    Row("broken_off", "{host} broke its answer off.", "Try again."),
    Row("not_http", "What {host} answers is not HTTP.", "Check the port of the URL."),
    # the answer
    Row(
        "redirect",
        "{host} answers {status}, a redirect{to}. Redirects are not followed.",
        "Fetch from the address it leads to, if you trust that.",
    ),
    Row("status", "{host} answers {status}, not 200.", "Check the path of the URL."),
    Row("encoded", "{host} compresses its answer ({encoding}), though it was asked not to.", _PASTE),
    Row("too_large", "The answer of {host} is larger than {limit} bytes.", "A key set has a few thousand. Check the path of the URL."),
    Row("not_utf8", "The answer of {host} is not UTF-8.", "Check the path of the URL."),
    Row("not_json", "The answer of {host} is not JSON: {why}.", "Check the path of the URL."),
    # the key set, the metadata
    Row("not_a_key_set", 'The answer of {host} is JSON but no key set: it has no "keys" array.', "{hint}"),
    Row("too_many_keys", "The key set of {host} has {count} keys; 100 are read.", "Paste the key that the token names."),
    Row("key_too_large", "Key {number} of the set has more than 16,384 bytes.", "Paste the key that the token names."),
    Row("no_keys", "The key set of {host} has no public key{why}.", "Ask whoever runs that server."),
    Row(
        "no_metadata",
        "{host} has no metadata for this issuer: neither address answers with a JSON object.",
        "If it is the address of a key set itself, fetch it as a key set.",
    ),
    Row("issuer_missing", "The metadata of {host} names no issuer, so that it may be anybody's.", "Fetch the key set by its own URL."),
    Row(
        "issuer_differs",
        "The metadata of {host} is for the issuer {found}, not for the one that was asked.{slash}",
        "Ask for the issuer exactly as it writes itself (RFC 8414 §3.3), if that is the one you mean.",
    ),
    Row("no_jwks_uri", 'The metadata of {host} has no "jwks_uri".', "Fetch the key set by its own URL."),
    # ourselves
    Row("busy", "Too many key sets are being fetched at once.", "Try again in a few seconds.", 429),
)
ROWS = {row.code: row for row in _ROWS}


def refuse(code: str, **facts: object) -> NotFetched:
    """The refusal called *code*, with its facts filled in."""
    return NotFetched(ROWS[code], facts)
