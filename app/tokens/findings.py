"""Every finding there is, one row each: code, level, what it means, what mends it, where that is written.

A message is a template; the facts come from the place that found it. To add one: a row here, and a call of `found`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "info"]
Segment = Literal["token", "header", "payload", "signature", "key"]


Field = Literal["token", "header", "payload", "key", "key_encoding", "algorithms", "issuer", "audience", "type", "profile", "at", "leeway"]


@dataclass(frozen=True, slots=True)
class Repair:
    """A change that mends what a finding is about: the words of its button, and what it writes into which field.

    *text* replaces *length* characters from *offset* on; without a length, the whole field. Characters are counted in the
    text that was given for `token` and `key`, and in the decoded text for `header` and `payload`.
    """

    label: str
    field: Field
    text: str
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about a token or a key.

    *offset* and *length* count characters of the text that was given, None when no place is known.
    *line* and *column* (from 1) count in the decoded header or payload.
    *repairs* are the changes that would mend it, the likeliest first; each stands for itself.
    """

    code: str
    level: Level
    segment: Segment
    message: str
    fix: str | None = None
    spec: str | None = None
    offset: int | None = None
    length: int | None = None
    line: int | None = None
    column: int | None = None
    repairs: tuple[Repair, ...] = ()

    @property
    def where(self) -> str:
        """`line 2, column 8`, or nothing."""
        return f"line {self.line}, column {self.column}" if self.line else ""


@dataclass(frozen=True, slots=True)
class Kind:
    code: str
    level: Level
    message: str
    fix: str | None = None
    spec: str | None = None


_STRIP = "Remove it, or make the program that writes the token leave it out."
_ISSUER = "The issuer has to write it correctly; the text cannot be changed without breaking the signature."

