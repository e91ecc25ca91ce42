"""The request as HAProxy is told to read it: what is ambiguous is denied, one token is taken, claims become headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from urllib.parse import unquote_to_bytes

from app.gateway.exports import haproxy_json as pattern
from app.gateway.exports.haproxy_text import deny, quote
from app.gateway.exports.native import Gaps, dotted, is_text
from app.gateway.policy import Path, Policy, Source
from app.gateway.request import METHODS, OVERRIDES
from app.gateway.upstream import LONGEST_VALUE

# Of nginx Plus too. Printable ASCII without what some server cuts at, and escapes: of no slash, backslash, semicolon, ?, # or control character.
PATH = r"""^/(?:[!$&-:=@A-Z_a-z~|^`<>"\[\]{}]|%(?:2[0-24-9abdeABDE]|2[cC]|3[0-9acdeACDE]|[4689a-fA-F][0-9a-fA-F]|5[0-9abdefABDEF]|7[0-9a-eA-E]))*$"""
TEXT = rf"^(?:[ -~]|{pattern.UTF8})*$"
# Empty and dot segments, what is encoded twice, and letters that some servers fold into one of the signs above (NFKC).
AMBIGUOUS = (
    r"//|/\.{1,2}(?:/|$)|%[0-9A-Fa-f]{2}"
    r"|\xCD\xBE|\xE2\x80[\xA4-\xA6]|\xE2\x81[\x87-\x89]|\xE2\x84[\x80\x81\x85\x86]|\xEF[\xB8\xB9\xBC]"
)
_SINGLE = ("Host", "Content-Type", "Content-Length", "Authorization")
_HOP = r"(?:^|,)[ \t]*(?!(?:close|keep-alive|upgrade|te|http2-settings)?[ \t]*(?:,|$))"
_ESCAPED = rf'^"(?:[ !#-\[\]-~]|\\["\\/bfnrt]|{pattern.UTF8})*+"$'
_LETTERS = "A-Za-z0-9_.:/@-"
_BLANK = "[ \\t]"
_ONE_TOKEN = "[A-Za-z0-9._~+/=-]+"
_ODD_NAME = (
    "Only a name of letters, digits, dot, _ and - can be looked for: where the route wants a token, every request with {} is denied."
)
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def refuses(target: str) -> bool:
    """Whether the expressions above refuse the path of *target*: some of what they refuse, a policy takes."""
    raw = target.partition("?")[0]
    path = unquote_to_bytes(raw).decode("latin-1")
    return not re.search(PATH, raw) or not re.search(TEXT, path) or bool(re.search(AMBIGUOUS, path))


def bad_request(policy: Policy) -> str:
    return f'Bearer realm="{policy.realm}", error="invalid_request"'


def before_the_token(policy: Policy, gaps: Gaps) -> Iterator[str]:
    """What two programs could read in two ways."""
    yield "# What two programs could read in two ways."
    refused = partial(deny, 400, challenge=bad_request(policy))
    yield refused(f"!{{ method {' '.join(METHODS)} }}")
    yield "acl absolute url -m beg /"
    yield refused("{ fc_http_major 1 } !absolute")
    yield refused(f"!{{ path -m reg -- {quote(PATH)} }}")
    yield "http-request set-var(txn.path) path,url_dec"
    yield refused(f"!{{ var(txn.path) -m reg -- {quote(TEXT)} }}")
    yield refused(f"{{ var(txn.path) -m reg -- {quote(AMBIGUOUS)} }}")
    headers = [source.name for source in policy.sources if source.place == "header"]
    single = {name.lower(): name for name in (*_SINGLE, *headers, *(name for name, _ in policy.upstream))}
    for low, name in single.items():
        yield refused(f"{{ req.fhdr_cnt({name}) gt 1 }}")
        if re.search("[^a-z0-9]", low):
            other = re.sub("[^a-z0-9]", "[^a-z0-9:\\\\r\\\\n]", low)
            yield refused(f"{{ req.hdrs -m reg -- {quote(f'(?m)^(?!{re.escape(low)}:){other}:')} }}")
    yield refused(f"{{ req.fhdr(connection) -m reg -i -- {quote(_HOP)} }}")


def token_lines(policy: Policy, gaps: Gaps) -> Iterator[str]:
    """Exactly one token, at one of the places that the policy names."""
    realm = f'Bearer realm="{policy.realm}"'
    bad = bad_request(policy)
    yield ""
    yield "# Where the token is: exactly one, on the routes that are not open to anyone."
    yield "acl closed var(txn.access) -m str token optional"
    yield "http-request set-var(txn.count) int(0)"
    for number, source in enumerate(policy.sources):
        yield from _FINDERS[source.place](source, number, gaps, bad)
    yield deny(400, "closed { var(txn.count) -m int gt 1 }", bad)
    yield deny(401, "{ var(txn.access) -m str token } { var(txn.count) -m int 0 }", realm)


def _found(number: int, fetch: str) -> Iterator[str]:
    yield f"http-request set-var(txn.count) var(txn.count),add(1) if closed there_{number}"
    # Between double quotes \\t is a tab, \\$ a dollar sign and two backslashes are one.
    yield f'http-request set-var(txn.token) "{fetch}" if closed there_{number}'


def _in_header(source: Source, number: int, gaps: Gaps, bad: str) -> Iterator[str]:
    fetch = f"req.fhdr({source.name})"
    there = f"^{source.scheme}(?:{_BLANK}|$)"
    whole = f"^{source.scheme}{_BLANK}+{_ONE_TOKEN}{_BLANK}*$" if source.scheme else f"^{_ONE_TOKEN}$"
    yield f"acl there_{number} {fetch} {f'-m reg -i -- {quote(there)}' if source.scheme else '-m found'}"
    yield f"acl whole_{number} {fetch} -m reg -i -- {quote(whole)}"
    yield deny(400, f"closed there_{number} !whole_{number}", bad)
    yield from _found(number, f"{fetch},regsub('^[^ \\t]+[ \\t]+','')" if source.scheme else fetch)


def _in_cookie(source: Source, number: int, gaps: Gaps, bad: str) -> Iterator[str]:
    if not _SIMPLE_NAME.fullmatch(source.name):
        gaps.add(f"token[{number}].cookie", _ODD_NAME.format("a cookie"))
        yield deny(400, "closed { req.fhdr(cookie) -m found }", bad)
        return
    pair = f"(?:^|;){_BLANK}*{re.escape(source.name)}="
    yield f"acl there_{number} req.fhdr(cookie) -m reg -- {quote(pair)}"
    for name, expression in (("twice", f"{pair}.*{pair}"), ("empty", f"{pair}{_BLANK}*(?:;|$)")):
        yield f"acl {name}_{number} req.fhdr(cookie) -m reg -- {quote(expression)}"
        yield deny(400, f"closed {name}_{number}", bad)
    # Cookies in two headers would be one to the API and two here.
    yield deny(400, "closed { req.fhdr_cnt(cookie) gt 1 }", bad)
    yield from _found(number, f"req.cook({source.name})")


def _in_query(source: Source, number: int, gaps: Gaps, bad: str) -> Iterator[str]:
    if not _SIMPLE_NAME.fullmatch(source.name):
        gaps.add(f"token[{number}].query", _ODD_NAME.format("a query"))
        yield deny(400, "closed { query -m found }", bad)
        return
    gaps.add(
        f"token[{number}].query",
        "A request whose query has a % or + in the name of a parameter is denied: the name could be that of the token.",
    )
    name = re.escape(source.name)
    yield f"acl there_{number} query -m reg -- {quote(f'(?:^|&){name}(?:=|&|$)')}"
    yield f"acl twice_{number} query -m reg -- {quote(f'(?:^|&){name}(?==|&|$).*&{name}(?:=|&|$)')}"
    yield f"acl hidden_{number} query -m reg -- {quote('(?:^|&)[^=&]*[%+]')}"
    yield deny(400, f"closed twice_{number}", bad)
    yield deny(400, f"closed hidden_{number}", bad)
    yield from _found(number, f"query,regsub('^(?:.*&)?{name}=([^&]*)(?:&.*)?\\$','\\\\1')")


def _in_form(source: Source, number: int, gaps: Gaps, bad: str) -> Iterator[str]:
    gaps.add(
        f"token[{number}].form",
        "HAProxy is not told to read a body: where the route wants a token, a request with a form is denied. Send the token in a header.",
    )
    yield deny(400, "closed !{ method GET HEAD } { req.hdr(content-type) -m beg -i application/x-www-form-urlencoded }", bad)


_FINDERS = {"header": _in_header, "cookie": _in_cookie, "query": _in_query, "form": _in_form}


def upstream_lines(policy: Policy, gaps: Gaps) -> Iterator[str]:
    """The headers for the API; the client's own copies go, and so does what would let it change what was judged."""
    yield ""
    yield "# What the API gets."
    for name in OVERRIDES:
        yield f"http-request del-header {name}"
    if not policy.forward_token:
        for source in policy.sources:
            if source.place == "header":
                yield f"http-request del-header {source.name}"
    for number, (name, claim) in enumerate(policy.upstream):
        yield f"http-request del-header {name}"
        yield from _upstream(policy, number, name, claim, gaps)


def _upstream(policy: Policy, number: int, name: str, claim: Path, gaps: Gaps) -> Iterator[str]:
    path = f"upstream.{name}"
    if not all(is_text(step) and "'" not in step and step.isprintable() for step in claim):
        gaps.add(path, f"A name with a quotation mark or a control character in it cannot be told: {name} is never there.")
        return
    gaps.add(
        path,
        f"{name} holds strings, numbers, true and false; an array only if all its entries are words of plain letters. Else it is not there, instead of empty;"
        " so it is when a string has letters as \\u escapes. Where here only some signs are percent-encoded, there it may be more; it decodes to the same.",
    )
    # Between double quotes a backslash stands before a dollar sign, a quotation mark and another backslash.
    found = re.sub(r'(["\\$])', r"\\\1", pattern.member(claim, f"({pattern.ANY})"))
    yield f"http-request set-var(txn.raw_{number}) \"var(txn.claims),regsub('${{JSON}}{found}','\\\\{pattern.FIRST_GROUP}')\" if judged"
    raw = f"%[var(txn.raw_{number})"
    for kind, expression, made in (
        ("text", rf'^"(?:[ !#-\[\]-~]|{pattern.UTF8})*+"$', f"{raw},regsub('^.|.\\$','',g),url_enc]"),
        ("plain", r'^"[!#$&-\[\]-~]++(?: ++[!#$&-\[\]-~]++)*+"$', f"{raw},regsub('^.|.\\$','',g)]"),
        ("bare", r"^(?:true|false|-?[0-9]++(?:\.[0-9]++)?+)$", f"{raw}]"),
        ("list", rf'^\[\s*"[{_LETTERS}]+"\s*(?:,\s*"[{_LETTERS}]+"\s*)*+\]$', f"{raw},regsub('[^,{_LETTERS}]','',g)]"),
    ):
        yield f"acl raw_{number}_{kind} var(txn.raw_{number}) -m reg -- {quote(expression)}"
        yield f'http-request set-header {name} "{made}" if raw_{number}_{kind}'
    if all(_SIMPLE_NAME.fullmatch(step) and "." not in step for step in claim):
        yield f"acl raw_{number}_escaped var(txn.raw_{number}) -m reg -- {quote(_ESCAPED)}"
        yield f"acl raw_{number}_escapes var(txn.raw_{number}) -m sub -- {quote(chr(92))}"
        made = f"%[var(txn.claims),json_query('\\$.{dotted(claim)}'),url_enc]"
        yield f'http-request set-header {name} "{made}" if raw_{number}_escaped raw_{number}_escapes'
    yield deny(401, f"{{ req.fhdr({name}),length gt {LONGEST_VALUE} }}", f'Bearer realm="{policy.realm}", error="invalid_token"')
