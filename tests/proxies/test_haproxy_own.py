"""A real HAProxy that judges tokens by the exported configuration: it decides as we do for every row of the shared table.

Where it cannot be told, it denies; each such row is named here with the gap that says so.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.gateway import decide, read_policy, read_request
from app.gateway.exports import GATEWAYS
from app.gateway.exports.asking import API, PORT
from tests.gateway.gate import GOOD, NOW, document
from tests.gateway.table import ROWS, Row
from tests.proxies import own
from tests.proxies.harness import Api, Program, Reply, Seen, request, send
from tests.proxies.own import Door, decided, kind
from tests.tokens.keyring import SECRET, joined, make

HAPROXY = GATEWAYS["haproxy"]
# What HAProxy refuses though the policy allows it: the beginning of the row's name, and the gap that says so.
DENIED = {
    "the query, its name encoded": "token[0].query",
    "a form": "token[1].form",
    "PS256": "issuers[0].keys[0].algorithms",
    "EdDSA": "issuers[0].keys[0].algorithms",
    "Ed25519": "issuers[0].keys[0].algorithms",
    "ML-DSA-44": "issuers[0].keys[0].algorithms",
    "migration: a new token": "issuers[0].keys[0]",
    "the key set is here": "issuers[0].keys[0]",
    "the keys of an issuer": "issuers[0].keys[0]",
}


# What the API gets no header of, and the gap that says so.
NOT_SENT = {"upstream: an array": "upstream.X-Value", "upstream: letters beyond ASCII": "upstream.X-Value"}


class Running:
    """One HAProxy with a frontend for each policy of the table, and the clock of the table instead of its own."""

    def __init__(self, folder: Path) -> None:
        self.api = Api()
        self.doors = own.doors("haproxy")
        self.secrets: dict[str, str] = {}
        self._asked: dict[str, tuple[Reply, list[Seen]]] = {}
        texts = [text for door in self.doors.values() for text in self._frontend(door, folder)]
        (folder / "haproxy.cfg").write_text("\n".join(texts))
        last = next(reversed(self.doors.values()))
        self.program = Program(["haproxy", "-f", "haproxy.cfg"], last.port, folder, **self.secrets)

    def _frontend(self, door: Door, folder: Path) -> list[str]:
        """The configuration of one policy; what comes before the first frontend is the same in all."""
        number = door.number
        configuration, *files = door.export.files
        for file in files:
            target = folder / f"p{number}-{file.name}"
            target.parent.mkdir(exist_ok=True)
            target.write_text(file.text)
        head, _, rest = configuration.text.partition("frontend gateway\n")
        replaced = {
            "keys/": f"p{number}-keys/",
            "JWT_SECRET_": f"P{number}_JWT_SECRET_",
            "backend api\n": f"backend api{number}\n",
            "default_backend api\n": f"default_backend api{number}\n",
            f"bind :{PORT}\n": f"bind 127.0.0.1:{door.port}\n",
            f"{API}\n": f"127.0.0.1:{self.api.port}\n",
            "set-var(txn.now) date()\n": f"set-var(txn.now) int({NOW})\n",
        }
        text = f"frontend gateway{number}\n{rest}"
        for old, new in replaced.items():
            text = re.sub(rf"(?<![\w]){re.escape(old)}", new, text)
        for variable in re.findall(rf"env\((P{number}_JWT_SECRET_\w+)\)", text):
            if "legacy" in door.row.keys:
                self.secrets[variable] = door.row.keys["legacy"]
        return [text] if number else [head, text]

    def asked(self, row: Row) -> tuple[Reply, list[Seen]]:
        """What came of the row, which is asked once."""
        if row.name not in self._asked:
            before = len(self.api.seen)
            self._asked[row.name] = (own.ask(self.doors[kind(row)], row), self.api.seen[before:])
        return self._asked[row.name]


@pytest.fixture(scope="module")
def haproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("haproxy"))
    try:
        running.program.start()
        yield running
    finally:
        running.program.kill()
        running.api.close()


@pytest.mark.parametrize("path", ["/public/x%25", "/public/x%EF%BC%A1", "/public/x%E2%80%A6", "/public/caf%C3%A9", "/public/%E2%93%90b"])
def test_it_answers_as_it_is_said_to_about_paths_beyond_ascii(haproxy: Running, path: str):
    first = ROWS["path: an encoded letter of the open one"]
    row = Row(path, first.policy, first.must, f"GET {path}", ())
    door = haproxy.doors[kind(first)]
    asked = read_request(row.request())
    said = HAPROXY.answer(door.policy, asked, decide(door.policy, asked, {}, NOW))
    reply = own.ask(door, row)
    assert said
    assert (reply.status, reply.is_of_api) == (said.status, said.status == 200)


def _gap(row: Row) -> str:
    return next((gap for beginning, gap in DENIED.items() if row.name.startswith(beginning)), "")


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_decides_as_we_do(haproxy: Running, row: Row):
    door = haproxy.doors[kind(row)]
    decision = decided(row, door.policy)
    reply, seen = haproxy.asked(row)
    assert reply.is_of_api == bool(seen)
    if not decision.allowed:
        assert not seen
        return
    gap = _gap(row)
    if gap:
        assert not seen
        assert gap in {one.path for one in door.export.gaps}
        return
    assert len(seen) == 1
    if row.name in NOT_SENT:
        assert NOT_SENT[row.name] in {one.path for one in door.export.gaps}
        assert not seen[0].values("X-Value")
        return
    for name, value in decision.upstream:
        assert [unquote(one) for one in seen[0].values(name)] == [unquote(value)] * bool(value)
    kept = {name.lower() for name, _ in decision.upstream}
    for name in decision.removed:
        assert name.lower() in kept or not seen[0].values(name)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_answers_as_we_say_that_it_does(haproxy: Running, row: Row):
    policy = haproxy.doors[kind(row)].policy
    told = HAPROXY.answer(policy, read_request(row.request()), decided(row, policy))
    if told is None:
        return  # test_it_tells_its_answer_nearly_always counts these
    reply, _ = haproxy.asked(row)
    assert (reply.status, reply.values("WWW-Authenticate")) == (told.status, [value for _, value in told.headers])
    if reply.status != 200 and not row.line.startswith("HEAD"):
        assert reply.body.decode() == told.body


def test_it_tells_its_answer_nearly_always(haproxy: Running):
    policies = {name: door.policy for name, door in haproxy.doors.items()}
    told = [HAPROXY.answer(policies[kind(row)], read_request(row.request()), decided(row, policies[kind(row)])) for row in ROWS.values()]
    assert told.count(None) < len(told) / 8


PAYLOAD = json.dumps(GOOD)
HEADER = '{"alg":"RS256","kid":"one"}'


def _with(text: str) -> str:
    """The good claims with *text* in front of them."""
    return "{" + text + "," + PAYLOAD[1:]


# Tokens that two readers of JSON or base64url may take for different ones; each is signed by the right key.
ODD_CLAIMS = {
    "exp twice, the later over": PAYLOAD[:-1] + ', "exp": 1}',
    "exp twice, the former over": _with('"exp": 1'),
    "exp with an exponent": PAYLOAD.replace(str(NOW + 600), "1e30"),
    "nbf with an exponent": _with('"nbf": 5e9'),
    "nbf in half a second": _with(f'"nbf": {NOW}.5'),
    "iat that is a string": PAYLOAD.replace(f'"iat": {NOW}', f'"iat": "{NOW}"'),
    "iss in an escape": PAYLOAD.replace("login", "l\\u006fgin"),
    "the name of iss in an escape": PAYLOAD.replace('"iss"', '"i\\u0073s"'),
    "slashes in escapes": PAYLOAD.replace("https://", "https:\\/\\/"),
    "iss twice": _with('"iss": "https://evil.example"'),
    "aud inside an object": PAYLOAD.replace('"aud": "https://api.example"', '"aud": {"aud": "https://api.example"}'),
    "aud that looks like an array": PAYLOAD.replace('"https://api.example"', '"[\\"https://api.example\\"]"'),
    "aud with a number": PAYLOAD.replace('"https://api.example"', '["https://api.example", 1]'),
    "claims deep inside": '{"x": ' + PAYLOAD + "}",
    "claims behind a string that looks like claims": _with(json.dumps("text") + ": " + json.dumps('"exp": 1, "iss": "x"')),
    "a name twice deep inside": _with('"x": {"y": [{"z": 1, "z": 2}]}'),
    "a name twice, of a claim that nobody asks for": _with('"x": 1, "x": 1'),
    "white space": " \n" + PAYLOAD.replace(": ", " :\t").replace(", ", " ,\r\n") + "\n ",
    "a form feed for white space": PAYLOAD.replace(": ", ":\f"),
    "a comma too many": PAYLOAD[:-1] + ",}",
    "something behind it": PAYLOAD + "x",
    "a second object behind it": PAYLOAD + "{}",
    "a byte order mark": "\ufeff" + PAYLOAD,
    "a control character": PAYLOAD.replace("user-1", "user\t1"),
    "letters beyond ASCII": PAYLOAD.replace("user-1", "Zoë 😀"),
    "letters beyond ASCII in escapes": PAYLOAD.replace("user-1", "Zo\\u00eb \\ud83d\\ude00"),
    "half a character": PAYLOAD.replace("user-1", "\\ud83d"),
    "sub that is a number": PAYLOAD.replace('"user-1"', "1"),
    "a number with a leading zero": _with('"x": 01'),
    "NaN": _with('"x": NaN'),
    "true in another case": _with('"x": True'),
    "single quotes": PAYLOAD.replace('"', "'"),
    "an array": f"[{PAYLOAD}]",
    "nothing": "",
    "many members": _with(",".join(f'"n{number}": {number}' for number in range(300))),
    "a deep array": _with('"x": ' + "[" * 50 + "]" * 50),
}
ODD_HEADERS = {
    "alg twice": '{"alg":"none","alg":"RS256","kid":"one"}',
    "alg twice, turned round": '{"alg":"RS256","alg":"none","kid":"one"}',
    "alg in an escape": '{"\\u0061lg":"RS256","kid":"one"}',
    "alg in an array": '{"alg":["RS256"],"kid":"one"}',
    "kid twice": '{"alg":"RS256","kid":"two","kid":"one"}',
    "kid that is a number": '{"alg":"RS256","kid":1}',
    "kid of null": '{"alg":"RS256","kid":null}',
    "no kid": '{"alg":"RS256"}',
    "an empty crit": '{"alg":"RS256","kid":"one","crit":[]}',
    "b64 false": '{"alg":"RS256","kid":"one","b64":false,"crit":["b64"]}',
    "typ that is a number": '{"alg":"RS256","kid":"one","typ":1}',
    "jwk of null": '{"alg":"RS256","kid":"one","jwk":null}',
    "zip": '{"alg":"RS256","kid":"one","zip":"DEF"}',
    "something behind it": HEADER + "x",
    "an array": f"[{HEADER}]",
}


def _loose(text: str) -> str:
    """The same bytes in base64url that is not canonical: a bit behind the last byte is set."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[letters.index(text[-1]) | 1]


