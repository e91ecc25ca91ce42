"""What is delivered: the wheel, the image, the locked dependencies and the commands that make them."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 120
MADE = (".*_cache", ".git", ".hypothesis", ".venv", "__pycache__", "dist", "node_modules", "vendor", "*.egg-info")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def run(*command: object, folder: Path = ROOT, **variables: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environ | variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Locked dependencies ----------------------------------------------------------------------------------------------

LOCKS = ("requirements.txt", "requirements-test.txt", "package-lock.json")
LOCKS_OF_SNIPPETS = ("tests/snippets/requirements.txt", "tests/snippets/package-lock.json")


@pytest.mark.parametrize(
    "name",
    [*LOCKS, LOCKS_OF_SNIPPETS[0], "package.json", ".npmrc", "pyproject.toml", "Makefile", "Dockerfile", ".ci/run", "hatch_build.py"],
)
def test_no_file_names_a_registry(name: str):
    text = (ROOT / name).read_text()
    assert not re.search(r"index-url|find-links|registry\s*=|resolved\b\"|://(?!127\.0\.0\.1)", text)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt", LOCKS_OF_SNIPPETS[0]])
def test_every_requirement_is_pinned_with_its_hashes(name: str):
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    assert len(entries) > 5
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[0-9][^\s;]*( ;.*)? \\\n", entry), entry
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize("name", [LOCKS[2], LOCKS_OF_SNIPPETS[1]])
def test_every_npm_package_is_pinned_with_its_hash(name: str):
    packages = json.loads((ROOT / name).read_text())["packages"]
    del packages[""]
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in packages.values())


def test_the_page_gets_the_htmx_that_it_was_made_for():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert packages["node_modules/htmx.org"]["version"] == "4.0.1"


def test_the_tests_run_on_the_versions_that_are_delivered():
    pins = [set(re.findall(r"^([a-z0-9-]+==[^\s;]+)", (ROOT / name).read_text(), re.MULTILINE)) for name in LOCKS[:2]]
    assert pins[0] <= pins[1]


# The front end ----------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT, tmp_path / "copy", ignore=shutil.ignore_patterns(*MADE))


needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not there; the build would bring its own")


@pytest.mark.slow
@needs_npm
def test_two_builds_are_the_same_to_the_byte(copy: Path):
    built = copy / "static" / "built"
    contents = []
    for _ in range(2):
        shutil.rmtree(built, ignore_errors=True)
        hatch_build.build(copy)
        contents.append({path.name: path.read_bytes() for path in built.iterdir()})
    assert contents[0] == contents[1]


@pytest.mark.slow
@needs_npm
def test_another_htmx_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hatch_build, "HTMX_SHA256", "0" * 64)
    with pytest.raises(hatch_build.BuildError, match="not the file this project was tested with"):
        hatch_build.build(copy)


@pytest.mark.slow
@needs_npm
def test_a_package_that_is_not_the_locked_one_is_refused(copy: Path):
    lock = copy / "package-lock.json"
    packages = json.loads(lock.read_text())
    packages["packages"]["node_modules/htmx.org"]["integrity"] = "sha512-" + "A" * 86 + "=="
    lock.write_text(json.dumps(packages))
    with pytest.raises(hatch_build.BuildError, match="EINTEGRITY"):
        hatch_build.build(copy)


@pytest.mark.parametrize("name", ["static/css/index.css", "static/js/main.js", "static/icons.svg", "package-lock.json", "hatch_build.py"])
def test_a_change_to_a_source_makes_the_build_stale(copy: Path, name: str):
    assert hatch_build.is_fresh(copy)
    with (copy / name).open("a") as source:
        source.write("\n")
    assert not hatch_build.is_fresh(copy)


def test_a_damaged_build_is_stale(copy: Path):
    built = copy / "static" / "built"
    name = json.loads((built / "manifest.json").read_text())["main.js"]
    (built / name).write_text("")
    assert not hatch_build.is_fresh(copy)
    (built / name).unlink()
    assert not hatch_build.is_fresh(copy)


@pytest.mark.parametrize(("npm", "fresh", "wanted"), [(True, False, []), (False, True, []), (False, False, [hatch_build.NODE])])
def test_node_is_asked_for_only_when_it_is_needed(monkeypatch: pytest.MonkeyPatch, npm: bool, fresh: bool, wanted: list[str]):
    monkeypatch.setattr("hatch_build.shutil.which", lambda name: "/bin/npm" if npm else None)
    monkeypatch.setattr(hatch_build, "is_fresh", lambda root: fresh)
    hook = object.__new__(hatch_build.get_build_hook())
    monkeypatch.setattr(type(hook), "root", str(ROOT))
    assert hook.dependencies() == wanted


# The wheel --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_wheel_carries_what_it_serves_and_works_from_any_folder(copy: Path, tmp_path: Path):
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, folder=copy)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("app/static/built/manifest.json"))
    assert {"app/cli/__init__.py", "app/templates/base.html", "app/snippets/results.json", "app/snippets/libraries/pyjwt.toml"} <= names
    for made in manifest.values():
        assert {f"app/static/built/{made}", f"app/static/built/{made}.gz"} <= names
    assert all(name.startswith(("app/", "jwtlens-")) for name in names)
    assert not [name for name in names if name.startswith("app/static/") and not name.startswith("app/static/built/")]

    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    # The virtual environment of the tests has no pip of its own: the one it was made with has.
    base = getattr(sys, "_base_executable", sys.executable)
    pip = (base, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.txt", folder=tmp_path)
    run(*pip, "--no-deps", wheel, folder=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert run(python.with_name("jwtlens"), "--version", folder=elsewhere) == f"jwtlens {VERSION}\n"
    with serving([str(python.with_name("jwtlens")), "serve"], elsewhere) as port:
        page = get(port, "/")
        assert f"/static/built/{manifest['index.css']}" in page
        assert "light-dark(" in get(port, f"/static/built/{manifest['index.css']}")
        assert "window.htmx" in get(port, f"/static/built/{manifest['main.js']}")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.slow
def test_the_source_archive_builds_a_wheel_without_npm(copy: Path, tmp_path: Path):
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, folder=copy)
    (sdist,) = tmp_path.glob("*.tar.gz")
    run("tar", "-xzf", sdist, folder=tmp_path)
    (source,) = tmp_path.glob("jwtlens-*/")
    assert (source / "tests").is_dir()
    assert hatch_build.is_fresh(source)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, folder=source, PATH="/nowhere")
    assert list(tmp_path.glob("*.whl"))


# The image --------------------------------------------------------------------------------------------------------


def instructions(name: str) -> list[str]:
    return re.findall(rf"^(?:HEALTHCHECK .*)?{name} (.*)$", DOCKERFILE.replace("\\\n", " "), re.MULTILINE)


def test_the_dockerfile_has_no_lint():
    run(Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile")


def test_every_file_that_the_image_copies_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in instructions("COPY"):
        if line.startswith("--from"):
            continue
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert f"!/{source}" in ignored, source


def test_the_image_runs_as_nobody_in_particular():
    assert instructions("USER") == ["65532:65532"]
    assert not re.search(r"^(ADD|ARG) |latest|curl|wget|sudo", DOCKERFILE, re.MULTILINE)
    assert all(re.match(r"python:3\.\d+-slim-\w+( AS \w+)?$", image) for image in instructions("FROM"))


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[int]:
    """Run *command* as the image does, told its port by the environment, until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environ = os.environ | {"JWTLENS_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout
            assert process.stdout.readline().endswith(f":{port}\n")
            yield port
            process.terminate()
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("GET", path)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    assert response.status == 200, path
    return text


def test_the_commands_of_the_image_work():
    health, serve = (json.loads(command) for command in instructions("CMD"))
    assert health[0] == serve[0] == "python"
    with serving([sys.executable, *serve[1:]], ROOT) as port:
        assert get(port, "/healthz") == "ok"
        assert run(sys.executable, *health[1:], JWTLENS_PORT=str(port), JWTLENS_HOST="0.0.0.0") == "ok\n"


# The commands -----------------------------------------------------------------------------------------------------


def test_make_help_lists_what_the_readers_are_told_to_use():
    text = run("make", "--no-print-directory", "help")
    assert set(re.findall(r"^  make (\w+)", text, re.MULTILINE)) >= {"help", "run", "test", "bench", "assets", "screenshot", "clean"}


def test_continuous_integration_runs_the_tests():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
