"""The keys that a policy only names: secrets as they were given, key sets fetched in the background and kept when that fails."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from app import tokens
from app.gateway import Policy
from app.keyfetch import Fetched, Kind, NotFetched
from app.tokens import Keys

Fetch = Callable[[str, Kind], Fetched]
Tell = Callable[[Literal["note", "warning", "error", "hint"], str], None]

KINDS: Mapping[str, Kind] = {"jwks_url": "key_set", "issuer_url": "issuer"}
INTERVAL = 300.0
AGAIN_SECONDS = 60.0
"""An unknown kid asks for new keys, and anybody can write one: so not more often than this (CVE-2026-48524)."""
_FIRST_RETRY, _LAST_RETRY = 5.0, 60.0
MOST_WAITING = 3
"""Requests that wait for a key at a time; each holds a thread."""


def server_of(url: str) -> str:
    """Scheme, host and port of *url*."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"


def _names(urls: Iterable[str]) -> Iterator[str]:
    """A name for each of *urls*: its server, with a number behind it from the second on."""
    count = Counter[str]()
    for server in map(server_of, urls):
        count[server] += 1
        yield server if count[server] == 1 else f"{server} ({count[server]})"


class Remote:
    """One key set that is elsewhere, with a thread that keeps it fresh."""

    def __init__(self, url: str, kind: Kind, fetch: Fetch, interval: float, tell: Tell, name: str = "") -> None:
        self.url = url
        self.name = name or server_of(url)
        """What is told of it: path and query may hold a secret."""
        self.keys: Keys | None = None
        self.fetched_at = 0.0
        self.failures = 0
        self.changed: Callable[[Remote, bool], None] = lambda remote, is_good: None
        self._kind, self._fetch, self._interval, self._tell = kind, fetch, interval, tell
        self._tried = 0.0
        self._running = False
        self._stopped = False
        self._wake = threading.Condition()

    def start(self) -> None:
        self._running = True
        threading.Thread(target=self._run, name="keys", daemon=True).start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def hurry(self) -> bool:
        """Ask for new keys before it is time, if that was not done just now; says whether they may be on their way."""
        with self._wake:
            if not self._running and self._tried and time.monotonic() - self._tried < AGAIN_SECONDS:
                return False
            self._running = True
            self._wake.notify_all()
            return True

    def _run(self) -> None:
        while not self._stopped:
            self._tried = time.monotonic()
            is_good = self.refresh()
            with self._wake:
                self._running = False
            self.changed(self, is_good)
            with self._wake:
                self._wake.wait_for(lambda: self._running or self._stopped, self._pause())

    def refresh(self) -> bool:
        """Fetch once; the keys that are here stay when there are no others."""
        try:
            fetched = self._fetch(self.url, self._kind)
            found = tokens.read_keys(fetched.text)
        except NotFetched as failure:
            return self._failed(failure.message)
        except Exception as error:  # noqa: BLE001  # whatever it is, the thread that keeps the keys fresh must go on
            return self._failed(f"The key set cannot be fetched: {type(error).__name__}.")
        if not found.keys:
            return self._failed("The key set has no key that can be used.")
        if self.failures:
            self._tell("note", f"the keys of {self.name} are fetched again")
        self.keys, self.fetched_at, self.failures = found, time.time() - fetched.age, 0
        return True

    def _failed(self, why: str) -> bool:
        self.failures += 1
        if self.failures == 1:
            kept = "those that are here stay in use" if self.keys else "there are none yet, and the tokens for them are denied"
            self._tell("warning", f"no new keys from {self.name}; {kept}: {why}")
        return False

    def _pause(self) -> float:
        # Copies that start together must not all ask at once for ever.
        whole = min(_LAST_RETRY, self._interval, _FIRST_RETRY * 2 ** (self.failures - 1)) if self.failures else self._interval
        return whole * random.uniform(0.8, 1.0)  # noqa: S311 # nosec B311 # it spreads requests; nobody gains by guessing it


class KeyStore:
    """The keys by the names that a policy has for them."""

    def __init__(self, policy: Policy, given: Mapping[str, Keys], fetch: Fetch, interval: float, tell: Tell) -> None:
        self.keys: Mapping[str, Keys] = {name: given[name] for name in policy.references if name in given}
        kinds = {source.reference: KINDS[source.kind] for issuer in policy.issuers for source in issuer.keys if source.kind in KINDS}
        wanted = {url: kind for url, kind in kinds.items() if url not in given}
        named = zip(wanted.items(), _names(wanted), strict=True)
        self.remotes = tuple(Remote(url, kind, fetch, interval, tell, name) for (url, kind), name in named)
        self.missing_names = tuple(name for name in policy.references if name not in given and name not in kinds)
        self.listener: Callable[[Remote, bool], None] = lambda remote, is_good: None
        self._news = threading.Condition()
        self._count = 0
        self._waiting = 0

    @property
    def is_ready(self) -> bool:
        """Whether the keys of every issuer are here."""
        return not self.missing_names and all(remote.keys for remote in self.remotes)

    def start(self, before: KeyStore | None = None) -> None:
        """Keep the keys fresh from now on, beginning with those of the store *before*."""
        old = {remote.url: remote for remote in before.remotes} if before else {}
        for remote in self.remotes:
            if remote.url in old:
                remote.keys, remote.fetched_at = old[remote.url].keys, old[remote.url].fetched_at
            remote.changed = self._changed
        self._gather()
        for remote in self.remotes:
            remote.start()

    def stop(self) -> None:
        for remote in self.remotes:
            remote.stop()

    @property
    def news(self) -> int:
        """How often a fetch has ended, well or not."""
        return self._count

    def is_coming(self) -> bool:
        """Ask for new keys, if that was not done just now; says whether any may be on their way."""
        hurried = [remote.hurry() for remote in self.remotes]  # every one of them: which has the key is not known
        return any(hurried)

    def wait(self, seen: int, seconds: float) -> bool:
        """Wait at most *seconds* for more news than *seen*; says whether there are any."""
        with self._news:
            if self._count == seen and self._waiting < MOST_WAITING:
                self._waiting += 1
                try:
                    self._news.wait_for(lambda: self._count != seen, seconds)
                finally:
                    self._waiting -= 1
            return self._count != seen

    def _changed(self, remote: Remote, is_good: bool) -> None:
        self._gather()
        self.listener(remote, is_good)
        with self._news:
            self._count += 1
            self._news.notify_all()

    def _gather(self) -> None:
        # Replaced whole, never changed: a decision that runs has one set of keys.
        self.keys = {**self.keys, **{remote.url: remote.keys for remote in self.remotes if remote.keys}}