_ROWS = (
    # the text as a whole
    Kind("empty_input", "info", "Nothing to read: the input is empty.", "Paste a token."),
    Kind(
        "not_a_token",
        "error",
        "Not a JWT: {count}. {guess}",
        "Paste the whole token: three parts joined by dots.",
        "RFC 7515 §7.1",
    ),
    Kind(
        "two_segments",
        "error",
        "Only 2 segments: the signature and its dot are missing. Header and payload can be read, nothing can be verified.",
        "Copy the token again. Even an unsecured token ends in a dot.",
        "RFC 7515 §7.1",
    ),
    Kind(
        "segment_count",
        "error",
        "{count} segments; a signed token (JWS) has 3, an encrypted one (JWE) 5. {surplus}",
        "Copy the token again, without what stands behind it.",
        "RFC 7515 §7.1",
    ),
    Kind("wrapper_removed", "info", "{what} ({length} characters) is not part of the token; it was set aside.", None, "RFC 6750 §2.1"),
    Kind(
        "white_space",
        "error",
        "{name} at offset {at}{count}: a token holds none. It is read without, but a strict receiver refuses it.",
        _STRIP,
        "RFC 7515 §5.2",
    ),
    Kind(
        "invisible_character",
        "error",
        "Invisible character {name} at offset {at}{count}, as copying from a web page or a document leaves it. It is read without, but a strict receiver refuses it.",
        _STRIP,
        "RFC 7515 §5.2",
    ),
    Kind(
        "encrypted",
        "info",
        "Encrypted token (JWE, 5 segments), {header}. This version reads its header; it does not decrypt.",
        None,
        "RFC 7516 §3",
    ),
    Kind(
        "sd_jwt",
        "info",
        "SD-JWT: an issuer-signed JWT with {count}. This version shows the issuer-signed part and does not judge it.",
        None,
        "RFC 9901",
    ),
    Kind(
        "json_serialization",
        "info",
        "A token in {form} JSON serialization. This version names it and does not judge it; a JWT is always compact.",
        None,
        "RFC 7519 §1",
    ),
    # base64url
    Kind(
        "base64_standard_alphabet",
        "error",
        'The {segment} has "{text}" at offset {at}{count}: standard base64. Base64url writes "-" and "_". Every strict receiver refuses this spelling.',
        _ISSUER,
        "RFC 7515 §2",
    ),
    Kind(
        "base64_padding", "error", 'The {segment} ends in "=" padding at offset {at}; base64url in tokens has none.', _ISSUER, "RFC 7515 §2"
    ),
    Kind(
        "base64_foreign_character",
        "error",
        "The {segment} has {name} at offset {at}{count}, which is not base64url.",
        "Copy the token again; a program on its way changed or inserted the character.",
        "RFC 7515 §2",
    ),
    Kind(
        "base64_length",
        "error",
        "The {segment} has {text} characters; 4n+1 is impossible for base64url, so a character was lost or added.",
        "Copy the token again.",
        "RFC 7515 §2",
    ),
    Kind(
        "base64_loose_bits",
        "error",
        'The {segment} ends in "{text}", whose last bits must be zero ("{canonical}"). The bytes are the same, the spelling is not canonical, and checks on the token as text can be bypassed.',
        _ISSUER,
        "RFC 4648 §3.5",
    ),
    # JSON
    Kind(
        "not_utf8",
        "error",
        "The {segment} has byte 0x{byte} at byte {at}, which is not UTF-8{guess}.",
        "The issuer has to encode its JSON as UTF-8.",
        "RFC 7519 §7.2",
    ),
    Kind("not_an_object", "error", "The {segment} is {kind}; {need} must be a JSON object.", None, "RFC 7519 §7.2"),
    Kind(
        "claims_not_an_object",
        "warning",
        "The {segment} is {kind}; {need} must be a JSON object. As a plain JWS it is fine.",
        None,
        "RFC 7519 §7.2",
    ),
    Kind("not_json", "warning", "The {segment} is text, not JSON: a valid JWS can carry it, a JWT cannot.", None, "RFC 7519 §7.2"),
    Kind(
        "empty_payload",
        "info",
        "The payload is empty: a JWS without content, or with detached content.",
        "Give the detached payload to verify it.",
        "RFC 7515 Appendix F",
    ),
    Kind(
        "json_trailing_comma",
        "error",
        'The {segment} has a comma before "{detail}" ({where}); JSON allows none there.',
        "Remove the comma.",
        "RFC 8259 §4",
    ),
    Kind(
        "json_single_quotes",
        "error",
        "The {segment} uses single quotes ({where}); JSON needs double quotes. It looks like a Python or JavaScript literal.",
        "Write it with a JSON library.",
        "RFC 8259 §7",
    ),
    Kind("json_name_expected", "error", 'The {segment} needs a name in double quotes at {where}, not "{detail}".', None, "RFC 8259 §4"),
    Kind("json_missing_colon", "error", 'The {segment} lacks ":" behind a name ({where}).', None, "RFC 8259 §4"),
    Kind("json_missing_comma", "error", 'The {segment} lacks "," before "{detail}" ({where}).', None, "RFC 8259 §4"),
    Kind(
        "json_bare_word",
        "error",
        'The {segment} has "{detail}" at {where}, which JSON does not know.',
        "Put names and texts in double quotes; the only bare words are true, false and null.",
        "RFC 8259 §3",
    ),
    Kind(
        "json_number_form", "error", 'The {segment} has "{detail}" at {where}, which is not how JSON writes a number.', None, "RFC 8259 §6"
    ),
    Kind("json_unexpected", "error", 'The {segment} has "{detail}" at {where}, where a value is expected.', None, "RFC 8259 §2"),
    Kind(
        "json_control_character",
        "error",
        "The {segment} has the control character {detail} inside a string ({where}); it must be escaped.",
        None,
        "RFC 8259 §7",
    ),
    Kind("json_escape", "error", 'The {segment} has the escape "{detail}" at {where}, which JSON does not know.', None, "RFC 8259 §7"),
    Kind("json_string_open", "error", "The {segment} has a string that is never closed, from {where} on.", None, "RFC 8259 §7"),
    Kind(
        "json_ends_early",
        "error",
        "The {segment} breaks off at {where}: JSON is not complete.",
        "Copy the token again; it may have been cut.",
        "RFC 8259 §2",
    ),
    Kind("json_extra_data", "error", "The {segment} has something behind the JSON value ({where}).", None, "RFC 8259 §2"),
    Kind("json_empty", "error", "The {segment} is empty.", None, "RFC 8259 §2"),
    Kind(
        "json_too_deep",
        "error",
        "The {segment} is nested {count} levels deep; jwtlens reads 64. Such nesting is used to exhaust parsers.",
        None,
        "RFC 8259 §9",
    ),
    Kind("json_too_many_members", "error", "The {segment} has {count} members; jwtlens reads 10,000.", None, "RFC 8259 §9"),
    Kind(
        "json_duplicate_member",
        "error",
        'The {segment} has "{detail}" {count} times ({values}; {where}). Programs disagree on which one counts; the last is shown.',
        "Refuse the token; the issuer has to write each name once.",
        "RFC 7515 §4",
    ),
    Kind(
        "json_constant",
        "error",
        "The {segment} has {detail} at {where}, which is not JSON.",
        "The issuer has to leave the member out or write null.",
        "RFC 8259 §6",
    ),
    Kind(
        "json_big_integer",
        "info",
        "{detail} ({where}) is beyond 2^53: JavaScript and many others round it. It is shown and signed exactly here.",
        "Send it as a string.",
        "RFC 8259 §6",
    ),
    Kind(
        "json_long_integer", "warning", "The {segment} has an integer of {count} digits ({where}); it is kept as text.", None, "RFC 8259 §6"
    ),
    Kind(
        "json_lone_surrogate",
        "warning",
        "{detail} ({where}) is half of a surrogate pair: no character, and it cannot be written as UTF-8.",
        None,
        "RFC 8259 §8.2",
    ),
    Kind(
        "json_byte_order_mark",
        "error",
        "The {segment} begins with a byte order mark; JSON must not have one. The rest is read.",
        "The issuer has to leave it out.",
        "RFC 8259 §8.1",
    ),
    Kind(
        "hidden_character",
        "warning",
        "The {segment} has {name} at {where}{count}: it does not show, or turns the direction of what follows, so the text may read as something else.",
        "Compare the characters one by one before you trust what you read.",
        "RFC 8259 §8.3",
    ),
    # header
    Kind("alg_missing", "error", 'The header has no "alg"; every verifier refuses the token.', 'Add "alg".', "RFC 7515 §4.1.1"),
    Kind("alg_not_a_string", "error", '"alg" is {kind}; a string is required.', None, "RFC 7515 §4.1.1"),
    Kind("alg_unknown", "error", 'alg "{alg}" is not an algorithm jwtlens knows.{guess}', None, "RFC 7515 §4.1.1"),
    Kind(
        "alg_none",
        "warning",
        'alg "none": unsecured. Anyone can write this token; nothing is verified, whatever key is given.',
        "Have the issuer sign it.",
        "RFC 7518 §3.6",
    ),
    Kind(
        "alg_none_with_signature",
        "error",
        'alg "none", yet a signature of {size} bytes follows; it must be empty.',
        "Refuse the token: the header was altered or the issuer is broken.",
        "RFC 7518 §3.6",
    ),
    Kind("header_parameter_type", "error", 'The header parameter "{name}" is {kind}; {need} is required.', None, "RFC 7515 §4.1"),
    Kind(
        "crit_form",
        "error",
        "crit is {kind}; it must be an array of names with at least one in it, or be left out.",
        None,
        "RFC 7515 §4.1.11",
    ),
    Kind(
        "crit_standard_name",
        "error",
        'crit lists "{name}"; names that RFC 7515 and 7518 define must not be listed.',
        None,
        "RFC 7515 §4.1.11",
    ),
    Kind("crit_absent_name", "error", 'crit lists "{name}", which the header does not have.', None, "RFC 7515 §4.1.11"),
    Kind("crit_twice", "error", 'crit lists "{name}" twice.', None, "RFC 7515 §4.1.11"),
    Kind(
        "crit_unknown",
        "error",
        'crit lists "{name}", which this verifier does not process: the token must be refused.',
        "Verify it with a program that knows the extension.",
        "RFC 7515 §4.1.11",
    ),
    Kind(
        "b64_without_crit",
        "error",
        "b64 is false but not listed in crit: receivers that do not know b64 would read the payload wrongly.",
        'Add "crit": ["b64"].',
        "RFC 7797 §6",
    ),
    Kind(
        "header_key",
        "warning",
        'The header brings its own key ("{name}"). It proves nothing: whoever wrote the token chose it. jwtlens neither uses nor fetches it.',
        "Take the key from the issuer, not from the token.",
        "RFC 8725 §3.10",
    ),
    Kind(
        "type_for_typ",
        "warning",
        'The header has "type", which is not registered; "typ" was probably meant.',
        'Rename it to "typ".',
        "RFC 7515 §4.1.9",
    ),
    # signature
    Kind(
        "signature_empty",
        "error",
        "{alg} needs a signature; it is empty: stripped or never made.",
        "Copy the token again; otherwise refuse it.",
        "RFC 7515 §5.2",
    ),
    Kind(
        "signature_size",
        "error",
        "The signature has {size} bytes; {alg} {with_key}makes {need}.{guess}",
        "Copy the token again, or have the issuer write the signature as {alg} says.",
        "{spec}",
    ),
    Kind(
        "signature_range",
        "error",
        "In the signature {which}; both numbers must lie between 1 and the curve's order. {guess}",
        "Refuse the token.",
        "RFC 7518 §3.4",
    ),
    # keys
    Kind(
        "key_small_order",
        "error",
        "The Ed25519 public key is a point of small order: anyone can make signatures that it verifies.",
        "Do not use this key.",
        "RFC 8032 §8.8",
    ),
    Kind("key_empty", "info", "No key yet: paste a secret, a PEM, a JWK, a key set or a certificate.", None),
    Kind("key_unreadable", "error", "The key box holds {what} that cannot be read: {why}", "{hint}", "{spec}"),
    Kind("key_encoding", "error", "The secret is not {encoding}: {why}", "Choose another reading of the secret."),
    Kind("key_set_empty", "error", "The key set holds no key that can be used.", None, "RFC 7517 §5"),
    Kind("key_set_too_large", "error", "The key set holds {count} keys; jwtlens reads 100.", None, "RFC 7517 §5"),
    Kind(
        "key_set_mixed",
        "error",
        "The key set mixes secrets with public keys: whoever may read the public keys can read the secret and sign.",
        "Keep secrets out of key sets.",
        "RFC 8725 §3.1",
    ),
    Kind(
        "key_set_same_kid",
        "error",
        'The key set has kid "{kid}" {count} times; which key is meant is not clear.',
        "Give each key its own kid.",
        "RFC 7517 §4.5",
    ),
    Kind("key_type_for_algorithm", "error", "{alg} needs {need}; the key box holds {have}.{guess}", "{hint}", "RFC 8725 §3.1"),
    Kind(
        "key_algorithm",
        "error",
        'The key says it is for "{key_alg}" only; the token says {alg}.',
        "Use the key that belongs to {alg}.",
        "RFC 7517 §4.4",
    ),
    Kind(
        "key_algorithm_misspelt",
        "warning",
        'The key\'s alg "{key_alg}" is not registered; it is read as {alg}.',
        'Write "{alg}".',
        "RFC 7518 §3.1",
    ),
    Kind(
        "key_use",
        "error",
        'The key is marked use "{use}"; it must not be used for signatures.',
        "Use the issuer's signing key.",
        "RFC 7517 §4.2",
    ),
    Kind("key_ops", "error", 'The key\'s key_ops {ops} do not allow "{wanted}".', "Use a key that allows it.", "RFC 7517 §4.3"),
    Kind("key_member_type", "error", 'The key\'s "{name}" is {kind}; {need} is required.', None, "RFC 7517 §4"),
    Kind(
        "key_kid",
        "error",
        'The token asks for kid "{wanted}"; {have}.',
        "Use the key with that kid, or have the issuer correct it.",
        "RFC 7515 §4.1.4",
    ),
    Kind(
        "key_too_short",
        "error",
        "The secret has {bits} bits; {alg} requires {need}.",
        "Use a random secret of at least {need} bits.",
        "RFC 7518 §3.2",
    ),
    Kind("secret_empty", "error", "The secret is empty: anyone can sign with it.", "Use a random secret.", "RFC 7518 §3.2"),
    Kind("rsa_too_short", "error", "The RSA key has {bits} bits; {alg} requires 2,048.", "Use a longer key.", "{spec}"),
    Kind("rsa_too_long", "error", "The RSA key has {bits} bits; jwtlens verifies with 512 to 8,192.", None, "RFC 7518 §3.3"),
    Kind(
        "rsa_exponent",
        "error",
        "The RSA public exponent is {e}: signatures can be forged or never verify. It must be odd and at least 3.",
        "Do not use this key.",
        "RFC 8017 §3.1",
    ),
    Kind(
        "rsa_roca",
        "error",
        "The RSA key was made by a faulty chip (ROCA, CVE-2017-15361): its private part can be computed.",
        "Replace the key.",
        "RFC 8725 §3.5",
    ),
    Kind(
        "rsa_private_wrong",
        "error",
        "The private RSA key does not fit together: {member}. It cannot sign.",
        "Copy the key again.",
        "RFC 8017 §3.2",
    ),
    Kind(
        "public_key_as_secret",
        "error",
        "The secret is {what}: anyone who knows the public key could sign. No public key is used as a secret here.",
        "Use the key as a key, or a random secret.",
        "RFC 8725 §3.1",
    ),
    Kind(
        "key_private",
        "info",
        "This is a private key. Its public half verifies; it is needed only to sign. If it is in use, it should not be pasted anywhere.",
        None,
    ),
    Kind("key_escaped_lines", "info", 'The PEM has "\\n" written out, as JSON and .env files have it; it is read as line breaks.', None),
    Kind(
        "key_jwk_base64",
        "warning",
        'The JWK\'s "{name}" is not canonical base64url ({why}); it is read anyway.',
        "Write it without padding, in base64url.",
        "RFC 7518 §2",
    ),
    Kind(
        "key_coordinate_size",
        "warning",
        'The JWK\'s "{name}" has {size} bytes; {curve} needs {need}, with leading zeros.',
        "Write it at full length.",
        "RFC 7518 §6.2.1",
    ),
    Kind(
        "key_json_secret",
        "warning",
        'The key box holds JSON without "kty"; it is used as a secret, character for character.',
        'A JWK needs "kty".',
        "RFC 7517 §4.1",
    ),
    Kind("key_more_certificates", "info", "The text holds {count} certificates; the first one's key is used.", None, "RFC 7515 §4.1.6"),
    # claims
    Kind(
        "claim_not_a_date",
        "error",
        '"{name}" is {kind}; a NumericDate, seconds since 1970 as a number, is required.{guess}',
        None,
        "RFC 7519 §2",
    ),
    Kind("claim_type", "error", '"{name}" is {kind}; {need} is required.', None, "{spec}"),
    Kind("claim_no_exp", "warning", "No exp: this token never expires.", "Have the issuer add exp.", "RFC 7519 §4.1.4"),
)
KINDS = {row.code: row for row in _ROWS}


