"""What each endpoint answers, as types. What is there only at times is NotRequired; the sentences are for who reads the schema."""

# No `from __future__ import annotations`: TypedDict looks for NotRequired in the types themselves.

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from app.gateway.rules import Rule
from app.keyfetch import Step
from app.tokens.claims import Outcome
from app.tokens.findings import Level, Repair, Segment
from app.tokens.form import Serialization, TokenKind
from app.tokens.jws import Status

Object = dict[str, Any]


class Finding(TypedDict):
    """One fact about a token or a key."""

    code: Annotated[str, "Never changes; /learn/findings explains each."]
    level: Level
    segment: Segment
    offset: Annotated[int | None, "Where it is in the text that was given, in characters; null when no place is known."]
    length: int | None
    line: Annotated[int | None, "Where it is in the decoded header or payload, from 1."]
    column: int | None
    message: str
    fix: str | None
    spec: Annotated[str | None, "Where the rule is written, such as RFC 7519 §4.1.4."]
    repairs: NotRequired[list[Repair]]


class SignatureHeaders(TypedDict):
    """The headers of one signature in JSON serialization."""

    header: Annotated[Object | None, "Both headers as one."]
    protected: Object | None
    unprotected: Annotated[Object | None, "Anyone can change it."]


class Disclosure(TypedDict):
    """One disclosure of an SD-JWT."""

    index: int
    salt: str | None
    name: Annotated[str | None, "Null for an element of an array."]
    value: Any
    digest: str | None
    path: Annotated[list[str | int] | None, "Where it belongs in the claims; null when nothing has its digest."]
    found: bool
    fault: Annotated[str | None, "Why it must be refused."]


class Read(TypedDict):
    """What was read of a token. Nothing of it is verified."""

    kind: TokenKind
    serialization: Serialization | None
    header: Object | None
    payload: Any
    payload_text: str | None
    findings: list[Finding]
    signatures: NotRequired[list[SignatureHeaders]]
    disclosed: NotRequired[Any]
    disclosures: NotRequired[list[Disclosure]]
    undisclosed: NotRequired[int]


class DecodeAnswer(Read):
    """What was read of a token and of the tokens inside it."""

    nested: NotRequired[list[Read]]


class KeySummary(TypedDict):
    """What may be told of a key: nothing secret."""

    kty: str
    read_as: Annotated[str, "What the text was read as."]
    name: str
    bits: int
    private: Annotated[bool, "Whether it holds a secret or a private half."]
    crv: NotRequired[str]
    kid: NotRequired[str]
    alg: NotRequired[str]
    use: NotRequired[str]
    key_ops: NotRequired[list[str]]
    thumbprint: Annotated[NotRequired[str], "SHA-256 (RFC 7638), base64url; never of a secret."]


class Verdict(TypedDict):
    """The verdict on a signature."""

    status: Annotated[Status, "verified only for what a strict verifier accepts with this key."]
    algorithm: str | None
    key: KeySummary | None
    because: str
    matches: Annotated[bool | None, "Whether the bytes fit the key, even though a rule refuses them; never a verdict."]


class SignatureVerdict(SignatureHeaders, Verdict):
    """One of several signatures: its headers and its verdict."""


class Decryption(TypedDict):
    """What became of the encryption."""

    status: Literal["decrypted", "failed", "not_tried"]
    because: str


class CheckOfBinding(TypedDict):
    """One rule of the report on a key binding JWT."""

    name: str
    outcome: Outcome
    because: str
    spec: str | None


class Check(CheckOfBinding):
    """One rule of the report, in the order of the rules."""

    repairs: NotRequired[list[Repair]]


class KeyBinding(TypedDict):
    """The verdict on the key binding JWT of an SD-JWT."""

    status: Literal["verified", "invalid", "not_checked"]
    because: str
    key: KeySummary | None
    header: Object | None
    payload: Any
    checks: list[CheckOfBinding]


Certificate = TypedDict(
    "Certificate",
    {
        "subject": str,
        "issuer": str,
        "serial": str,
        "not_before": str | None,
        "not_after": str | None,
        "x5t": str,
        "x5t#S256": str,
        "ca": bool | None,
        "self_signed": bool,
        "key_usage": list[str] | None,
        "names": list[str],
        "signature_algorithm": str,
        "key": KeySummary | None,
    },
)
Certificate.__doc__ = "What a certificate of x5c says."


class Brought(TypedDict):
    """A key that the token brought itself. Nothing in it is trusted."""

    parameter: str
    what: str
    spec: str
    signs: Annotated[bool, "Whether it is about the signature, not about the presenter."]
    key: NotRequired[KeySummary | None]
    certificates: NotRequired[list[Certificate | None]]
    signed_by_next: NotRequired[list[bool | None]]
    url: NotRequired[str]
    host: NotRequired[str]
    thumbprint: NotRequired[str]
    matches: NotRequired[bool | None]
    because: NotRequired[str]


class Judged(Read):
    """A token with its verdict."""

    signature: Verdict
    decryption: Decryption | None
    accepted: bool
    checks: list[Check]
    signatures: NotRequired[list[SignatureVerdict]]  # type: ignore[misc]  # each with its verdict here
    key_binding: NotRequired[KeyBinding | None]


class VerifyAnswer(Judged):
    """The verdict on a token and on the tokens inside it."""

    nested: NotRequired[list[Judged]]
    brought: NotRequired[list[Brought]]


class Made(TypedDict):
    """A token that was made."""

    token: str
    findings: list[Finding]


class Presented(TypedDict):
    """A presentation of an SD-JWT."""

    token: str


class KeyForms(TypedDict):
    """A key in the forms that programs take."""

    jwk: Object
    pem: str


class Secret(TypedDict):
    """A shared secret."""

    jwk: Object
    text: str
    encoding: Annotated[NotRequired[Literal["base64url"]], "How to read the text, when it is not UTF-8."]


class NewPair(TypedDict):
    """A key pair that was made."""

    private: KeyForms
    public: KeyForms


class NewSecret(TypedDict):
    """A shared secret that was made."""

    secret: Secret


class FetchedKey(TypedDict):
    """A key of a set that was fetched."""

    kid: str | None
    name: Annotated[str, "What it is, or why it cannot be read."]
    alg: str | None
    use: str | None


class Fetched(TypedDict):
    """A key set, and how it came."""

    url: str
    issuer: str | None
    status: int
    seconds: float
    age: float
    keys: list[FetchedKey]
    notes: list[str]
    steps: list[Step]
    jwks: Annotated[Object, "Give it as key to verify."]


class PolicyProblem(TypedDict):
    """Something in a policy that is not as it must be."""

    path: str
    message: str


class GatewayAnswer(TypedDict):
    """What the gateway answers; when the policy cannot be read, its problems and no more than that nothing passes."""

    allowed: bool
    status: int | None
    problems: list[PolicyProblem]
    rules: list[Rule]
    error: NotRequired[str | None]
    www_authenticate: NotRequired[str | None]
    route: NotRequired[str | None]
    upstream: NotRequired[dict[str, str]]
    removed: NotRequired[list[str]]
