"""Run the code of a library against the library, and say what is wrong with it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from app import tokens
from app.snippets import KEY_FORMS, Action, Facts, KeyForm, Library, render
from app.snippets.rendering import code
from app.tokens import ALGORITHMS, Expectations
from tests.snippets import cases
from tests.snippets.cases import Case
from tests.snippets.toolchains import Bench

NAMES = tuple(name for name in ALGORITHMS if name != "none")


class Trial:
    """One library, one algorithm: the folder with the keys, and the programs in it."""

    def __init__(self, bench: Bench, folder: Path, library: Library, algorithm: str, curve: str = "") -> None:
        self.bench = bench
        self.library = library
        self.algorithm = algorithm
        self.curve = curve
        self.folder = folder / library.id / f"{algorithm}{curve}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.type = library.types[0] if library.types else cases.TYPE
        self.key = cases.key(algorithm, curve)
        for name, text in cases.files(self.key).items():
            (self.folder / name).write_text(text)

    @property
    def form(self) -> KeyForm:
        """The form of the key that is usual."""
        return "secret" if ALGORITHMS[self.algorithm].family == "hmac" else "pem" if "pem" in self.library.keys else "jwk"

    def usual(self) -> Iterator[str]:
        """Try what is tried with every algorithm; yields what is wrong."""
        yield from self.verifies(self.facts(self.form), cases.usual(self.algorithm, self.curve, self.type))
        yield from self.signs(self.facts(self.form))

    def further(self) -> Iterator[str]:
        """Try what is tried with one algorithm of each library."""
        yield from self.verifies(self.facts(self.form), cases.further(self.algorithm, self.curve, self.type))
        bare = self.facts(self.form, issuer=None, audience=None, type=None, leeway=0, expires=False, key_id=None, header="{}")
        plain = cases.signed(self.algorithm, self.curve, "JWT", exp=None, iss=None)
        late = cases.signed(self.algorithm, self.curve, "JWT", exp=int(time.time()) - cases.LEEWAY // 2)
        yield from self.verifies(bare, [Case("nothing expected", plain, good=True), Case("expired, no leeway", late)])
        yield from self.signs(bare)

    def key_forms(self) -> Iterator[str]:
        """Try every other form of a key that the library reads."""
        for form in KEY_FORMS:
            if form == self.form or render(self.library.id, "verify", self.facts(form)).why_not:
                continue
            few = [case for case in cases.usual(self.algorithm, self.curve, self.type) if case.name in ("good", "tampered")]
            yield from self.verifies(self.facts(form), few)
            yield from self.signs(self.facts(form))

    def refuses(self) -> Iterator[str]:
        """Try an algorithm that the library is said not to offer; yields what is wrong, that it signs with it after all."""
        program = self.program("sign", code(self.library, "sign", self.facts(self.form)))
        if isinstance(program, Path) and self._verdict(self.run(program, "")) == "":
            yield f"{self.library.id} {self.algorithm}{self.curve}: said not to be offered, but it signs"

    def facts(self, form: KeyForm, **changes: Any) -> Facts:
        """The facts of the good token, with the key in that *form*."""
        return cases.facts(self.algorithm, self.curve, form, self.type, **changes)

    def verifies(self, facts: Facts, tried: Iterable[Case]) -> Iterator[str]:
        """Run the code that verifies with each token."""
        program = self.program("verify", render(self.library.id, "verify", facts).text)
        if isinstance(program, str):
            yield program
            return
        for case in tried:
            ok, out, error = self.run(program, facts.key_form, case.token)
            if ok != case.good:
                yield self._complaint(f"{facts.key_form}: {case.name}: {'refused' if case.good else 'accepted'}", out + error)
            elif ok and "roles" not in out:
                yield self._complaint(f"{facts.key_form}: {case.name}: the claims are not shown", out)

    def signs(self, facts: Facts) -> Iterator[str]:
        """Run the code that signs; what it makes must be accepted by the core, with the claims as they were."""
        snippet = render(self.library.id, "sign", facts)
        if not snippet.can:
            return
        program = self.program("sign", snippet.text)
        verdict = program if isinstance(program, str) else self._verdict(self.run(program, facts.key_form), facts)
        if verdict:
            yield self._complaint(f"{facts.key_form}: signs: ", verdict)

    def program(self, action: Action, text: str) -> Path | str:
        """Write the program and compile it where its language is compiled; returns its file, or what the compiler said."""
        file = self.folder / f"{action}.{self.library.language.extension}"
        file.write_text(text)
        built = self.bench.build(self.library, file)
        return (
            file if built is None or built.returncode == 0 else self._complaint(f"{action} does not compile", built.stdout + built.stderr)
        )

    def run(self, program: Path, form: str, token: str = "") -> tuple[bool, str, str]:
        """Run the program; whether it ended well, and what it said."""
        done = self.bench.run(self.library, program, {"TOKEN": token, "JWT_SECRET": cases.secret(self.key, form)})
        return done.returncode == 0, done.stdout, done.stderr

    def _verdict(self, ran: tuple[bool, str, str], facts: Facts | None = None) -> str:
        """What is wrong with a token that the code signed."""
        ok, out, error = ran
        if not ok:
            return error or out or "it failed and said nothing"
        expect = Expectations((self.algorithm,), issuer=facts.issuer, audience=facts.audience, type=facts.type) if facts else Expectations()
        report = tokens.verify(out.strip(), cases.private(self.key), at=int(time.time()), expect=expect)
        if report.signature.status != "verified":
            return report.signature.because
        if facts is None:
            return ""
        if not report.accepted:
            return "; ".join(check.because for check in report.checks if check.outcome == "failed")
        payload = json.loads(report.payload_text or "null")
        return "" if payload == json.loads(facts.claims) else f"the claims became {payload}"

    def _complaint(self, what: str, said: str) -> str:
        return f"{self.library.id} {self.algorithm}{self.curve}: {what}\n    " + "\n    ".join(said.strip().splitlines()[-12:])
