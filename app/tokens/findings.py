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

_ROWS = (
    # the text as a whole
    Kind("empty_input", "info", "Nothing to read: the input is empty.", "Paste a token."),
    Kind(
        "not_a_token",
        "error",
        "Not a JWT: {what}. {guess}",
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
    Kind(
        "truncated",
        "error",
        "The token {where} {dots}: the program it was copied from shortened it. {complete}",
        "Copy the whole token from where it is not shortened, for example with a copy button.",
        "RFC 7515 §7.1",
    ),
    Kind(
        "input_too_long",
        "error",
        "The text has {count} characters; jwtlens reads 1,048,576. No token is that long: servers take 8,192 bytes for a whole header.",
        "Paste the token alone.",
        "RFC 9110 §5.4",
    ),
    Kind("wrapper_removed", "info", "{what} ({size} characters){why}; {they} set aside.", None, "{spec}"),
    Kind(
        "token_taken",
        "info",
        "The token{name} was taken out of {what}; the other {count} characters were set aside.",
        None,
        None,
    ),
    Kind(
        "several_tokens",
        "info",
        "The text holds {count} different tokens; the first{name} is read. The others: {others}.",
        "Choose the one to read.",
        None,
    ),
    Kind("token_repeated", "info", "The same token stands {count} times in the text; it is read once.", None, None),
    Kind(
        "tokens_joined",
        "error",
        "{what} stand one behind the other without a gap; the second begins at offset {at}. The first is read.",
        "Keep one of them.",
        "RFC 7515 §7.1",
    ),
    Kind(
        "token_escaped",
        "error",
        'The token has "{text}" at offset {at}{count}: {what}, {plain}. A strict receiver refuses it as it stands.',
        "Undo the escaping before the token is sent.",
        "RFC 7515 §7.1",
    ),
    Kind("escape_undone", "info", 'The token has "{text}" at offset {at}{count}: {what}, {plain}.', None, None),
    Kind(
        "case_lost",
        "error",
        "The token is all in {case} letters: QR codes in alphanumeric mode and some forms change them. Base64url tells capitals from small letters, so its content is lost.",
        "Copy the token from its source; it cannot be restored.",
        "RFC 4648 §5",
    ),
    Kind(
        "white_space",
        "error",
        "{name} at offset {at}{count}, {place}: a token holds none. {hint}It is read without, but a strict receiver refuses it.",
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
        "Encrypted token (JWE, 5 segments), {header}. There is no signature to verify; {key} decrypts it.",
        None,
        "RFC 7516 §3",
    ),
    Kind(
        "sd_jwt",
        "info",
        "SD-JWT: an issuer-signed JWT with {count}, {binding}. {hidden} The signature is that of the issuer-signed JWT.",
        None,
        "RFC 9901 §4",
    ),
    Kind("sd_disclosure", "info", "Disclosure {number}: salt {salt}, {what}; its digest {digest} is in {where}.", None, "RFC 9901 §4.2"),
    Kind(
        "sd_disclosures_more",
        "info",
        "{count} more disclosures are read and not listed; {bad} of them must be refused.",
        None,
        "RFC 9901 §4.2",
    ),
    Kind(
        "sd_disclosure_refused",
        "error",
        "Disclosure {number}: salt {salt}, {what}; {fault}, so the whole SD-JWT must be refused.",
        "Present only disclosures that the issuer made for this token, each once, as they were issued.",
        "RFC 9901 §7.1",
    ),
    Kind(
        "sd_digest_twice",
        "error",
        'The digest "{digest}" stands more than once in the SD-JWT; it must be refused.',
        "Have the issuer use a fresh salt for each disclosure.",
        "RFC 9901 §7.1",
    ),
    Kind(
        "sd_hash_unknown",
        "error",
        'The hash name _sd_alg is "{name}"; jwtlens knows sha-256, sha-384, sha-512 and their SHA-3 sisters. No disclosure can be checked.',
        "Have the issuer use sha-256.",
        "RFC 9901 §4.1.1",
    ),
    Kind(
        "sd_disclosures_too_many",
        "error",
        "There are {count} disclosures; jwtlens reads {most}, so the SD-JWT is not judged as a whole.",
        "Present only what the receiver asks for.",
        "RFC 9901 §7.1",
    ),
    Kind(
        "sd_reserved_name",
        "error",
        '"{name}" stands {where} and conveys no digests there; the name is reserved for that.',
        "Have the issuer use another name for the claim.",
        "RFC 9901 §4.1",
    ),
    Kind(
        "sd_too_large",
        "error",
        "With what is disclosed put in its place, the claims are nested deeper than 64 levels or have more than 10,000 members; jwtlens does not read them.",
        "Present only what the receiver asks for.",
        "RFC 8259 §9",
    ),
    Kind(
        "sd_validity_disclosable",
        "warning",
        "The issuer made {names} selectively disclosable: a holder may keep back what a receiver needs in order to judge the token.",
        "Have the issuer sign it in the open.",
        "RFC 9901 §9.7",
    ),
    Kind(
        "sd_draft_form",
        "error",
        "The disclosures stand beside the payload, as drafts of RFC 9901 had them; a strict receiver looks for them in the unprotected header.",
        'Put "disclosures" and "kb_jwt" into "header".',
        "RFC 9901 §8.1",
    ),
    Kind(
        "sd_key_binding_refused",
        "error",
        "The key binding JWT must be refused: {because}",
        "Have the holder make a new one for this presentation.",
        "RFC 9901 §7.3",
    ),
    Kind(
        "sd_end",
        "error",
        'The SD-JWT does not end in "~" and has no key binding JWT behind the last "~".',
        'Put a "~" behind the last disclosure.',
        "RFC 9901 §4",
    ),
    Kind(
        "sd_hash_differs",
        "error",
        'The key binding JWT has sd_hash {given}; of what is presented it is "{made}". It was made for another presentation.',
        "Have the holder make a new key binding JWT for exactly these disclosures.",
        "RFC 9901 §7.3",
    ),
    Kind(
        "json_serialization",
        "info",
        "A {kind} in {form} JSON serialization ({section}), {read}. A JWT must be compact (RFC 7519 §1).",
        "Write it compactly if a JWT is wanted: its parts joined by dots.",
        "{section}",
    ),
    Kind("json_form_damaged", "error", 'The member "{name}" is {kind}; {need} is required.', None, "{spec}"),
    Kind(
        "unprotected_header",
        "info",
        "{names} {verb} in the unprotected header: the signature does not cover it, so that anyone can change it.",
        None,
        "RFC 7515 §7.2.1",
    ),
    Kind(
        "unprotected_alg",
        "warning",
        "{names} {verb} in the unprotected header: the signature does not cover it, so that anyone can change the algorithm.",
        "Have the issuer put alg into the protected header.",
        "RFC 7515 §10.7",
    ),
    Kind(
        "unprotected_forbidden",
        "error",
        "{name} stands in the unprotected header; it must be protected.",
        "Have the issuer put it into the protected header.",
        "{spec}",
    ),
    Kind(
        "shc_numeric",
        "info",
        "A SMART Health Card in digits, as its QR code holds it (shc:/): two for each of the token's {count} characters.",
        None,
        "SMART Health Cards, Encoding Chunks as QR Codes",
    ),
    Kind(
        "shc_damaged",
        "error",
        "It begins as a SMART Health Card in digits (shc:/), but {why}.",
        "Scan the QR code again, and paste all of its digits.",
        "SMART Health Cards, Encoding Chunks as QR Codes",
    ),
    Kind(
        "json_signatures_many",
        "warning",
        "The general JWS has {count} signatures; the first {cap} are judged.",
        "Leave out those that nobody checks.",
        "RFC 7515 §7.2.1",
    ),
    Kind("other_signature", "info", "Signature {number} of {count}: {status}. {because}", None, "RFC 7515 §7.2.1"),
    Kind(
        "other_signature_invalid",
        "warning",
        "Signature {number} of {count} does not count. {because}",
        "Have it checked with the key of the one who made it.",
        "RFC 7515 §7.2.1",
    ),
    # base64url
    Kind(
        "base64_standard_alphabet",
        "error",
        'The {segment} has "{text}" at offset {at} ({inner} within the {segment}){count}: standard base64{mixed}. Base64url has "{canonical}". Every strict receiver refuses this spelling.',
        "{hint}",
        "RFC 7515 §2",
    ),
    Kind(
        "base64_padding",
        "error",
        'The {segment} ends in "=" padding at offset {at}; base64url in tokens has none.',
        "{hint}",
        "RFC 7515 §2",
    ),
    Kind(
        "base64_look_alike",
        "error",
        'The {segment} has {name} at offset {at} ({inner} within the {segment}){count}, which looks like "{canonical}" and is not it: {why}.',
        'Put "{canonical}" in its place, or copy the token again.',
        "RFC 7515 §2",
    ),
    Kind(
        "base64_foreign_character",
        "error",
        "The {segment} has {name} at offset {at} ({inner} within the {segment}){count}, which is not base64url.",
        "Copy the token again; a program on its way changed or inserted the character.",
        "RFC 7515 §2",
    ),
    Kind(
        "base64_length",
        "error",
        "The {segment} has {text} character{plural}; 4n+1 is impossible for base64url, so a character was lost or added at its end.",
        "Copy the token again.",
        "RFC 7515 §2",
    ),
    Kind(
        "base64_loose_bits",
        "error",
        'The {segment} ends in "{text}", whose last {bits} bits must be zero (canonical: "{canonical}"). The bytes are the same, the spelling is not canonical, and replay checks on the token as text can be bypassed.',
        "{hint}",
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
    Kind(
        "not_json",
        "warning",
        "The {segment} is text, not JSON{shown}: a valid JWS can carry it, a JWT cannot.{guess}",
        None,
        "RFC 7519 §7.2",
    ),
    Kind("segment_encoding", "error", "The {segment} is no base64url of JSON. {guess}", "Encode it as base64url, once.", "RFC 7515 §2"),
    Kind(
        "nested_token",
        "info",
        'The {segment} holds a token of {size} characters in "{name}"; what it says is judged for itself.',
        "Open it to read it.",
        "RFC 7519 §5.2",
    ),
    Kind(
        "payload_not_detached",
        "error",
        "A payload is given beside the token, which has another one of its own: what was given is not what is signed.",
        "Leave it out, or take the token whose payload is detached.",
        "RFC 7515 Appendix F",
    ),
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
        'The {segment} has a trailing comma before "{detail}" ({where}); JSON allows none there.',
        "Remove the comma. The issuer signed bad JSON, and should write it with a library.",
        "RFC 8259 §4",
    ),
    Kind(
        "json_single_quotes",
        "error",
        "The {segment} uses single quotes ({where}); JSON needs double quotes for names and texts. It looks like a Python or JavaScript literal.",
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
    Kind(
        "json_extra_data",
        "error",
        'The {segment} has something behind the JSON value ({where}): {count} character{plural}, "{detail}".',
        "A header or payload is one JSON value and nothing else.",
        "RFC 8259 §2",
    ),
    Kind(
        "json_comment",
        "error",
        'The {segment} has a comment ({where}): "{detail}". JSON has no comments.',
        "Remove the comment.",
        "RFC 8259 §2",
    ),
    Kind(
        "json_proto_name",
        "warning",
        'The {segment} has the name "__proto__" ({where}): JavaScript programs that copy members one by one change the prototype of their objects with it.',
        "Refuse it unless you know what it is for.",
        "RFC 8259 §4",
    ),
    Kind("json_empty_name", "info", "The {segment} has a member without a name ({where}): legal, and hardly meant.", None, "RFC 8259 §4"),
    Kind(
        "json_names_alike",
        "warning",
        'The {segment} has "{detail}" and "{values}" ({where}). They are two names, yet programs that ignore case or unite composed characters read both as one.',
        "Have the issuer give them different names.",
        "RFC 8259 §8.3",
    ),
    Kind(
        "json_escaped_name",
        "warning",
        'The {segment} spells the name "{values}" as "{detail}" ({where}): legal, needless, and a way past filters that search the text.',
        "Compare names only after the JSON is read.",
        "RFC 8259 §8.3",
    ),
    Kind(
        "json_number_range",
        "info",
        "The {segment} has {detail} ({where}), beyond what a double holds: JavaScript and many others read {values}. It is kept as written.",
        "{fix}",
        "RFC 8259 §6",
    ),
    Kind(
        "json_number_precision",
        "info",
        "The {segment} has {detail} ({where}), finer than a double: JavaScript and many others read {values}. It is kept as written.",
        "{fix}",
        "RFC 8259 §6",
    ),
    Kind(
        "json_negative_zero",
        "info",
        "The {segment} has -0 ({where}): some programs read 0, others negative zero.",
        "Write 0.",
        "RFC 8259 §6",
    ),
    Kind("json_empty", "error", "The {segment} is empty.", None, "RFC 8259 §2"),
    Kind(
        "json_too_deep",
        "error",
        "The {segment} is nested {count} levels deep; jwtlens reads 64, so it is not shown. Such nesting is used to exhaust parsers.",
        None,
        "RFC 8259 §9",
    ),
    Kind("json_too_many_members", "error", "The {segment} has {count} members; jwtlens reads 10,000.", None, "RFC 8259 §9"),
    Kind(
        "json_duplicate_member",
        "error",
        'The {segment} has "{detail}" {times} ({values}; at offsets {offsets} of the {segment}, the last at {where}){escaped}. Programs disagree on which one counts; the last is shown.',
        "Refuse the token; the issuer has to write each name once.",
        "{spec}",
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
        "{member}{detail} ({where}) is beyond 2^53: JavaScript shows {values}. It is shown and signed exactly here.",
        "{fix}",
        "RFC 8259 §6",
    ),
    Kind(
        "json_long_integer", "warning", "The {segment} has an integer of {count} digits ({where}); it is kept as text.", None, "RFC 8259 §6"
    ),
    Kind(
        "json_lone_surrogate",
        "warning",
        "The {segment} has {detail} ({where}), half of a surrogate pair: no character, and it cannot be written as UTF-8.",
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
    Kind(
        "alg_not_a_string",
        "error",
        '"alg" is {kind}; a string is required.',
        'Have the issuer write the name of its algorithm, for example "HS256".',
        "RFC 7515 §4.1.1",
    ),
    Kind("alg_unknown", "error", 'alg "{alg}" is not registered for signatures.{guess}', "{hint}", "RFC 7515 §4.1.1"),
    Kind(
        "alg_none",
        "error",
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
    Kind(
        "header_parameter_type",
        "error",
        'The header parameter "{name}" is {kind}; {need} is required.',
        "Have the issuer write {need}.",
        "{spec}",
    ),
    Kind(
        "header_name",
        "warning",
        'The header has "{name}"; names are case-sensitive, so receivers do not see it as "{wanted}".',
        'Rename it to "{wanted}".',
        "RFC 7515 §4",
    ),
    Kind(
        "header_alias",
        "info",
        'The header has "{name}", which is not registered; receivers look for "{wanted}".',
        'Rename it to "{wanted}" if that is meant.',
        "RFC 7515 §4.1",
    ),
    Kind(
        "kid_danger",
        "warning",
        "kid holds {what}: it looks like an attack on the look-up of the key. {harm}.",
        "Compare kid with the kids you know; never put it into a path, a query or a command.",
        "RFC 8725 §3.10",
    ),
    Kind(
        "kid_long",
        "warning",
        "kid has {size} characters; a name of a key is short. Such lengths are used to fill logs and caches, or to overflow a buffer.",
        "Refuse a kid that is longer than any of yours.",
        "RFC 7515 §4.1.4",
    ),
    Kind(
        "header_encryption",
        "warning",
        "The header has {names}, which {verb} to encryption (JWE); this token has 3 segments and is signed (JWS), so that receivers may take it for either.",
        "Have the issuer leave it out.",
        "RFC 7516 §9",
    ),
    Kind(
        "header_zip",
        "info",
        'The header has zip "{zip}": the payload is compressed before it is signed, as SMART Health Cards do. Compression is defined for encryption (JWE) only; other receivers do not undo it.{size}',
        None,
        "RFC 7516 §4.1.3",
    ),
    Kind(
        "zip_damaged",
        "warning",
        'The header says zip "DEF" of the payload, but {why}. A receiver that inflates it, as of a SMART Health Card, refuses it.',
        "Have the issuer compress the payload with raw DEFLATE, or leave out zip.",
        "RFC 1951",
    ),
    Kind("b64_true", "info", "b64 is true, which is the default; it says nothing and can be left out.", 'Remove "b64".', "RFC 7797 §3"),
    Kind(
        "b64_in_jwt",
        "warning",
        "b64 is false and the payload is a claims set; a JWT must not use the unencoded payload option.",
        'Have the issuer leave out "b64".',
        "RFC 7797 §7",
    ),
    Kind(
        "b64_dot",
        "error",
        'b64 is false and the payload has a "." in it, which in the compact form separates segments.',
        "Detach the payload, or use the JSON form.",
        "RFC 7797 §5.2",
    ),
    Kind(
        "b64_differs",
        "error",
        "Some of the signatures say that the payload is encoded in base64url, and others that it is not (b64).",
        "Have all signers give b64 the same value.",
        "RFC 7797 §3",
    ),
    Kind(
        "typ_jose",
        "info",
        'typ "JOSE" says only that this is a compact JWS or JWE; the payload is a claims set, and a receiver of JWTs looks for "JWT".',
        'Write "JWT", or leave typ out.',
        "RFC 7515 §4.1.9",
    ),
    Kind(
        "typ_jose_json",
        "warning",
        'typ "JOSE+JSON" says that this is the JSON form; it is the compact form.',
        'Write "JWT" or "JOSE", or leave typ out.',
        "RFC 7515 §4.1.9",
    ),
    Kind(
        "typ_case",
        "info",
        'typ is "{typ}"; it means the same, but old receivers know only "JWT" in capitals.',
        'Write "JWT".',
        "RFC 7519 §5.1",
    ),
    Kind("jws_nested", "info", "The payload is itself {what}: a nested token.", "Open it to see it alone.", "RFC 7519 Appendix A.2"),
    Kind("nested_layer", "info", "Inside, {depth} deep, is {what}: {because}", None, "RFC 7519 §7.2"),
    Kind(
        "nested_too_deep",
        "warning",
        "Tokens are nested more than {most} deep; jwtlens opens {most}. Such nesting is used to exhaust receivers.",
        "Open the innermost of them alone.",
        "RFC 7519 §5.2",
    ),
    Kind(
        "nested_without_cty",
        "warning",
        'The payload is a token itself, but the header has no cty "JWT"; receivers do not know that they have to read it once more.',
        'Have the issuer add "cty": "JWT".',
        "RFC 7519 §5.2",
    ),
    Kind(
        "cty_not_nested",
        "warning",
        'cty "JWT" says that the payload is a token itself; it is {kind}.',
        'Have the issuer leave out "cty".',
        "RFC 7519 §5.2",
    ),
    Kind(
        "header_claim_differs",
        "warning",
        '"{name}" stands in the header and in the payload with different values: {header} and {claim}. A router that reads the header decides otherwise than the receiver.',
        "Refuse the token; the issuer has to write the same in both.",
        "RFC 7519 §5.3",
    ),
    Kind(
        "header_nonce",
        "info",
        "The header has a nonce, as Microsoft's tokens for its own APIs have: it is replaced after signing, so that nobody but that API can verify the signature.",
        "Ask for a token whose audience is your own API.",
    ),
    Kind(
        "crit_form",
        "error",
        "crit is {kind}; it must be an array of names with at least one in it, or be left out.",
        "Have the issuer leave out crit, or list the names of its extensions.",
        "RFC 7515 §4.1.11",
    ),
    Kind(
        "crit_standard_name",
        "error",
        'crit lists "{name}"; names that RFC 7515 and 7518 define must not be listed.',
        "Have the issuer take the name out of crit.",
        "RFC 7515 §4.1.11",
    ),
    Kind(
        "crit_absent_name",
        "error",
        'crit lists "{name}", which the header does not have.',
        "Have the issuer take the name out of crit, or write the parameter.",
        "RFC 7515 §4.1.11",
    ),
    Kind("crit_twice", "error", 'crit lists "{name}" {count} times.', "Have the issuer list each name once.", "RFC 7515 §4.1.11"),
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
        "b64 is false but not listed in crit: receivers that do not know b64 read the payload wrongly.",
        'Add "crit": ["b64"].',
        "RFC 7797 §6",
    ),
    Kind(
        "header_key",
        "warning",
        "The header {what}. {caution} jwtlens neither uses nor fetches it by itself.",
        "{hint}",
        "RFC 8725 §3.10",
    ),
    Kind(
        "header_key_expected",
        "info",
        'The header brings the public key of the DPoP proof ("{name}": {what}), as it must. It counts if the access token is bound to it: its cnf.jkt must be "{thumbprint}".',
        None,
        "RFC 9449 §4.2",
    ),
    Kind(
        "header_key_recipient", "info", 'The header shows the key that the token is encrypted to ("{name}"{what}).', None, "RFC 7516 §4.1"
    ),
    Kind(
        "header_key_matches",
        "warning",
        'The signature matches the key that the token itself brought ("{name}"), not the key in the key box. It proves nothing: whoever wrote the token holds that key (the attack of CVE-2018-0114).',
        "Do not put the token's own key into the key box; ask the issuer for its key.",
        "RFC 8725 §3.10",
    ),
    Kind(
        "header_key_other",
        "warning",
        "The header's \"{name}\" holds another key than the one that verifies the signature; it must be the signer's.",
        "Have the issuer leave it out, or write the key that signs.",
        "{spec}",
    ),
    Kind(
        "header_key_matches_proof",
        "info",
        'The signature matches the key in the header ("{name}"), not the key in the key box. A DPoP proof is verified with its own key, and that key with cnf.jkt of the access token.',
        "Empty the key box, or put the key of the proof into it.",
        "RFC 9449 §4.3",
    ),
    Kind(
        "brought_private",
        "error",
        'The token holds a PRIVATE key: "{name}" has the member "{part}". Whoever reads the token can sign in the name of that key.',
        "Replace the key, it is no longer secret; the issuer has to write the public members only.",
        "{spec}",
    ),
    Kind(
        "brought_secret",
        "error",
        'The token holds a symmetric key ("{name}", kty "oct"): whoever reads the token has the secret, and can sign or decrypt with it.',
        "Replace the secret; the issuer has to write a public key, or none.",
        "{spec}",
    ),
    Kind(
        "brought_unreadable", "error", 'The key in "{name}" cannot be read: {why}', "The issuer has to write a whole public JWK.", "{spec}"
    ),
    Kind(
        "brought_misfit",
        "warning",
        'The key in "{name}" ({key}) does not fit {alg}, so it is not the key that signed.',
        "Have the issuer write the key that signs, or none.",
        "{spec}",
    ),
    Kind(
        "brought_key_short", "warning", 'The RSA key in "{name}" has {bits} bits; 2,048 are required.', "Use a longer key.", "RFC 7518 §3.3"
    ),
    Kind(
        "brought_keys_differ",
        "error",
        '"jwk" and "x5c" hold different keys ({jwk}; {x5c}); both must be the one that signed.',
        "Refuse the token; the issuer has to write one of them, or both for the same key.",
        "RFC 7515 §4.1.6",
    ),
    Kind(
        "header_url_form",
        "warning",
        '"{name}" is no address that can be fetched: {why}.',
        "Do not fetch it; have the issuer write an https URL.",
        "{spec}",
    ),
    Kind(
        "header_url_scheme",
        "warning",
        '"{name}" begins with "{scheme}:", it is not https: {why}.',
        "Refuse it; the resource must come over TLS.",
        "{spec}",
    ),
    Kind(
        "header_url_user",
        "warning",
        '"{name}" has "@" in it: what stands before ("{user}") is a user name, the host is {host}. It is used to make an address look like one that you trust.',
        "Compare the whole host with your allow-list, not the beginning of the text.",
        "RFC 8725 §3.10",
    ),
    Kind(
        "header_url_inside",
        "warning",
        '"{name}" points to {host} ({where}): a receiver that fetches it is made to call services that the writer of the token cannot reach (server-side request forgery).',
        "Never fetch it; check the resolved address as well as the name.",
        "RFC 8725 §3.10",
    ),
    Kind("x5c_empty", "error", "x5c is an empty array; it must hold the certificate of the key that signed.", None, "RFC 7515 §4.1.6"),
    Kind("x5c_many", "info", "x5c has {count} certificates; jwtlens reads the first {most}.", None, "RFC 7515 §4.1.6"),
    Kind(
        "x5c_base64",
        "error",
        "x5c[{index}] is not plain base64: {why}. x5c is the one place in a token with standard base64 of the DER, padded and on one line.",
        "The issuer has to write it so.",
        "RFC 7515 §4.1.6",
    ),
    Kind("x5c_unreadable", "error", "x5c[{index}] is no X.509 certificate: {why}.", None, "RFC 7515 §4.1.6"),
    Kind(
        "x5c_order",
        "error",
        "x5c[{index}] ({subject}) is not signed by x5c[{following}] ({other}); each certificate must certify the one before it. {guess}",
        "The issuer has to write the signer's certificate first, then its issuer's, and so on.",
        "RFC 7515 §4.1.6",
    ),
    Kind(
        "x5t_mismatch",
        "error",
        '"{name}" is not the thumbprint of the certificate in x5c[0]: it says "{value}", {hash} gives "{right}".{guess}',
        "Refuse the token; the issuer has to write the thumbprint of the certificate that it signs with.",
        "{spec}",
    ),
    Kind(
        "x5t_form",
        "warning",
        '"{name}" ("{value}") {what}; it must be the base64url of {need} bytes, the {hash} of the certificate in DER.',
        "The issuer has to write the thumbprint so; otherwise receivers do not find the certificate.",
        "{spec}",
    ),
    Kind(
        "certificate_expired",
        "warning",
        "{where} ({subject}) expired {distance}, at {date}.",
        "Ask the issuer for its current certificate.",
        "RFC 5280 §4.1.2.5",
    ),
    Kind(
        "certificate_not_yet",
        "warning",
        "{where} ({subject}) is not valid yet: only from {date} on, {distance}.",
        "Check the clock, or ask the issuer for its current certificate.",
        "RFC 5280 §4.1.2.5",
    ),
    Kind(
        "certificate_weak_signature",
        "warning",
        "{where} ({subject}) is signed with {hash}, for which a second certificate with the same signature can be made.",
        "Have it issued again, with SHA-256 or better.",
        "{spec}",
    ),
    Kind(
        "certificate_weak_key",
        "warning",
        "{where} ({subject}) has an RSA key of {bits} bits; 2,048 are required.",
        "Use a longer key.",
        "RFC 7518 §3.3",
    ),
    Kind(
        "certificate_ca",
        "warning",
        "{where} ({subject}) is an authority's (CA: true): it signs certificates. Tokens are signed with the key of a certificate of their own.",
        "Use the certificate of the signer, not that of its authority.",
        "RFC 5280 §4.2.1.9",
    ),
    Kind(
        "certificate_usage",
        "warning",
        "{where} ({subject}) is not for signing: its key usage is {usages}, without digitalSignature.",
        "Use the certificate that is made for signing.",
        "RFC 5280 §4.2.1.3",
    ),
    Kind(
        "type_for_typ",
        "warning",
        'The header has "type", which is not registered; "typ" was probably meant. Examples of jwt.io have the same slip.',
        'Rename it to "typ".',
        "RFC 7515 §4.1.9",
    ),
    # signature
    Kind(
        "signature_empty",
        "error",
        "{alg} needs a signature of {need} bytes; it is empty: stripped or never made.",
        "Copy the token again; otherwise refuse it.",
        "RFC 7515 §5.2",
    ),
    Kind(
        "signature_size",
        "error",
        "The signature has {size} byte{plural}; {alg} {with_key}makes {need}.{guess}",
        "Copy the token again, or have the issuer write the signature as {alg} says.",
        "{spec}",
    ),
    Kind(
        "signature_range",
        "error",
        "In the signature {which}; both numbers must lie between 1 and the order n of {curve}, less one. {guess}",
        "Refuse the token.",
        "RFC 7518 §3.4",
    ),
    Kind(
        "signature_high_s",
        "info",
        "In the signature, s lies in the upper half. JOSE allows it; libraries of the blockchain world, where secp256k1 comes from, refuse it.",
        "Give such a receiver n − s instead of s.",
        "RFC 8812 §3.2",
    ),
    # encryption
    Kind(
        "jwe_header_missing",
        "error",
        'The header has no "{name}"; {what} needs it.',
        'Have the issuer write "{name}".',
        "{spec}",
    ),
    Kind(
        "jwe_header_twice",
        "error",
        'The header parameter "{name}" stands in two of the headers; each may stand in one only.',
        "Have the issuer write it once.",
        "RFC 7516 §7.2.1",
    ),
    Kind(
        "jwe_unprotected",
        "error",
        '"{name}" stands in an unprotected header; it counts only in the protected one.',
        "Have the issuer protect it.",
        "RFC 7516 §4.1",
    ),
    Kind(
        "jwe_recipients_enc",
        "error",
        "The recipients name different values of enc; there is one content, so it must be the same for all.",
        "Have the issuer write enc into the protected header.",
        "RFC 7516 §7.2.1",
    ),
    Kind("jwe_recipients_many", "error", "The token has {count} recipients; jwtlens reads {cap}.", None, "RFC 7516 §7.2.1"),
    Kind("jwe_alg_unknown", "error", 'alg "{name}" is no key management that JWE or jwtlens knows.{guess}', None, "RFC 7516 §4.1.1"),
    Kind(
        "jwe_enc_unknown",
        "error",
        'The enc "{name}" is not registered.{guess}',
        "Have the issuer write a registered name.",
        "RFC 7516 §4.1.2",
    ),
    Kind(
        "jwe_zip_unknown",
        "error",
        'The zip is {zip}; the only value there is, is "DEF".',
        'Have the issuer write "DEF", or nothing.',
        "RFC 7516 §4.1.3",
    ),
    Kind(
        "jwe_parameter_base64",
        "error",
        'The header parameter "{name}" is not canonical base64url text.',
        "The issuer has to write it without padding, in base64url.",
        "RFC 7518 §2",
    ),
    Kind(
        "jwe_parameter_size",
        "error",
        'The header parameter "{name}" has {size} bytes; {alg} needs {need}.',
        "Copy the token again.",
        "{spec}",
    ),
    Kind("jwe_part_base64", "error", "The {part} is not canonical base64url: {why}.", "Copy the token again.", "RFC 7516 §5.2"),
    Kind("jwe_part_size", "error", "The {part} has {size} bytes; {name} needs {need}.{guess}", "Copy the token again.", "{spec}"),
    Kind(
        "jwe_encrypted_key_surplus",
        "error",
        "The encrypted key has {size} bytes; with {alg} it must be empty.{guess}",
        "Have the issuer correct alg, or leave the encrypted key empty.",
        "RFC 7516 §5.2",
    ),
    Kind(
        "jwe_not_blocks",
        "error",
        "The ciphertext has {size} bytes, {over} beyond a multiple of 16; {enc} makes whole blocks of 16.",
        "Copy the token again; a part of it is lost.",
        "RFC 7518 §5.2.2",
    ),
    Kind(
        "jwe_epk_unreadable",
        "error",
        "The ephemeral key epk cannot be used: {why}.",
        "The issuer has to write epk as a public JWK on the curve of the receiver's key.",
        "RFC 7518 §4.6.1.1",
    ),
    Kind(
        "jwe_epk_off_curve",
        "error",
        "The ephemeral key epk is not a point of {curve}: an invalid-curve attack, or damage. It is not used.",
        "Refuse the token.",
        "RFC 7518 §4.6.1.1",
    ),
    Kind(
        "jwe_epk_small_order",
        "error",
        "The ephemeral key epk is a point of small order on {curve}: the shared secret would be all zeros for everybody. It is not used.",
        "Refuse the token.",
        "RFC 7748 §6",
    ),
    Kind(
        "jwe_epk_private",
        "error",
        'The ephemeral key epk has the private part "d": whoever reads the header can decrypt the token.',
        "The issuer has to write the public half of a key that is used once.",
        "RFC 7518 §4.6.1.1",
    ),
    Kind(
        "jwe_epk_curve",
        "error",
        "The ephemeral key epk is on {epk}; the key is on {key}. Both must lie on the same curve.",
        "Use the private key on {epk} that the token was encrypted to.",
        "RFC 7518 §4.6.1.1",
    ),
    Kind(
        "jwe_p2c_too_large",
        "error",
        "The count p2c asks for {count} rounds of PBKDF2, about {time} of computing: a denial of service. At most {cap} are run here; not run.",
        "Refuse the token.",
        "RFC 7518 §4.8.1.2",
    ),
    Kind(
        "jwe_p2c_low",
        "warning",
        "The count p2c is {count}; at least 1,000 rounds are recommended, and {today} are sensible today. The password can be guessed quickly.",
        "Have the issuer raise p2c.",
        "RFC 7518 §4.8.1.2",
    ),
    Kind(
        "jwe_p2s_short",
        "error",
        "The salt p2s has {size} bytes; at least 8 are required.",
        "Have the issuer use 16 random bytes.",
        "RFC 7518 §4.8.1.1",
    ),
    Kind(
        "jwe_rsa1_5",
        "warning",
        "RSA1_5 lets an attacker decrypt by asking often enough (Bleichenbacher), wherever a receiver shows why it refused. "
        "So a failure never tells bad padding from a bad tag here.",
        "Use RSA-OAEP-256 or ECDH-ES.",
        "RFC 8725 §3.2",
    ),
    Kind(
        "jwe_zip_side_channel",
        "info",
        "The content is compressed before it is encrypted, so its length tells something of what is in it (CRIME).",
        None,
        "RFC 8725 §3.6",
    ),
    Kind(
        "jwe_zip_bomb",
        "error",
        "Decrypted, but {size} compressed bytes inflate to more than {cap} bytes, {ratio} times as many or more: stopped, as it may be a decompression bomb.",
        "Refuse the token, or have the issuer send less.",
        "RFC 8725 §3.6",
    ),
    Kind(
        "jwe_zip_header",
        "error",
        'With zip "DEF" the content is raw DEFLATE; the decrypted bytes begin with a {name} header ({bytes}). They are inflated anyway; a strict receiver refuses them.',
        "The issuer has to compress without a header: with zlib, a window of -15 bits.",
        "RFC 7516 §4.1.3",
    ),
    Kind(
        "jwe_zip_damaged",
        "error",
        'Decrypted, but it cannot be inflated as zip "DEF" asks: {why}.',
        "Have the issuer make the token again.",
        "RFC 7516 §4.1.3",
    ),
    Kind("jwe_key_needed", "error", "{alg} needs {need} to decrypt; the key box holds {have}.", "{hint}", "{spec}"),
    Kind(
        "jwe_key_size", "error", "{what} needs a {need}-byte key; this one has {size}.{guess}", "Paste the key of {need} bytes.", "{spec}"
    ),
    Kind(
        "jwe_key_private", "info", "This is the receiver's private key, which decrypts. If it is in use, it should not be pasted anywhere."
    ),
    Kind(
        "jwe_key_use",
        "error",
        'The key is marked use "{use}"; it must not decrypt.',
        "Use the key that is meant for encryption.",
        "RFC 7517 §4.2",
    ),
    Kind(
        "jwe_key_not_unwrapped",
        "error",
        "The encrypted key does not unwrap with the {key}: {wrong}, or {parts} altered.",
        "Use the key of the receiver the token was made for.",
        "{spec}",
    ),
    Kind(
        "jwe_tag_mismatch",
        "error",
        "The tag does not match: {key}header, IV, ciphertext or tag was altered; AES-GCM cannot tell which.",
        "{hint}",
        "RFC 7516 §5.2",
    ),
    Kind(
        "jwe_not_decrypted",
        "error",
        "The token does not decrypt: it is not for this key, or its header, encrypted key, IV, ciphertext or tag was altered. "
        "Which of them is not told, so that nobody can use the answer to decrypt.",
        "Use the key of the receiver the token was made for, and the token as it was sent.",
        "RFC 7516 §11.5",
    ),
    Kind("jwe_opens_otherwise", "error", "The token opens {how}.", "{hint}", "{spec}"),
    Kind(
        "jwe_more_keys",
        "info",
        "{count} keys fit; {tried} of them were tried, for each costs much time.",
        "Paste the key that belongs to the token.",
        None,
    ),
    Kind("jwe_nested", "info", "The content is itself {what}: a nested token.", "Open it to see and verify it.", "RFC 7519 Appendix A.2"),
    Kind(
        "jwe_nested_without_cty",
        "warning",
        'The content is a token, but the header has no cty "JWT"; receivers may take it for plain text.',
        'Have the issuer write "cty": "JWT".',
        "RFC 7519 §5.2",
    ),
    Kind(
        "jwe_cty_without_token",
        "warning",
        'The cty is "{cty}", so the content must be a token; it is none.',
        "Have the issuer leave cty out.",
        "RFC 7519 §5.2",
    ),
    Kind(
        "jwe_not_json",
        "info",
        "The decrypted content is text, not JSON: a JWE can carry anything, an encrypted JWT cannot.",
        None,
        "RFC 7519 §7.2",
    ),
    # suspects: what does match when the signature does not
    Kind(
        "suspect_algorithm",
        "error",
        "{said} as {alg} with the {key}{so}",
        "Have the issuer name {alg} in the header, or sign with what the header names.",
        "RFC 7515 §4.1.1",
    ),
    Kind(
        "suspect_secret_encoding",
        "error",
        "The signature does not match with {stands}; with the secret {how}, it matches{also}.",
        "Choose that reading of the secret, or have the issuer use the other.",
        "RFC 7518 §3.2",
    ),
    Kind(
        "suspect_secret_text",
        "error",
        "The signature does not match with {stands}; it matches with the secret {how}{also}.",
        "Correct the secret here, or where the issuer reads it.",
        "RFC 7518 §3.2",
    ),
    Kind(
        "suspect_public_key_as_secret",
        "error",
        "Attack: {alg} with your {key} as the secret, {what}. Anyone who knows the public key can make this token.",
        "Refuse it. The key decides which algorithm runs; never let the header choose.",
        "RFC 8725 §3.1",
    ),
    Kind(
        "suspect_private_key_as_secret",
        "error",
        "{alg} was made with the text of your {key} as the secret, {what}: the issuer hands a key to the wrong algorithm.",
        "Have the issuer sign with an algorithm of that key; never let the header choose.",
        "RFC 8725 §3.1",
    ),
    Kind(
        "suspect_der_signature",
        "error",
        "The signature is {form}ASN.1 DER ({bytes} …, {size} bytes); {alg} writes r and s, {half} bytes each, {need} in all. Converted, it matches.",
        "Have the issuer write r and s one behind the other.",
        "{spec}",
    ),
    Kind(
        "suspect_signature_halves",
        "error",
        "The signature has {size} bytes: {how}; {alg} writes r and s with {half} bytes each, {need} in all. The numbers are right, strict receivers refuse it.",
        "Have the issuer write r and s at {half} bytes each.",
        "{spec}",
    ),
    Kind(
        "suspect_signature_order",
        "error",
        "The signature matches when it is read {how}.",
        "Have the issuer write the signature in big-endian order, r before s.",
        "RFC 7518 §3",
    ),
    Kind(
        "suspect_signature_width",
        "error",
        "The signature {how}; with this key it has {need} bytes, and so it matches.",
        "Have the issuer write the signature at full length.",
        "RFC 7518 §3.3",
    ),
    Kind(
        "suspect_signature_text",
        "error",
        "The signature is written as {form}. As bytes it matches.",
        "Have the issuer encode the bytes of the signature in base64url, once.",
        "RFC 7515 §7.1",
    ),
    Kind(
        "suspect_signature_cut",
        "error",
        "The signature has {size} bytes, {alg} makes {need}: these are the first {size} bytes of the right one, it is cut off.",
        "Copy the token again, whole.",
        "{spec}",
    ),
    Kind(
        "suspect_signature_long",
        "error",
        "The signature has {size} bytes; the first {need} match, {surplus} behind them too many.",
        "Have the issuer leave out what stands behind the signature.",
        "RFC 7515 §5.2",
    ),
    Kind(
        "suspect_digest",
        "error",
        "The signature does not match as {alg}; it matches as {how}, which {alg} does not mean.",
        "Have the issuer sign as {alg} says.",
        "{spec}",
    ),
    Kind(
        "suspect_spelling",
        "error",
        "Written in plain base64url, without the characters that do not belong there, the signature matches.",
        "Write the token plainly, and find out what changed it on its way.",
        "RFC 7515 §2",
    ),
    Kind(
        "suspect_rewritten",
        "error",
        "The signature would match if the {how}: somebody wrote the JSON anew after it was signed.",
        "Pass a token on as it came; its text is what is signed.",
        "RFC 7515 §5.1",
    ),
    Kind(
        "suspect_signing_input",
        "error",
        "The signature is over {what}; it must be over the encoded header and payload, joined by a dot.",
        "The issuer's program has to be mended; the token cannot.",
        "RFC 7515 §5.1",
    ),
    Kind(
        "suspect_weak_secret",
        "error",
        "Not signed with {key}, but with {secret}: anyone can make tokens like it.",
        "Refuse it. If it comes from the issuer, have the secret replaced by a random one of at least {need} bits.",
        "RFC 8725 §3.5",
    ),
    Kind(
        "signature_mismatch",
        "error",
        "The signature does not match: {compared}.",
        "{fix} If it is right, refuse the token: its header or payload was changed after it was signed.{tried}",
        "RFC 7515 §5.2",
    ),
    Kind(
        "weak_secret",
        "warning",
        "The token is signed with {secret}: anyone can make tokens like it.",
        "Replace the secret by a random one of at least {need} bits.",
        "RFC 8725 §3.5",
    ),
    # keys
    Kind(
        "key_small_order",
        "error",
        "The {curve} public key is a point of small order: anyone can make signatures that it verifies.",
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
        "key_algorithm_only",
        "error",
        "The key's own identifier (RSASSA-PSS) restricts it to {only}; the token says {alg}.",
        "Use a plain RSA key, or have the issuer sign with {only}.",
        "RFC 4055 §1.2",
    ),
    Kind("key_pss_only", "info", "The identifier of the RSA key is RSASSA-PSS: it is for {which} only.", None, "RFC 4055 §1.2"),
    Kind(
        "key_algorithm_family",
        "warning",
        'The key\'s alg "{alg}" is for another sort of key than this {name}{fits}.',
        "Correct alg, or use the key that it was meant for.",
        "RFC 7517 §4.4",
    ),
    Kind(
        "key_use_and_ops",
        "error",
        'The key is marked use "{use}", but its key_ops allow {other}; the two must say the same.',
        "Leave one of the two out.",
        "RFC 7517 §4.3",
    ),
    Kind(
        "key_set_private",
        "warning",
        "{count} of the {total} keys of the set hold private members; a set that others read must hold public keys only.",
        "Treat the private keys as leaked if this set was published.",
        "RFC 7517 §9.2",
    ),
    Kind(
        "key_set_secret",
        "info",
        "The key set holds secrets: whoever can read it can sign. It must not be published.",
        None,
        "RFC 7517 §9.2",
    ),
    Kind(
        "key_set_no_kid",
        "info",
        "{count} of the {total} keys of the set have no kid; a token cannot say which of them it means.",
        "Give each key its own kid.",
        "RFC 7517 §4.5",
    ),
    Kind(
        "key_leading_zeros",
        "warning",
        'The JWK\'s "{name}" begins with {count} zero byte{plural}; the number must be written in as few bytes as it needs.',
        "Leave the zero bytes out.",
        "RFC 7518 §2",
    ),
    Kind(
        "key_double_base64",
        "info",
        "The secret in k is base64 text itself ({size} characters, {inner} bytes when it is decoded). If those bytes are meant, k was encoded twice.",
        "Write base64url of the bytes.",
        "RFC 7518 §6.4.1",
    ),
    Kind(
        "rsa_multi_prime",
        "warning",
        'The private RSA key has more than two primes ("oth"), which is not read; it verifies, it cannot sign here.',
        "Make a key of two primes.",
        "RFC 7518 §6.3.2.7",
    ),
    Kind(
        "rsa_primes_missing",
        "info",
        "The private RSA key has only d; {names} are missing and are computed, which takes time.",
        "Write all members.",
        "RFC 7518 §6.3.2",
    ),
    Kind(
        "rsa_members_missing",
        "warning",
        "The private RSA key lacks {names}, though it has others of p, q, dp, dq and qi; it must have all of them or none.",
        "Write all members.",
        "RFC 7518 §6.3.2",
    ),
    Kind(
        "key_published",
        "warning",
        "This {name} is published ({where}): everybody has {what} and can sign with it.",
        "Use it for trials only; make a key of your own.",
        "RFC 7638 §3",
    ),
    Kind(
        "key_agreement_only",
        "info",
        "{curve} is for key agreement in encryption (JWE); no signature algorithm takes it. To sign there is {other}.",
        None,
        "RFC 8037 §3.2",
    ),
    Kind(
        "key_explicit_curve",
        "warning",
        "The EC key spells its curve out number by number instead of naming it; it is read as {curve}. Many programs refuse such a key.",
        "Write it with the name: openssl pkey -in key.pem -ec_param_enc named_curve -out new.pem.",
        "RFC 5480 §2.1.1",
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
        "{fix}",
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
        "The RSA public exponent is {e}: {harm}. It must be odd and at least 3.",
        "Do not use this key.",
        "RFC 8017 §3.1",
    ),
    Kind(
        "rsa_exponent_long",
        "error",
        "The RSA public exponent has {bits} bits; {most} are the most. It is not tried.",
        "Do not use this key.",
        "RFC 8017 §3.1",
    ),
    Kind(
        "rsa_small_factor",
        "warning",
        "The RSA modulus is divisible by {factor}: it was damaged, or anyone can compute the private part.",
        "Copy the key again; otherwise do not use it.",
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
        "This is a private key. Its public half verifies; the rest is needed only to sign. Private keys should not be pasted anywhere: if it is in use, treat it as leaked.",
        None,
    ),
    Kind("key_locked", "error", "The private key is locked with a passphrase.", "Type its passphrase.", "RFC 5958 §3"),
    Kind(
        "key_passphrase", "error", "The passphrase does not open the private key, or the key is damaged.", "Type it again.", "RFC 5958 §3"
    ),
    Kind(
        "key_locked_rounds",
        "error",
        "The private key is locked with {what}.",
        "Open it with your own tools: openssl pkey -in key.pem -out plain.pem.",
        "RFC 8018 §5.2",
    ),
    Kind(
        "key_locked_unknown",
        "error",
        "The private key is locked in a way that is not read, or is of a type that JOSE does not use.",
        "Open it with your own tools: openssl pkey -in key.pem -out plain.pem.",
        "RFC 8018 §6",
    ),
    Kind(
        "key_weak_rsa",
        "warning",
        "The RSA key has {bits} bits: JOSE requires 2,048 or more, so that strict libraries refuse it.",
        "Make a key of 2,048 bits or more.",
        "RFC 7518 §3.3",
    ),
    Kind(
        "key_weak_secret",
        "warning",
        "The secret has {bits} bits: HS256, the shortest, requires 256 to sign.",
        "Make a random secret of 32 bytes or more.",
        "RFC 7518 §3.2",
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
    Kind(
        "key_brought",
        "warning",
        'The key in the key box is the one that the token brought itself ("{name}"). It proves nothing unless you have it from the issuer too.',
        "Compare it with the key that the issuer publishes.",
        "RFC 8725 §3.10",
    ),
    Kind(
        "key_is_the_presenters",
        "warning",
        'The key in the key box is the one in "{name}": that of the presenter of the token. The signature is made with the issuer\'s.',
        "Paste the issuer's public key.",
        "RFC 7800 §3.1",
    ),
    Kind(
        "key_x5t",
        "warning",
        'The token asks for the certificate with {name} "{wanted}"; the one in the key box has "{have}".',
        "Paste the certificate with that thumbprint.",
        "RFC 7515 §4.1.7",
    ),
    Kind(
        "key_in_base64",
        "info",
        "The key ({what}) is wrapped in base64 as a whole, as environment variables and Kubernetes secrets hold it; it is read without.",
        None,
        "RFC 7517 §4",
    ),
    Kind(
        "key_misplaced",
        "warning",
        "The key box holds {what}; its text is used as a secret, character for character.",
        "{fix}",
        "RFC 7517 §4",
    ),
    Kind(
        "key_more_certificates",
        "info",
        "The text holds {count} certificates; the first one's key is used.",
        "If another one's key signed the token, paste that certificate alone.",
        "RFC 7515 §4.1.6",
    ),
    # claims
    Kind("cnf_form", "warning", '"{name}" is {what}; it must be the base64url of 32 bytes.', "{hint}", "{spec}"),
    Kind(
        "claim_not_a_date",
        "error",
        '"{name}" is {kind}; a NumericDate, seconds since 1970 as a number, is required.{guess}',
        None,
        "RFC 7519 §2",
    ),
    Kind("claim_type", "error", '"{name}" is {kind}; {need} is required.', None, "{spec}"),
    Kind(
        "claim_not_an_object",
        "warning",
        '"{name}" is {kind}; as registered it is an object whose members, such as sub, name the actor.',
        "Write an object with the sub of the actor, or give the claim another name.",
        "{spec}",
    ),
    Kind("claim_no_exp", "warning", "No exp: this token never expires.", "Have the issuer add exp.", "RFC 7519 §4.1.4"),
    Kind(
        "claim_time_scale",
        "warning",
        '"{name}" is {value}: read as seconds, that is the year {year}. It looks like {unit}; in seconds it is {seconds}, {date}.',
        "Have the issuer write whole seconds.",
        "RFC 7519 §2",
    ),
    Kind(
        "claim_time_beyond",
        "warning",
        '"{name}" lies {date}: many programs cannot hold such a time and fail.',
        "Write a nearer time, in seconds since 1970.",
        "RFC 7519 §2",
    ),
    Kind("claim_time_negative", "info", '"{name}" is negative: {date}, before 1970. Some programs refuse it.', None, "RFC 7519 §2"),
    Kind(
        "claim_time_2038",
        "info",
        '"{name}" lies after 19 Jan 2038 ({date}): a program that counts seconds in 32 bits takes it for a time before 1970.',
        None,
        "RFC 7519 §2",
    ),
    Kind(
        "claim_exp_before_iat",
        "warning",
        '"exp" lies {span} before "iat": the token had expired before it was issued.',
        "Have the issuer set exp after iat.",
        "RFC 7519 §4.1.4",
    ),
    Kind(
        "claim_exp_is_iat",
        "warning",
        '"exp" and "iat" are the same: the token lives for no time at all.',
        "Have the issuer set exp after iat.",
        "RFC 7519 §4.1.4",
    ),
    Kind(
        "claim_nbf_after_exp",
        "warning",
        '"nbf" ({nbf}) is not before "exp" ({exp}): there is no time at which the token is valid.',
        "Have the issuer set nbf before exp.",
        "RFC 7519 §4.1.5",
    ),
    Kind(
        "claim_auth_time_after_iat",
        "warning",
        '"auth_time" lies {span} after "iat": the person signed in after the token was issued.',
        "Compare the clocks of the issuer's machines.",
        "OpenID Connect Core §2",
    ),
    Kind("claim_long_life", "info", "The token lives for {span}, from its issue to exp.", None, "RFC 7519 §4.1.4"),
    Kind(
        "claim_very_long_life",
        "warning",
        "The token lives for {span}: whoever gets hold of it can use it for as long, unless it is revoked.",
        "Have the issuer make tokens that live for minutes or hours.",
        "RFC 7519 §4.1.4",
    ),
    Kind(
        "claim_misnamed",
        "warning",
        '"{name}" is not a registered claim, and "{meant}" is missing: a receiver looks for "{meant}" and finds nothing.',
        'Rename it to "{meant}" if that is what is meant.',
        "{spec}",
    ),
    Kind(
        "claim_aud_empty",
        "warning",
        '"aud" is an empty array: the token is for nobody, and a receiver that checks it refuses the token.',
        "Name the receiver, or leave aud out.",
        "RFC 7519 §4.1.3",
    ),
    Kind(
        "claim_scope_array",
        "info",
        '"scope" is an array; by RFC 8693 it is one string, with spaces between the scopes. Some receivers read only that.',
        None,
        "RFC 8693 §4.2",
    ),
    Kind(
        "claim_http_issuer",
        "info",
        '"iss" begins with http: its keys would be fetched unprotected. OpenID Connect demands https.',
        None,
        "OpenID Connect Core §2",
    ),
    Kind(
        "claim_secret",
        "warning",
        '"{name}" looks like a secret: anybody who holds the token reads it. A signed token is not encrypted.',
        "Leave it out, or encrypt the token. If it is real, change it.",
        "RFC 7519 §12",
    ),
    Kind(
        "claim_private_key",
        "warning",
        '"{name}" holds the private part of a key: anybody who holds the token has the key.',
        "Write only the public part, and replace the key.",
        "RFC 7517 §9.2",
    ),
    Kind(
        "token_beyond_cookie",
        "info",
        "The token has {count} characters: together with a name, more than the 4,096 that a browser keeps of one cookie.",
        "Send it in a header, or put less into it.",
        "RFC 6265 §6.1",
    ),
    Kind(
        "token_beyond_header",
        "warning",
        "The token has {count} characters. As an Authorization header it makes a line of {total}: more than the 8 KB (8,190) that nginx and Apache take by default. It does not fit into a cookie (4,096) either.",
        "Put less into it, or raise the limit of every proxy on its way.",
        "RFC 9110 §5.4",
    ),
)
KINDS = {row.code: row for row in _ROWS}


def found(
    code: str,
    segment: Segment,
    /,
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
