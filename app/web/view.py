"""What the page shows, in plain rows: the templates decide nothing and compute nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from app.reports.statements import Statement as Statement
from app.reports.statements import Tone as Tone


@dataclass(slots=True)
class Form:
    """The one form of the debugger, as it was sent or as an example fills it."""

    token: str = ""
    header: str = ""
    payload: str = ""
    payload_layout: str = "as-written"
    """`compact` and `spaced`: indented for reading, signed on one line; `as-written`: signed byte for byte."""
    header_layout: str = "as-written"
    key: str = ""
    key_encoding: str = "auto"
    passphrase: str = ""
    """Of the private key in the key box, when that is locked."""
    algorithms: str = ""
    issuer: str = ""
    audience: str = ""
    type: str = ""
    profile: str = ""
    """The id of a profile, `none`, or empty: recognised by itself."""
    leeway: str = ""
    at: str = ""
    nonce: str = ""
    access_token: str = ""
    code: str = ""
    state: str = ""
    htm: str = ""
    htu: str = ""
    detached: str = ""
    """The content of a token that leaves its payload out, line ends as LF."""
    signer: str = ""
    """Which of several signatures the header belongs to, from 0."""
    aside: str = ""
    """The disclosures of an SD-JWT that can be chosen, as soon as one of them was taken out of the token: joined by `~`."""
    bind_key: str = ""
    """The private key of the holder, for a key binding JWT; *bind_audience* and *bind_nonce* are the verifier's."""
    bind_audience: str = ""
    bind_nonce: str = ""
    issue_holder: str = ""
    """The public key of the holder, for an SD-JWT that is made of the panes."""
    left_out: str = ""
    """What the link that brought the token says was left out of it: `without=signature&masked=sub,email`."""


@dataclass(frozen=True, slots=True)
class Mend:
    """A button that writes *text* over *length* characters of a pane, from *start* on; -1: over the whole field."""

    value: str
    """Which repair of the report it is, for the server when there is no script."""
    label: str
    field: str
    """The element it writes into."""
    action: str
    """The request that the change makes."""
    text: str
    start: int = 0
    length: int = -1


@dataclass(frozen=True, slots=True)
class CheckRow:
    name: str
    label: str
    outcome: Literal["passed", "failed", "warned", "not_checked"]
    because: str
    spec: str = ""
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    tone: Tone
    """Of the strip as a whole."""
    signature: Statement
    claims: Statement
    warnings: Statement
    checks: tuple[CheckRow, ...]
    passed: int
    total: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    level: Literal["error", "warning", "info"]
    segment: str
    """`token`, `header`, `payload`, `signature` or `key`; gives the row its hue."""
    message: str
    fix: str = ""
    spec: str = ""
    place: str = ""
    """`line 2, column 8` or empty."""
    line: int = 0
    column: int = 0
    offset: int = -1
    """Where in the token text, in characters; -1 when no place is known."""
    length: int = 0
    width: int = 1
    """How many characters of the header or payload pane it is about."""
    mends: tuple[Mend, ...] = ()
    more: str = ""
    """Where under /learn/ it is explained."""


@dataclass(frozen=True, slots=True)
class Time:
    """A NumericDate as a person reads it."""

    epoch: int
    iso: str
    utc: str
    relative: str


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A claim or a header parameter: its name, its value as written, what it means."""

    name: str
    value: str
    meaning: str = ""
    spec: str = ""
    time: Time | None = None
    by: str = ""
    """The provider that writes it with this meaning, when it is none of the registered names."""


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What the key box was read as, and what the key can do."""

    tone: Tone
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Travel:
    """A moment to judge the token at: seconds since 1970, or empty for now."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class BroughtRow:
    """A key that came with the token: what it is, facts about it, and whether the signature fits it if somebody asked."""

    parameter: str
    what: str
    facts: tuple[tuple[str, str], ...]
    can_check: bool = False
    because: str = ""
    tone: Tone = "idle"


@dataclass(frozen=True, slots=True)
class SignerRow:
    """One signature or one recipient of a token in JSON serialization."""

    title: str
    named: str
    """Its alg, enc and kid."""
    tone: Tone
    word: str
    because: str
    headers: tuple[tuple[str, str], ...]
    """The protected header, and the one that anyone can change."""
    decides: bool
    """Whether the verdict on the token is the one on it."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A token inside the token: what it is, the verdict on it, and what it says."""

    title: str
    named: str
    """Its alg, enc and kid."""
    texts: tuple[tuple[str, str], ...]
    """Header and payload."""
    statements: tuple[Statement, ...]
    opening: Mend


