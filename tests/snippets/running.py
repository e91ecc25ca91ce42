"""Run the code of a library against the library, and say what is wrong with it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from app import tokens
from app.snippets import KEY_FORMS, Action, Facts, KeyForm, Library, render
from app.snippets.library import FOLDER
from app.snippets.rendering import code, file_name
from app.tokens import ALGORITHMS, Expectations
from tests.snippets import cases
from tests.snippets.cases import Case, Scheme
from tests.snippets.toolchains import Bench

NAMES = tuple(name for name in ALGORITHMS if name != "none")


def digest(library: Library) -> str:
    """Tells one state of the library's file from another, so that what ran is known to be what is shown."""
    return hashlib.sha256((FOLDER / f"{library.id}.toml").read_bytes()).hexdigest()[:16]


class Trial:
    """One library and one way to make tokens: the folder with the keys, and the programs in it."""

    def __init__(self, bench: Bench, folder: Path, library: Library, scheme: Scheme) -> None:
        self.bench = bench
        self.library = library
        self.scheme = replace(scheme, type=library.types[0]) if library.types else scheme
        self.folder = folder / library.id / str(scheme).replace(" ", "-")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = scheme.key()
        for name, text in cases.files(self.key).items():
            (self.folder / name).write_text(text)

    @property
    def form(self) -> KeyForm:
        """The form of the key that is usual."""
        return "secret" if self.scheme.key_type == "oct" else "pem" if "pem" in self.library.keys else "jwk"

    def usual(self) -> Iterator[str]:
        """Try what is tried with every algorithm; yields what is wrong."""
        yield from self.verifies(self.scheme.facts(self.form), cases.usual(self.scheme))
        yield from self.signs(self.scheme.facts(self.form))

    def further(self) -> Iterator[str]:
        """Try what is tried with one algorithm of each library."""
        yield from self.verifies(self.scheme.facts(self.form), cases.further(self.scheme))
        bare = self.scheme.facts(self.form, issuer=None, audience=None, type=None, leeway=0, expires=False, key_id=None, header="{}")
        plain = replace(self.scheme, type="JWT")
        late = plain.made(exp=int(time.time()) - cases.LEEWAY // 2)
        yield from self.verifies(
            bare, [Case("nothing expected", plain.made(exp=None, iss=None), good=True), Case("expired, no leeway", late)]
        )
        yield from self.signs(bare)

    def key_forms(self) -> Iterator[str]:
        """Try every form of a key that the library reads, and the key put into the code."""
        few = [case for case in cases.usual(self.scheme) if case.name in ("good", "tampered")]
        for form in KEY_FORMS:
            if form != self.form:
                yield from self.verifies(self.scheme.facts(form), few)
                yield from self.signs(self.scheme.facts(form))
            yield from self.verifies(self.scheme.facts(form, key=self.text("verify", form)), few)
            yield from self.signs(self.scheme.facts(form, key=self.text("sign", form)))

    def text(self, action: Action, form: KeyForm) -> str:
        """The key as it is put into code."""
        if form.startswith("secret"):
            return cases.secret(self.key, form)
        name = file_name(action, self.scheme.facts(form))
        return cases.files(self.key).get(name, "")

    def refuses(self) -> Iterator[str]:
        """Try an algorithm that the library is said not to offer; yields what is wrong, that it signs with it after all."""
        program = self.program("sign", code(self.library, "sign", self.scheme.facts(self.form)))
        if isinstance(program, Path) and self._verdict(self.run(program, "")) == "":
            yield f"{self.library.id} {self.scheme}: said not to be offered, but it signs"

    def verifies(self, facts: Facts, tried: Iterable[Case]) -> Iterator[str]:
        """Run the code that verifies with each token, if there is any."""
        snippet = render(self.library.id, "verify", facts)
        if not snippet.can:
            return
        program = self.program("verify", snippet.text)
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
        """Run the code that signs, if there is any; what it makes must be accepted by the core, with the claims as they were."""
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
        """What is wrong with a token that the code signed or encrypted."""
        ok, out, error = ran
        if not ok:
            return error or out or "it failed and said nothing"
        expect = (
            Expectations((self.scheme.algorithm,), issuer=facts.issuer, audience=facts.audience, type=facts.type)
            if facts
            else Expectations()
        )
        report = tokens.verify(out.strip(), cases.private(self.key), at=int(time.time()), expect=expect)
        if report.decryption is None and report.signature.status != "verified":
            return report.signature.because
        if report.decryption is not None and report.decryption.status != "decrypted":
            return report.decryption.because
        if facts is None:
            return ""
        failed = [check.because for check in report.checks if check.outcome == "failed"]
        payload = json.loads(report.payload_text or "null")
        return "; ".join(failed) or ("" if payload == json.loads(facts.claims) else f"the claims became {payload}")

    def _complaint(self, what: str, said: str) -> str:
        return f"{self.library.id} {self.scheme}: {what}\n    " + "\n    ".join(said.strip().splitlines()[-12:])