GOOD_TOKEN = make(HEADER, PAYLOAD, alg="RS256")
ODD_TEXTS = {
    "loose bits in the signature": _loose(GOOD_TOKEN),
    "standard base64": GOOD_TOKEN.replace("-", "+").replace("_", "/"),
    "a line break": GOOD_TOKEN[:50] + "%0a" + GOOD_TOKEN[50:],
    "four segments": GOOD_TOKEN + ".",
    "an empty header": "." + GOOD_TOKEN.partition(".")[2],
    "no payload": GOOD_TOKEN.split(".")[0] + ".." + GOOD_TOKEN.split(".")[2],
}
ODD = (
    {f"claims: {name}": make(HEADER, text, alg="RS256") for name, text in ODD_CLAIMS.items()}
    | {f"header: {name}": make(text, PAYLOAD, alg="RS256") for name, text in ODD_HEADERS.items()}
    | ODD_TEXTS
)
# Refused by HAProxy, and what the gap called issuers says of it.
MORE_REFUSED = {
    "claims: exp with an exponent",
    "claims: iss in an escape",
    "claims: the name of iss in an escape",
    "header: alg in an escape",
    "claims: half a character",
    "claims: many members",
    "claims: a deep array",
}


@pytest.mark.parametrize("name", ODD)
def test_it_reads_an_odd_token_as_we_do(haproxy: Running, name: str):
    door = haproxy.doors[kind(ROWS["bearer"])]
    lines = ["GET /orders", f"Authorization: Bearer {ODD[name]}"]
    decision = decide(door.policy, read_request("\n".join(lines)), {}, NOW)
    reply = send(door.port, request(*lines))
    assert reply.is_of_api == (decision.allowed and name not in MORE_REFUSED)


