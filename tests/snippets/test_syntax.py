"""What cannot be run here is at least read by a checker of its language, where there is one."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path

import pytest

from app.snippets import KEY_FORMS, Action, Facts, Library, libraries, render
from app.tokens import ALGORITHMS

HERE = Path(__file__).parent
CHECKERS = {
    "java": ["java", str(HERE / "Parse.java")],
    "php": ["php", "-l"],
    "go": ["gofmt", "-e"],
}
CLAIMS = '{"iss": "a", "sub": "x\\\\\\"$y", "aud": ["b", "c"], "exp": 4102444800, "nbf": 1, "iat": 1, "jti": "d", "of": {"roles": ["a"], "no": {}}}'
NAMES = ("HS256", "RS256", "ES256", "EdDSA")


def variants(library: Library) -> list[str]:
    """The code for each kind of key in each form, told everything and told nothing."""
    actions: tuple[Action, ...] = ("verify", "sign")
    header = '{"typ": "JWT", "kid": "k"}'
    full = {"issuer": "a", "audience": "b", "type": "JWT", "leeway": 60, "header": header, "claims": CLAIMS}
    texts = []
    for action, name, form in itertools.product(actions, NAMES, KEY_FORMS):
        key = "a key" if ALGORITHMS[name].family == "hmac" else None
        for facts in (Facts(name, form, **full), Facts(name, form, expires=False, key=key, claims='{"sub": "1"}')):  # type: ignore[arg-type]
            snippet = render(library.id, action, facts)
            if snippet.can:
                texts.append(snippet.text)
    return texts


@pytest.mark.parametrize(
    "library_id", [library.id for library in libraries().values() if not library.source and library.language.id in CHECKERS]
)
def test_the_code_is_read_by_a_checker_of_its_language(library_id: str, tmp_path: Path):
    library = libraries()[library_id]
    command = CHECKERS[library.language.id]
    if not shutil.which(command[0]) or (command[0] == "java" and not shutil.which("javac")):
        pytest.skip(f"{command[0]} is not there")
    files = []
    for number, text in enumerate(variants(library)):
        files.append(tmp_path / f"code{number}.{library.language.extension}")
        files[-1].write_text(text, "utf-8")
    assert files
    for group in [[file] for file in files] if command[0] == "php" else [files]:
        done = subprocess.run([*command, *group], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
