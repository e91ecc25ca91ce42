"""Help that is true: an example for each verb, in ASCII; the man page and the completion are made of it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import click
import pytest

from app.cli import main, manual
from app.cli.command import VERBS, jwtlens


def commands(group=jwtlens, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example_and_is_ascii(run, path):
    done = run(*path, "--help")
    assert done.status == 0
    assert done.out.isascii()
    example = done.out.partition("Example:\n")[2]
    assert f"jwtlens {' '.join(path)}" in example


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_example_has_only_options_that_are_there(path):
    for line in (COMMANDS[path].epilog or "").splitlines()[2:]:
        for part in re.split(r"\||&&|>>|[<>]", line):
            words = shlex.split(part)
            if "jwtlens" not in words:
                continue
            named = words[words.index("jwtlens") + 1 :]
            verb = next(one for length in (2, 1) if (one := tuple(named[:length])) in COMMANDS)
            with COMMANDS[verb].make_context(verb[-1], named[len(verb) :]) as context:
                assert not context.args


def test_every_option_is_explained():
    for command in COMMANDS.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.help, parameter.name
                assert parameter.help.endswith((".", "]")), parameter.help


def test_the_man_page_has_every_verb_option_and_status():
    page = manual.page().replace("\\-", "-")
    for path, command in COMMANDS.items():
        assert f"jwtlens {' '.join(path)}" in page
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[0] in page
    assert "could not be judged" in page
    assert "JWTLENS_FETCH_HOSTS" in page
    assert "--secret" not in page
    assert page.isascii()


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff")
def test_the_man_page_is_sound_roff():
    done = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-z"], input=manual.page(), capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("jwtlens ver", "plain,verify"),
        ("jwtlens verify --iss", "plain,--issuer"),
        ("jwtlens verify --profile id", "plain,id-token"),
        ("jwtlens verify --alg ES2", "plain,ES256"),
        ("jwtlens keys generate ML-DSA-6", "plain,ML-DSA-65"),
        ("jwtlens verify --key-file priv", "file,priv"),
    ],
)
def test_the_shell_completes(monkeypatch, capsys, words, completed):
    monkeypatch.setenv("_JWTLENS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    with pytest.raises(SystemExit):
        main([])
    assert completed in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_learns_to_complete(run, shell):
    done = run("completion", shell)
    assert done.status == 0
    assert "_JWTLENS_COMPLETE" in done.out


def test_the_list_of_verbs_is_what_there_is(run):
    out = run("--help").out
    for verb in VERBS:
        assert re.search(rf"^  {verb}  +\S", out, re.MULTILINE), verb


@pytest.mark.parametrize(
    "line",
    [
        "serve --port 65536",
        "serve --host http://x",
        "gateway --port x",
        "verify --at tomorrow x.y.z",
        "verify --profile nope x.y.z",
        "decode --nope",
        "keys generate nope",
        "audit x --workers -1",
        "nope",
    ],
)
def test_a_wrong_option_is_no_verdict(run, line):
    done = run(*line.split())
    assert done.status == 2
    assert done.errors[0].startswith("jwtlens: error: ")
