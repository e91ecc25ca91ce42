"""The supply chain: what is delivered is known by name, hash and licence, and can be built again to the byte."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import files
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.supply.bom import bom
from tests.supply.runtime import FRONT_END, LOCK, PERMISSIVE, ROOT, _licence, delivered, direct

MADE = (".*_cache", ".git", ".hypothesis", ".venv", "__pycache__", "dist", "node_modules", "vendor", "*.egg-info")
REQUIREMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "tests")
    for path in (folder.glob("requirements*") if folder == ROOT else folder.rglob("requirements*"))
    if path.suffix in (".txt", ".in") and "node_modules" not in path.parts
)


@pytest.fixture(scope="module")
def bill():
    return bom()


# The bill of materials --------------------------------------------------------------------------------------------


def test_the_bill_is_strict_cyclonedx(bill):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


def test_the_bill_names_all_that_is_locked_and_htmx_and_nothing_else(bill):
    locked = re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / LOCK).read_text(), re.MULTILINE)
    htmx = json.loads((ROOT / "package.json").read_text())["dependencies"][FRONT_END]
    assert {(one["name"], one["version"]) for one in bill["components"]} == {*locked, (FRONT_END, htmx)}
    assert len(bill["components"]) == len(locked) + 1


def hashes(component):
    rows = [*component.get("hashes", ()), *(row for one in component.get("externalReferences", ()) for row in one.get("hashes", ()))]
    return {row["content"] for row in rows if row["alg"] == "SHA-256"}


def test_every_component_has_the_hashes_of_the_lock_file(bill):
    for component in bill["components"]:
        if component["name"] != FRONT_END:
            entry = re.search(rf"^{component['name']}==(?:.*\\\n)*.*", (ROOT / LOCK).read_text(), re.MULTILINE)
            assert entry
            assert hashes(component) == set(re.findall(r"sha256:([0-9a-f]{64})", entry[0]))
            assert hashes(component)


def test_htmx_has_the_hash_of_the_file_that_is_bundled(bill):
    (component,) = (one for one in bill["components"] if one["name"] == FRONT_END)
    vendored = ROOT / "static" / "vendor" / "htmx.min.js"
    assert hashes(component) == {hashlib.sha256(vendored.read_bytes()).hexdigest()}


def test_the_bill_says_what_depends_on_what(bill):
    """From our own code every component is reached."""
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    reached, waiting = set(), [bill["metadata"]["component"]["bom-ref"]]
    while waiting:
        reached.add(here := waiting.pop())
        waiting += [one for one in needs[here] if one not in reached]
    assert reached == {bill["metadata"]["component"]["bom-ref"], *(one["bom-ref"] for one in bill["components"])}


def test_the_bill_is_the_same_again(bill):
    assert json.dumps(bom()) == json.dumps(bill)


def test_what_pyproject_names_is_what_is_depended_on():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert set(direct()) == {re.split(r"[^\w-]", one)[0] for one in wanted} | {FRONT_END}


# Licences ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", delivered(), ids=lambda one: one.name)
def test_what_is_delivered_has_a_known_and_permissive_licence(one):
    assert one.licences <= PERMISSIVE.keys()


@pytest.mark.parametrize("one", [one for one in delivered() if one.name != FRONT_END], ids=lambda one: one.name)
def test_its_licence_file_says_the_same(one):
    """The text of a licence, by words that no other of those known has."""
    words = {
        "Apache-2.0": r"Apache License\s+Version 2\.0|apache\.org/licenses/LICENSE-2\.0",
        "BSD-2-Clause": r"2-clause BSD|BSD-2-Clause",
        "BSD-3-Clause": r"Neither the name|names? of (its|the) (copyright holder|contributors)|endorse or promote",
        "MIT": r"The above copyright notice and this permission notice shall be included",
        "MIT-0": r"Permission is hereby granted, free of charge",
        "ZPL-2.1": r"Zope Public License \(ZPL\) Version 2\.1",
    }
    named = [path for path in files(one.name) or [] if re.search(r"licen[cs]e|notice|copying", path.name, re.IGNORECASE)]
    texts = "\n".join(path.read_text() for path in named)
    for licence in one.licences:
        assert re.search(words[licence], texts), licence


def test_an_unknown_licence_is_not_passed_over(monkeypatch):
    class Told(dict):
        def get_all(self, name, default):
            return default

    monkeypatch.setattr("tests.supply.runtime.metadata", lambda name: Told())
    with pytest.raises(LookupError, match="not known"):
        _licence("flask")


def test_our_own_licence_is_in_the_archive():
    assert "MIT License" in (ROOT / "LICENSE").read_text()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "MIT"


# Requirements -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_no_requirement_comes_from_an_address_or_a_folder(name):
    for line in (ROOT / name).read_text().splitlines():
        text = line.split("#")[0] if not line.lstrip().startswith("--hash") else line
        assert not re.search(r"://| @ |git\+|^\s*-(e|r|c|i|f)\b|--(editable|index|extra|find|trusted|no-binary)", text), line


@pytest.mark.parametrize("name", [name for name in REQUIREMENTS if name.endswith(".txt")])
def test_every_requirement_has_its_hashes(name):
    entries = [one for one in re.split(r"\n(?=\S)", (ROOT / name).read_text().strip()) if not one.startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[^\s;]+", entry), entry[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:60]


@pytest.mark.parametrize("name", [name for name in REQUIREMENTS if name.endswith(".in")])
def test_every_requirement_that_is_locked_from_is_one_version(name):
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==[0-9][\w.]*( ;.*)?$", line) for line in lines)


# Built twice ------------------------------------------------------------------------------------------------------


def built(folder, **variables):
    """The wheel and the sdist that *folder* builds to, by name, and their bytes."""
    environ = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"} | variables
    command = [sys.executable, "-m", "hatchling", "build", "-d", "dist"]
    subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True, timeout=120)
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


@pytest.mark.slow
def test_wheel_and_sdist_are_built_again_to_the_byte(tmp_path):
    """In another folder, by another umask and at another time."""
    first = shutil.copytree(ROOT, tmp_path / "one", ignore=shutil.ignore_patterns(*MADE))
    second = shutil.copytree(ROOT, tmp_path / "elsewhere" / "two", ignore=shutil.ignore_patterns(*MADE))
    for path in second.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700 if path.is_dir() else path.stat().st_mode & 0o777 & ~0o044)
    epoch = {"SOURCE_DATE_EPOCH": "1767225600"}
    made, again = built(first, **epoch), built(second, **epoch)
    assert sorted(Path(name).suffix for name in made) == [".gz", ".whl"]
    assert made.keys() == again.keys()
    for name, data in made.items():
        assert hashlib.sha256(again[name]).hexdigest() == hashlib.sha256(data).hexdigest(), name


# Rules of security ------------------------------------------------------------------------------------------------

SOURCES = sorted(path for folder in ("app", "tests") for path in (ROOT / folder).rglob("*.py"))


def exceptions():
    """Every line that is excused from a rule of security, by ruff or by bandit."""
    for path in (*SOURCES, ROOT / "hatch_build.py"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"#\s*(noqa: .*\bS\d{3}|nosec\b)", line):
                yield f"{path.relative_to(ROOT)}:{number}", line


def test_every_exception_from_a_rule_of_security_has_its_rule_and_its_reason():
    found = [(place, line) for place, line in exceptions() if place != "tests/test_supply_chain.py"]
    for place, line in found:
        assert not re.search(r"nosec(?! B\d{3})", line), f"{place}: which rule?"
        assert re.search(r"[SB]\d{3}\s+(- |# )\w.{12,}$", line), f"{place}: why?"


def test_every_rule_of_security_that_is_left_out_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text()
    lines = [line for line in text.splitlines() if re.search(r'"[SB]\d{3}"', line)]
    assert lines
    for line in lines:
        assert re.search(r'"[SB]\d{3}",? # \w.{12,}', line), line


def test_the_linters_look_for_what_is_insecure():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert "S" in settings["ruff"]["lint"]["select"]
    assert re.search(r"^\t\$\(BIN\)/bandit .*\bapp\b", (ROOT / "Makefile").read_text(), re.MULTILINE)