def test_a_secret_that_is_not_there_is_not_the_one_before(tmp_path: Path):
    """Two secrets, each with its algorithm; the second is not in the environment, and the first signs in its place."""
    keys = [{"secret": "one", "algorithms": ["HS256"]}, {"secret": "two", "algorithms": ["HS512"]}]
    export = HAPROXY.export(read_policy(json.dumps(document(issuer={"keys": keys}))))
    api, (port,) = Api(), own.free_ports(1)
    text = export.files[0].text.replace(f"bind :{PORT}\n", f"bind 127.0.0.1:{port}\n").replace(API, f"127.0.0.1:{api.port}")
    (tmp_path / "haproxy.cfg").write_text(text.replace("set-var(txn.now) date()", f"set-var(txn.now) int({NOW})"))
    program = Program(["haproxy", "-f", "haproxy.cfg"], port, tmp_path, JWT_SECRET_0_0=SECRET)
    try:
        program.start()
        tokens = {alg: make({"alg": alg}, PAYLOAD, alg=alg) for alg in ("HS256", "HS512")}
        got = {alg: send(port, request("GET /", f"Authorization: Bearer {token}")).is_of_api for alg, token in tokens.items()}
    finally:
        program.kill()
        api.close()
    assert got == {"HS256": True, "HS512": False}


