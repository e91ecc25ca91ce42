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
    level: Annotated[Level, "How much it matters: an error refuses the token or the key."]
    segment: Annotated[Segment, "What it is about."]
    offset: Annotated[int | None, "Where it is in the text that was given, in characters; null when no place is known."]
    length: Annotated[int | None, "How many characters it is about."]
    line: Annotated[int | None, "Where it is in the decoded header or payload, from 1."]
    column: Annotated[int | None, "Where in the line, from 1."]
    message: Annotated[str, "What is so, in a sentence."]
    fix: Annotated[str | None, "What to do about it."]
    spec: Annotated[str | None, "Where the rule is written, such as RFC 7519 §4.1.4."]
    repairs: Annotated[NotRequired[list[Repair]], "The changes that would mend it, the likeliest first."]


class SignatureHeaders(TypedDict):
    """The headers of one signature in JSON serialization."""

    header: Annotated[Object | None, "Both headers as one."]
    protected: Annotated[Object | None, "The header that is signed."]
    unprotected: Annotated[Object | None, "Anyone can change it."]


class Disclosure(TypedDict):
    """One disclosure of an SD-JWT."""

    index: Annotated[int, "Its number, from 0, as keep of sd-jwt/present takes it."]
    salt: Annotated[str | None, "The salt, null when it is no string."]
    name: Annotated[str | None, "Null for an element of an array."]
    value: Annotated[Any, "The value that is disclosed, null when it is no strict JSON."]
    digest: Annotated[str | None, "What the issuer signed of it, null when the hash is not known."]
    path: Annotated[list[str | int] | None, "Where it belongs in the claims; null when nothing has its digest."]
    found: Annotated[bool, "Whether the claims have its digest."]
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

    kty: Annotated[str, "RSA, EC, OKP, AKP or oct."]
    read_as: Annotated[str, "What the text was read as."]
    name: Annotated[str, "What a sentence calls it."]
    bits: Annotated[int, "Its length."]
    private: Annotated[bool, "Whether it holds a secret or a private half."]
    crv: Annotated[NotRequired[str], "The curve, or the parameter set of ML-DSA."]
    kid: Annotated[NotRequired[str], "The id that it was given."]
    alg: Annotated[NotRequired[str], "The algorithm that it is for."]
    use: Annotated[NotRequired[str], "sig or enc."]
    key_ops: Annotated[NotRequired[list[str]], "The operations that it is for."]
    thumbprint: Annotated[NotRequired[str], "SHA-256 (RFC 7638), base64url; never of a secret."]


class Verdict(TypedDict):
    """The verdict on a signature."""

    status: Annotated[Status, "verified only for what a strict verifier accepts with this key."]
    algorithm: Annotated[str | None, "The alg of the header."]
    key: Annotated[KeySummary | None, "The key that it was judged with."]
    because: Annotated[str, "The reason, in a sentence."]
    matches: Annotated[bool | None, "Whether the bytes fit the key, even though a rule refuses them; never a verdict."]


class SignatureVerdict(SignatureHeaders, Verdict):
    """One of several signatures: its headers and its verdict."""


class Decryption(TypedDict):
    """What became of the encryption."""

    status: Annotated[Literal["decrypted", "failed", "not_tried"], "What became of it; who sent the token is not proven by it."]
    because: Annotated[str, "The reason, in a sentence."]


class CheckOfBinding(TypedDict):
    """One rule of the report on a key binding JWT."""

    name: Annotated[str, "Its name, which never changes; /learn/verdict explains each."]
    outcome: Annotated[Outcome, "What came of it."]
    because: Annotated[str, "The reason, in a sentence."]
    spec: Annotated[str | None, "Where the rule is written."]


class Check(CheckOfBinding):
    """One rule of the report, in the order of the rules."""

    repairs: Annotated[NotRequired[list[Repair]], "The changes that would mend it."]


class KeyBinding(TypedDict):
    """The verdict on the key binding JWT of an SD-JWT."""

    status: Annotated[
        Literal["verified", "invalid", "not_checked"], "verified only when the signature of the issuer vouches for the key of the holder."
    ]
    because: Annotated[str, "The reason, in a sentence."]
    key: Annotated[KeySummary | None, "The key of the holder, as cnf names it."]
    header: Annotated[Object | None, "The header of the key binding JWT."]
    payload: Annotated[Any, "Its payload."]
    checks: Annotated[list[CheckOfBinding], "Its rules, in their order."]