@dataclass(frozen=True, slots=True)
class DisclosureRow:
    """One disclosure of an SD-JWT: what it discloses, and whether it is presented."""

    value_id: str
    """What its tick box sends; empty when it cannot be chosen by itself."""
    depth: int
    """In how many others it lies."""
    name: str
    value: str
    fault: str
    is_presented: bool
    salt: str
    digest: str


@dataclass(frozen=True, slots=True)
class Bound:
    """The key binding JWT of an SD-JWT: its verdict, what it says, its checks."""

    tone: Tone
    word: str
    because: str
    facts: tuple[tuple[str, str], ...]
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What an SD-JWT discloses, and what it could."""

    rows: tuple[DisclosureRow, ...]
    count: str
    """How many of them are presented."""
    notes: tuple[str, ...]
    can_choose: bool
    aside: str
    has_digests: bool
    """Whether salts and digests are shown: not when they are folded away."""
    claims: str
    """The claims with everything presented put back in its place, as JSON; empty when they are folded away."""
    bound: Bound | None


@dataclass(frozen=True, slots=True)
class Hideable:
    """A claim or array element that could be a disclosure."""

    value_id: str
    """What its tick box sends."""
    name: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class Share:
    """A link to share the token by, and what may be left out of it."""

    link: str
    claims: tuple[tuple[str, bool], ...]
    """The names of the claims, and whether each is masked."""
    signature: bool
    """Whether the signature is asked for."""
    has_signature: bool
    note: str


@dataclass(frozen=True, slots=True)
class Code:
    """Code in a field, or why there is none."""

    id: str
    text: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class SnippetPanel:
    """The code for the token on the page, in a library and for an action that the person chooses."""

    library: str
    action: str
    actions: tuple[tuple[str, str], ...]
    """Each with what it is called."""
    menu: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Each language with the id and the name of each of its libraries."""
    code: Code
    install: str
    ran: str
    can_hold_key: bool
    """Whether the key in the box may stand in the code: it is public, or one of the examples'."""
    holds_key: bool


@dataclass(frozen=True, slots=True)
class FetchNote:
    """What became of a fetch: the URL as it was typed, what was said to be there, and what came; without a *word*, nothing was asked yet."""

    url: str = ""
    kind: str = "auto"
    tone: Tone = "idle"
    word: str = ""
    details: str = ""
    notes: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    """The kid of each key, and what it is."""
    steps: tuple[str, ...] = ()
    can_repeat: bool = False
    age: str = ""


@dataclass(slots=True)
class Page:
    """Everything the debugger page shows."""

    form: Form
    verdict: Verdict
    findings: tuple[FindingRow, ...] = ()
    claims: tuple[NamedRow, ...] = ()
    header_rows: tuple[NamedRow, ...] = ()
    fetch: FetchNote = field(default_factory=FetchNote)
    key_note: KeyNote = field(default_factory=lambda: KeyNote("idle", "No key yet"))
    header_note: str = ""
    payload_note: str = ""
    segment_sizes: str = ""
    notice: str = ""
    examples: tuple[Example, ...] = ()
    profiles: tuple[tuple[str, str], ...] = ()
    """The id and the name of each profile."""
    recognised: str = ""
    """The name of the profile that the token was recognised as."""
    travels: tuple[Travel, ...] = ()
    brought: tuple[BroughtRow, ...] = ()
    signers_name: str = ""
    signers: tuple[SignerRow, ...] = ()
    layers: tuple[LayerRow, ...] = ()
    """The tokens inside the token, each in the one before."""
    disclosed: Disclosed | None = None
    """Of an SD-JWT alone."""
    out_of_sight: tuple[tuple[str, str], ...] = ()
    """The names and values of fields of that pane which are filled in and have no place in it now."""
    hideable: tuple[Hideable, ...] | None = None
    """What an SD-JWT made of the panes could disclose; empty when that is folded away, None when none can be made."""
    is_hasty: bool = False
    """Whether what would match was not searched, because somebody is typing: the page asks once more after a pause."""
    folded: frozenset[str] = frozenset()
    """What the person has folded away, of `checks`, `claims`, `parameters`, `expect`, `digests`, `seen` and `issue`: not made and not sent."""
    share: Share | None = None
    snippet: SnippetPanel | None = None
    has_detached: bool = False
    """Whether there is a box for a payload that the token leaves out."""
    detached_note: str = ""
    is_decrypted: bool = False
    """Whether the payload is what a key has opened."""
    has_lock: bool = False
    """Whether the key box holds a private key under a passphrase."""
    generatable: str = ""
    """The algorithm a key would be generated for, or empty."""