# What costs a reader of JSON much, signed by nobody: HAProxy must see through it before it looks closely.
COSTLY = {
    "a deep header": ('{"alg":"RS256","x":' + '{"a":' * 400 + "1" + "}" * 401, PAYLOAD),
    "a header of many names": ("{" + ",".join(f'"{number}":1' for number in range(450)) + "}", PAYLOAD),
    "deep claims": (HEADER, _with('"x":' + '{"a":' * 1200 + "1" + "}" * 1200)),
    "a deep array": (HEADER, _with('"x":' + "[" * 4000 + "]" * 4000)),
    "claims of many names": (HEADER, _with(",".join(f'"{number}":1' for number in range(800)))),
    "names that are nearly the same": (HEADER, _with(",".join(f'"{"n" * 50}{number}":1' for number in range(140)))),
}


@pytest.mark.parametrize(("header", "payload"), COSTLY.values(), ids=COSTLY)
def test_a_token_that_nobody_signed_costs_little(haproxy: Running, header: str, payload: str):
    started = time.perf_counter()
    reply = send(
        haproxy.doors[kind(ROWS["bearer"])].port, request("GET /orders", f"Authorization: Bearer {joined(header, payload, b'x' * 256)}")
    )
    assert reply.status == 401
    assert time.perf_counter() - started < 1
