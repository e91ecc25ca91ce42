"""What the decrypted content is, when it is no claims set: a token within the token, or text (RFC 7519 §5.2, Appendix A.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.tokens.envelope import Token
from app.tokens.findings import Finding, Repair, found, quoted

_INNER = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+)?")


def notes(token: Token) -> Iterator[Finding]:
    """What to know of the content; nothing before it is decrypted."""
    document = token.payload
    if document is None or token.kind != "JWE":
        return
    header = token.header.value if token.header else None
    cty = header.get("cty") if isinstance(header, dict) else None
    says_token = isinstance(cty, str) and cty.lower() in ("jwt", "application/jwt")
    inner = _INNER.fullmatch(document.text.strip())
    if inner and document.text.lstrip()[:2] == "ey":
        what = "an encrypted token (JWE)" if inner[1] else "a signed token (JWS)"
        repair = Repair("Open the inner token", "token", document.text.strip())
        yield found("jwe_nested", "payload", what=what, repairs=(repair,))
        if "cty" not in (header or {}):
            yield found("jwe_nested_without_cty", "header")
    elif says_token:
        yield found("jwe_cty_without_token", "header", cty=quoted(str(cty)))
    elif not document.readable and document.text.strip()[:1] != "{":
        yield found("jwe_not_json", "payload")
