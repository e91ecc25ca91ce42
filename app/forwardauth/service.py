"""What one process serves: the policy as it is read, its keys, the application over both, and how they are read anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app import keyfetch
from app.forwardauth.gate import Gate
from app.forwardauth.keys import INTERVAL, KeyStore, Remote, Tell
from app.forwardauth.log import DecisionLog
from app.forwardauth.metrics import Metrics
from app.forwardauth.wsgi import ForwardAuth, Options
from app.gateway import Policy
from app.settings import Settings
from app.tokens import Keys
from app.tokens.findings import quoted

Load = Callable[[], tuple[Policy, Mapping[str, Keys]]]


class CannotLoad(Exception):
    """Say why the policy or a key of it cannot be read, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class Service:
    """*load* reads the policy and the keys that are given, at the start and on SIGHUP, or raises CannotLoad; *log* is a descriptor.

    What was read last stays here: a worker that takes another's place begins with it, whatever the file holds by then.
    """

    load: Load
    tell: Tell
    settings: Settings = field(default_factory=Settings)
    options: Options = field(default_factory=Options)
    interval: float = INTERVAL
    log: int | None = None
    _read: tuple[Policy, Mapping[str, Keys]] | None = None

    def read(self) -> tuple[Policy, Mapping[str, Keys]]:
        """The policy that is in use, with the keys that are given."""
        if self._read is None:
            self._read = self.load()
        return self._read

    def renew(self) -> bool:
        """Read the policy anew; where that cannot be, why not is told, and the old one stays."""
        try:
            self._read = self.load()
        except CannotLoad as error:
            self.tell("error", f"the policy that is in use stays in use: {error}")
            self.tell("hint", error.hint)
            return False
        except Exception as error:  # noqa: BLE001  # a server that works must not end because of a file
            self.tell("error", f"the policy that is in use stays in use: {place(error)}")
            return False
        return True


class Worker:
    """One process of a service; *number* is its row in *metrics*.

    What is read anew counts once: the first process counts it, unless this one *is_alone*.
    """

    def __init__(self, service: Service, metrics: Metrics, number: int, *, is_alone: bool) -> None:
        self._service, self._is_alone = service, is_alone
        self._tally = metrics.tally(number)
        self._log = DecisionLog(service.log, lambda: self._tally.count("log_dropped"))
        self._reloading = threading.Lock()
        self.app = ForwardAuth(self._gate(None), replace(service.options, fault=self._fault), metrics, self._tally, self._log)

    def start(self) -> None:
        self._log.start()

    def stop(self) -> None:
        self.app.gate.store.stop()
        self._log.stop()

    def reload(self) -> None:
        """Read the policy anew. A request has one gate from begin to end, so none is dropped; a broken policy changes nothing."""
        with self._reloading:
            if not self._service.renew():
                self._tally.count("not_reloaded")
                return
            before = self.app.gate
            self.app.gate = self._gate(before)
            before.store.stop()
            if self._is_alone:
                self._tally.count("reloaded")
            self._service.tell("note", "the policy is read anew and in use")

    def _gate(self, before: Gate | None) -> Gate:
        policy, given = self._service.read()
        # A fetcher of its own remembers no failure: who corrects something and sends SIGHUP need not wait.
        fetcher = keyfetch.Fetcher(rules(self._service.settings))

        def fetch(url: str, kind: keyfetch.Kind) -> keyfetch.Fetched:
            return fetcher.fetch(url, kind, again=True)

        store = KeyStore(policy, given, fetch, self._service.interval, self._service.tell)
        for name in store.missing_names:
            self._service.tell("warning", f'the policy names the key "{quoted(name)}", which is not given: the tokens for it are denied')
        places = {remote.url: number for number, remote in enumerate(store.remotes)}
        self._tally.loaded()

        def told(remote: Remote, is_good: bool) -> None:
            self._tally.count("fetched" if is_good else "not_fetched")
            self._tally.fetched(places[remote.url], remote.fetched_at)

        store.listener = told
        store.start(before.store if before else None)
        for remote in store.remotes:
            self._tally.fetched(places[remote.url], remote.fetched_at)
        return Gate(policy, store)

    def _fault(self, error: BaseException) -> None:
        self._service.tell("error", f"a request is denied because of a fault: {place(error)}")


def rules(settings: Settings) -> keyfetch.Rules:
    """Where keys may be fetched from. Who can reach this server is no matter for that: the operator's own policy names the addresses."""
    off = ("", "") if settings.fetch else settings.no_fetching
    return keyfetch.Rules(frozenset(settings.fetch_hosts), settings.fetch_networks, off)


def place(error: BaseException) -> str:
    """Which exception came from where; its text may hold a token."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return type(error).__name__ + (f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "")
