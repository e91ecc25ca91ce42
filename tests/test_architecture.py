"""The import law: which room may import which, and which room may use which library."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"

# A room is a package or a module directly under app/. The rule is this table; the tests are its guard.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"cli"},
    "settings": set(),
    "health": {"settings"},
    "tokens": set(),
    "gateway": {"tokens"},
    "forwardauth": {"tokens", "gateway", "keyfetch", "settings"},
    "audit": {"tokens", "reports"},
    "snippets": {"tokens"},
    "keyfetch": {"tokens"},
    "reports": {"tokens", "keyfetch"},
    "web": {"tokens", "gateway", "snippets", "keyfetch", "reports", "settings"},
    "server": {"web", "forwardauth", "settings"},
    "cli": {"tokens", "gateway", "audit", "snippets", "keyfetch", "reports", "settings", "health", "server"},
}
MAY_USE: dict[str, set[str]] = {
    "tokens": {"cryptography"},
    "gateway": {"yaml"},
    "forwardauth": {"prometheus_client"},
    "audit": {"zstandard", "jinja2", "distributed"},
    "snippets": {"jinja2"},
    "web": {"flask", "jinja2", "markupsafe", "werkzeug", "whitenoise"},
    "server": {"waitress"},
    "cli": {"click"},
}
# The core has no clock, no chance and no network: time and randomness that decide a result are arguments.
BANNED_IN_CORE = {"time", "random", "socket", "ssl", "http", "urllib.request", "subprocess", "asyncio", "logging"}
CLOCKS = {"now", "utcnow", "today"}
FILES = sorted(APP.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


MODULES = {module_name(path): path for path in FILES}


def imports(path: Path, *, nested: bool = True) -> Iterator[str]:
    """Name every module that *path* imports, relative ones resolved; nested are those in functions and for types only."""
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree) if nested else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module_name(path).split(".")
            package = package if path.name == "__init__.py" else package[:-1]
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{source}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else source for name in names)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_it_imports_only_what_its_room_may(path: Path):
    here = room(module_name(path))
    assert here in MAY_IMPORT, f"{here} is a new room: say in the table what it may import"
    rooms = {room(name) for name in imports(path) if name == "app" or name.startswith("app.")}
    assert rooms <= MAY_IMPORT[here] | {here, "__init__"}


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_it_uses_only_the_libraries_of_its_room(path: Path):
    libraries = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"app", "_typeshed"}
    assert libraries <= MAY_USE.get(room(module_name(path)), set())


@pytest.mark.parametrize("path", sorted((APP / "tokens").rglob("*.py")), ids=module_name)
def test_the_core_has_no_clock_no_chance_and_no_network(path: Path):
    assert not [name for name in imports(path) if any(f"{name}.".startswith(f"{bad}.") for bad in BANNED_IN_CORE)]
    calls = [node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
    assert not [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS]


def test_no_import_goes_in_a_circle():
    graph = {
        name: {target for target in imports(path, nested=False) if target in MODULES and target != name} for name, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", ["app", "app.settings", "app.tokens", "app.reports.facts", "app.reports.statements", "app.cli"])
def test_it_loads_no_framework(module: str):
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"flask", "werkzeug", "jinja2", "waitress", "whitenoise"} & set(loaded.stdout.split())


# What opens a connection: to elsewhere one file of keyfetch, to itself the health check. The server only listens.
CONNECTS = {"app.keyfetch.connection", "app.health", "app.server.listening", "app.server.channel"}


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_only_one_file_opens_a_connection_to_elsewhere(path: Path):
    openers = ("socket", "http.client", "urllib.request", "asyncio", "ftplib", "smtplib", "xmlrpc", "socketserver")
    used = [name for name in imports(path) if any(f"{name}.".startswith(f"{opener}.") for opener in openers)]
    assert not used or module_name(path) in CONNECTS
