"""A policy with its keys: judges one request, and looks for new keys once when the token names one that is not known."""

from __future__ import annotations

from dataclasses import dataclass

from app.forwardauth.keys import KeyStore
from app.gateway import Decision, Policy, Request, decide

WAIT_SECONDS = 0.7


@dataclass(frozen=True, slots=True)
class Gate:
    """What is swapped when the policy is read anew: a request is judged by one gate from its begin to its end."""

    policy: Policy
    store: KeyStore

    def decide(self, request: Request, at: int, wait: float | None = WAIT_SECONDS) -> Decision | None:
        """Judge *request* as of *at*, with the keys that are here or come in time.

        Where *wait* is None nothing may wait: there is no decision when keys may be on their way, and it is to be asked for elsewhere.
        """
        seen = self.store.news
        decision = decide(self.policy, request, self.store.keys, at)
        if not _lacks_key(decision) or (not self.store.is_coming() and self.store.news == seen):
            return decision
        if wait is None:
            return None
        if self.store.wait(seen, wait):
            return decide(self.policy, request, self.store.keys, at)
        return decision


def _lacks_key(decision: Decision) -> bool:
    return bool(decision.denials) and decision.denials[0].name == "key"