def found(
    code: str,
    segment: Segment,
    *,
    offset: int | None = None,
    length: int | None = None,
    line: int | None = None,
    column: int | None = None,
    repairs: tuple[Repair, ...] = (),
    **facts: object,
) -> Finding:
    """Make the finding *code*; *facts* fill its templates."""
    kind = KINDS[code]
    facts = {"segment": segment, "length": length} | facts
    return Finding(
        code,
        kind.level,
        segment,
        kind.message.format(**facts),
        kind.fix.format(**facts) if kind.fix else None,
        (kind.spec.format(**facts) if kind.spec else None) or None,
        offset,
        length,
        line,
        column,
        repairs,
    )


def quoted(text: str, limit: int = 60) -> str:
    """*text* fit for a sentence: short, on one line, with every invisible or direction-changing character spelt out."""
    return spelt_out(text[:limit]) + ("…" if len(text) > limit else "")


def named(character: str) -> str:
    """The character as `"#" (U+0023)` or, when it cannot be seen, `U+200B ZERO WIDTH SPACE`."""
    code = f"U+{ord(character):04X}"
    if _is_plain(character) and character != " " and character.isascii():
        return f'"{character}" ({code})'
    return f"{code} {unicodedata.name(character, 'CONTROL CHARACTER')}"


def kind_of(value: object) -> str:
    """The JSON type of *value* in words, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    return "a number"


def spelt_out(text: str) -> str:
    """*text* with every character that does not show, or turns the direction, written as `\\u{202e}`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _is_plain(character) else f"\\u{{{ord(character):x}}}" for character in text)


def _is_plain(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ" or character == " "