Certificate = TypedDict(
    "Certificate",
    {
        "subject": Annotated[str, "The name of its owner."],
        "issuer": Annotated[str, "The name of who signed it."],
        "serial": Annotated[str, "Its number."],
        "not_before": Annotated[str | None, "When it begins to be valid."],
        "not_after": Annotated[str | None, "When it ends to be valid."],
        "x5t": Annotated[str, "Its SHA-1 thumbprint, base64url."],
        "x5t#S256": Annotated[str, "Its SHA-256 thumbprint, base64url."],
        "ca": Annotated[bool | None, "Whether it may sign others; null when it does not say."],
        "self_signed": Annotated[bool, "Whether it signed itself."],
        "key_usage": Annotated[list[str] | None, "What its key is for; null when it does not say."],
        "names": Annotated[list[str], "The further names of its owner."],
        "signature_algorithm": Annotated[str, "What it is signed with."],
        "key": Annotated[KeySummary | None, "The key in it, null when it is none that is known."],
    },
)
Certificate.__doc__ = "What a certificate of x5c says."


class Brought(TypedDict):
    """A key that the token brought itself. Nothing in it is trusted."""

    parameter: Annotated[str, "Where it stands: jwk, x5c, jku, x5u, or a member of cnf."]
    what: Annotated[str, "What that is, in words."]
    spec: Annotated[str, "Where it is described."]
    signs: Annotated[bool, "Whether it is about the signature, not about the presenter."]
    key: Annotated[NotRequired[KeySummary | None], "The key, null when it cannot be read."]
    certificates: Annotated[NotRequired[list[Certificate | None]], "Of x5c: each certificate, null for an entry that is none."]
    signed_by_next: Annotated[
        NotRequired[list[bool | None]], "Of x5c: whether the next certificate signed this one, null when that cannot be told."
    ]
    url: Annotated[NotRequired[str], "Of jku and x5u: the address. It is not fetched."]
    host: Annotated[NotRequired[str], "Of jku and x5u: the host that would be asked."]
    thumbprint: Annotated[NotRequired[str], "The thumbprint, where there is one instead of a key."]
    matches: Annotated[
        NotRequired[bool | None], "With check_brought: whether the signature fits it, null when that was not tried; never a verdict."
    ]
    because: Annotated[NotRequired[str], "With check_brought: the reason, in a sentence."]


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

    jwk: Annotated[Object, "As JWK (RFC 7517)."]
    pem: Annotated[str, "As PEM: PKCS #8 of a private key, SubjectPublicKeyInfo of a public one."]


class Secret(TypedDict):
    """A shared secret."""

    jwk: Annotated[Object, "As JWK (RFC 7517)."]
    text: Annotated[str, "As text."]
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

    kid: Annotated[str | None, "Its id."]
    name: Annotated[str, "What it is, or why it cannot be read."]
    alg: Annotated[str | None, "The algorithm that it is for."]
    use: Annotated[str | None, "sig or enc."]


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

    path: Annotated[str, "Where in the policy, such as issuers[0].audience."]
    message: Annotated[str, "What is wrong, in a sentence."]


class ExportFile(TypedDict):
    """A file of another gateway's configuration."""

    name: Annotated[str, "What that gateway calls it."]
    language: Annotated[str, "The language of its text, such as nginx or yaml."]
    text: Annotated[str, "What stands in it."]


class ExportGap(TypedDict):
    """A part of the policy that the gateway cannot be told."""

    path: Annotated[str, "Where in the policy it is; empty: the whole of it."]
    because: Annotated[str, "What happens there instead, and what to do."]


class AnsweredHeader(TypedDict):
    """A header of an answer."""

    name: Annotated[str, "Its name."]
    value: Annotated[str, "Its value."]


class AnswerThere(TypedDict):
    """What a client gets from the other gateway for this request."""

    status: Annotated[int, "The status; 200 stands for a request that is passed on."]
    headers: Annotated[list[AnsweredHeader], "The headers that matter."]
    body: Annotated[str, "The body, or an empty string."]
    because: Annotated[str, "Which rule of that gateway answers so, and where that is known from."]


class GatewayExport(TypedDict):
    """The policy as another gateway is told it."""

    files: Annotated[list[ExportFile], "Its configuration."]
    gaps: Annotated[list[ExportGap], "What of the policy it does not say."]
    notes: Annotated[list[str], "Sentences for who installs it."]
    answer: Annotated[AnswerThere | None, "What it answers; null where that is not known."]


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
    export: NotRequired[GatewayExport]


ABOUT: dict[Any, dict[str, str]] = {
    Repair: {
        "label": "The words of its button.",
        "field": "What it changes.",
        "text": "What it writes there.",
        "offset": "Where it begins, in characters.",
        "length": "How many characters it replaces; null: the whole field.",
    },
    Rule: {
        "layer": "What it is about; the layers are judged in this order.",
        "name": "Its name.",
        "outcome": "What came of it.",
        "because": "The reason, in a sentence.",
        "spec": "Where the rule is written.",
        "depth": "How deep it lies in another rule; 0 for a rule of its own.",
        "decides": "Whether the answer depends on it alone.",
    },
    Step: {
        "url": "What was asked.",
        "status": "What was answered; 0 for no answer.",
        "seconds": "How long it took.",
    },
}
"""The members of what is taken over from other rooms as it is, each in a sentence."""
