"""A piece becomes lines, counts and places; nothing of a token is among them."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import tokens
from app.audit import work
from app.audit.brief import Brief
from app.audit.inputs import Piece
from app.audit.judging import Judge
from app.audit.rules import RULES
from app.audit.seen import Seen
from app.audit.summary import Summary
from app.tokens.suspects import weak
from tests.audit import logs
from tests.audit.logs import AT, DAY
from tests.conftest import strict_json


def judged(text, algorithm="HS256", offset=0, line=1, **asked):
    data = text if isinstance(text, bytes) else text.encode()
    return work.judged(logs.brief(algorithm, **asked), Piece("a.log", offset, line, 0, data))


def lines(result):
    return [strict_json(line) for line in result.lines.decode().splitlines()]


def test_a_line_says_where_the_token_stands_what_it_is_and_what_is_against_it():
    token = logs.token(exp=AT - 2 * DAY)
    (line,) = lines(judged(f"one\ntwo Bearer {token}\n", offset=1000, line=7))
    assert line == {
        "file": "a.log",
        "line": 8,
        "offset": 1015,
        "length": len(token),
        "id": hashlib.sha256(token.encode()).hexdigest()[:16],
        "mask": f"eyJh…({'.'.join(str(len(part)) for part in token.split('.'))})",
        "kind": "JWS",
        "alg": "HS256",
        "signature": "verified",
        "key": 1,
        "accepted": False,
        "expiry": "expired for less than a week",
        "findings": [],
    }


def test_nothing_of_a_token_or_key_is_told():
    marks = [f"canary{number:02d}" for number in range(20)]
    kid, sub = "canary-kid", "canary-sub"
    token = logs.token(header={"kid": kid, "x": marks[0]}, sub=sub, iss="canary-iss", aud="canary-aud", jti=marks[1], canary=marks[2])
    other = logs.raw('{"alg":"canary-alg"}', '{"canary":1}')
    said = repr(judged(f"{token} {other} {token[:-9]}"))
    assert "canary" not in said.lower()
    for part in (*token.split("."), *other.split(".")):
        assert part not in said
        assert part[8:24] not in said


def test_a_name_of_a_file_that_is_no_json_is_written_as_json():
    data = logs.token().encode()
    result = work.judged(logs.brief(), Piece('a"\\\n\udcff.log', 0, 1, 0, data))
    assert lines(result)[0]["file"] == 'a"\\\n\udcff.log'


def test_the_same_token_is_judged_once_and_counted_each_time(monkeypatch):
    count = 0
    verify = tokens.verify

    def counting(*arguments, **named):
        nonlocal count
        count += 1
        return verify(*arguments, **named)

    monkeypatch.setattr(tokens, "verify", counting)
    result = judged(f"{logs.token()}\n" * 50)
    assert (result.tokens, count) == (50, 1)
    summary = Summary()
    summary.add(result)
    facts = summary.facts()
    assert (facts["different"], facts["repeated"], facts["most_often"][0]["count"]) == (1, 1, 50)
    assert facts["most_often"][0]["id"] == lines(result)[0]["id"]


def test_all_counts_add_up():
    text = "\n".join(logs.all_sorts("HS256"))
    result = judged(text, max_life=600)
    for what in ("kind", "alg", "signature", "expiry", "accepted", "level"):
        assert sum(count for (kind, _), count in result.counts.items() if kind == what) == result.tokens
    told = [code for line in lines(result) for code in line["findings"]]
    assert {code: told.count(code) for code in set(told)} == {code: n for (kind, code), n in result.counts.items() if kind == "finding"}
    assert set(told) <= RULES.keys()
    assert len(set(told)) > 12


def test_a_secret_that_everybody_knows_is_found_without_being_given():
    secret = next(known.text for known in weak.secrets().values() if len(known.text) > 12 and not known.encoding)
    text = " ".join(tokens.encode({"alg": "HS256"}, {"sub": str(n), "exp": AT + 9}, secret).token for n in range(3))
    for algorithm in ("", "HS256", "ES256"):
        result = judged(f"{text} {logs.token()}", algorithm)
        assert [("weak_secret" in line["findings"]) for line in lines(result)] == [True, True, True, False]
        assert f'"{secret}"' not in repr(result)


def test_a_weak_key_that_is_given_is_told_of_what_it_verifies():
    secret = next(known.text for known in weak.secrets().values() if len(known.text) >= 32 and not known.encoding)
    token = tokens.encode({"alg": "HS256"}, {"exp": AT + 9}, secret).token
    result = work.judged(Brief(AT, secret), Piece("a", 0, 1, 0, token.encode()))
    assert "weak_secret" in lines(result)[0]["findings"]
    assert lines(result)[0]["signature"] == "verified"


def test_looking_for_known_secrets_is_bounded(monkeypatch):
    monkeypatch.setattr(work, "_MOST_GROUPS", 2)
    worker = work._Worker(Judge(logs.brief("")), Piece("a", 0, 1, 0, b" ".join(logs.token(iss=str(n)).encode() for n in range(9))))
    worker.result()
    assert len(worker.secrets) == 2


@pytest.mark.parametrize(("most", "is_whole", "different"), [(100, True, 60), (30, False, 30)])
def test_too_many_tokens_to_compare_are_said_to_be_too_many(most, is_whole, different):
    seen = Seen(most)
    seen.add(judged(" ".join(logs.token(jti=str(number)) for number in range(60))).ids)
    assert (seen.is_whole, seen.counted()[0]) == (is_whole, different)


def test_places_are_listed_up_to_a_bound_and_counted_beyond(monkeypatch):
    monkeypatch.setattr(work, "_MOST_OF_PIECE", 5)
    result = judged(f"{logs.token(exp=None)} " * 9)
    assert len(result.places["claim_no_exp"]) == 5
    assert result.counts["finding", "claim_no_exp"] == 9


@given(st.text(), st.text(), st.binary(max_size=40), st.sampled_from(["HS256", "ES256", "none", "RSA1_5", "x"]))
def test_no_text_stops_an_audit(header, payload, signature, alg):
    texts = [logs.raw(f'{{"alg":"{alg}",{json.dumps(header)}:{json.dumps(payload)}}}', payload, signature)]
    texts += [logs.raw('{"alg":"HS256"' + header, payload, signature), texts[0] + "~" + texts[0], texts[0] + ".eA.eA"]
    result = judged(" ".join(texts).encode("utf-8", "surrogatepass"))
    assert result.tokens + result.counts["other", "looks like a token and is none"] >= 3
    assert len(lines(result)) == result.tokens


def test_a_result_says_no_word_that_its_table_lacks():
    assert json.loads(judged(logs.raw('{"alg":"none"}', "{}", b"")).lines)["alg"] == "none"
    assert json.loads(judged(logs.raw('{"alg":"<b>"}', "{}")).lines)["alg"] is None
