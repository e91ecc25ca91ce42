"""What was fetched is remembered for the process: for how long, how much, and who may ask again."""

import threading
import time

import pytest

from app.keyfetch import NotFetched
from tests.keyfetch.conftest import answer, public, status


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize(("age", "requests"), [(0, 1), (299, 1), (300, 2)])
def test_a_set_is_kept_for_300_seconds_and_says_its_age(server, fetcher, clock, age, requests):
    server.answers["/jwks"] = answer({"keys": [public()]})
    one = fetcher(now=clock)
    one.fetch(server.url("/jwks"))
    clock.now += age
    assert one.fetch(server.url("/jwks")).age == (age if requests == 1 else 0)
    assert len(server.requests) == requests


@pytest.mark.parametrize(("age", "requests"), [(4, 1), (5, 2)])
def test_whoever_asks_again_gets_a_new_one_after_5_seconds(server, fetcher, clock, age, requests):
    server.answers["/jwks"] = answer({"keys": [public(kid="old")]})
    one = fetcher(now=clock)
    one.fetch(server.url("/jwks"))
    server.answers["/jwks"] = answer({"keys": [public(kid="new")]})
    clock.now += age
    assert one.fetch(server.url("/jwks"), again=True).keys[0].kid == ("old" if requests == 1 else "new")
    assert len(server.requests) == requests


@pytest.mark.parametrize(("age", "requests"), [(59, 1), (60, 2)])
def test_a_failure_is_kept_for_60_seconds(server, fetcher, clock, age, requests):
    server.answers["/jwks"] = status(500)
    one = fetcher(now=clock)
    for wait in (0, age):
        clock.now += wait
        with pytest.raises(NotFetched) as caught:
            one.fetch(server.url("/jwks"))
    assert caught.value.age == (age if requests == 1 else 0)
    assert caught.value.steps[0].status == 500
    assert len(server.requests) == requests


def test_a_thousand_questions_make_one_request(server, fetcher):
    server.answers["/jwks"] = answer({"keys": [public()]})
    one = fetcher()
    for _ in range(1000):
        one.fetch(server.url("/jwks"))
    assert len(server.requests) == 1


def test_32_outcomes_are_kept_and_not_one_more(server, fetcher):
    one = fetcher()
    for number in range(33):
        server.answers[f"/{number}/jwks"] = answer({"keys": [public()]})
        one.fetch(server.url(f"/{number}/jwks"))
    assert len(one._kept) == 32
    one.fetch(server.url("/1/jwks"))
    assert len(server.requests) == 33
    one.fetch(server.url("/0/jwks"))
    assert len(server.requests) == 34


def test_what_is_old_is_forgotten(server, fetcher, clock):
    one = fetcher(now=clock)
    for number in range(3):
        server.answers[f"/{number}/jwks"] = answer({"keys": [public()]})
        one.fetch(server.url(f"/{number}/jwks"))
    clock.now += 300
    one.fetch(server.url("/0/jwks"))
    assert len(one._kept) == 1


def test_a_refused_url_is_not_kept(fetcher):
    one = fetcher()
    for number in range(100):
        with pytest.raises(NotFetched):
            one.fetch(f"https://{number}/")
    assert not one._kept


def test_the_clock_may_go_back(server, fetcher, clock):
    server.answers["/jwks"] = answer({"keys": [public()]})
    one = fetcher(now=clock)
    one.fetch(server.url("/jwks"))
    clock.now -= 1000
    assert one.fetch(server.url("/jwks")).age == 0


def test_four_are_fetched_at_once_and_the_fifth_is_told_to_wait(server, fetcher, monkeypatch):
    monkeypatch.setattr("app.keyfetch._WAIT_SECONDS", 0.1)
    release = threading.Event()

    def held(connection):
        release.wait(5)
        connection.sendall(answer({"keys": [public()]}))

    one = fetcher()
    outcomes = []
    for number in range(4):
        server.answers[f"/{number}/jwks"] = held
    threads = [threading.Thread(target=lambda n=n: outcomes.append(one.fetch(server.url(f"/{n}/jwks")))) for n in range(4)]
    for thread in threads:
        thread.start()
    while len(server.requests) < 4:
        time.sleep(0.01)
    with pytest.raises(NotFetched) as caught:
        one.fetch(server.url("/4/jwks"))
    assert (caught.value.code, caught.value.status) == ("busy", 429)
    release.set()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    assert len(one._kept) == 4
