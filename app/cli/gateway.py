"""gateway: answer a proxy that asks about each request; gateway check: judge one request and say why."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import click

from app import gateway as gate
from app import tokens
from app.cli import options, screen, sources, voice
from app.cli.environment import Setting, settings_with
from app.cli.voice import Refused, examples
from app.gateway import facts, words
from app.health import url
from app.settings import PREFIX, Network, read_host, read_networks, read_port
from app.tokens.findings import quoted

PORT = 8081
ALLOWED, DENIED, NOT_JUDGED = 0, 1, 2
_SOURCES = ("x-original", "x-forwarded", "path")
_PROFILES = ("nginx", "traefik", "envoy")
_MOST_WORKERS = 64
_STDOUT = 1
_TONES = {"passed": "good", "failed": "bad", "warned": "warn", "not_checked": "idle"}
_WIDEST_NAME = 24
_SERVED = (
    "jwtlens gateway --policy policy.json --key orders=secret.txt",
    "jwtlens gateway --policy policy.json --source x-forwarded --workers 2 --log decisions.jsonl",
)
_CHECKED = (
    "jwtlens gateway check --policy policy.json --request request.txt",
    "jwtlens gateway check --policy policy.json --request - --json < request.txt",
)


def _policy_options(verb: options.Verb) -> Any:
    """The policy, and the keys that it only names."""
    said = "The policy as JSON; the page /gateway writes one."
    verb = click.option("--key-env", "variables", metavar="NAME=VARIABLE", multiple=True, help="The same from an environment variable.")(
        verb
    )
    named = "The key that the policy calls NAME, a secret or a URL, from a file; may be repeated."
    verb = click.option("--key", "files", metavar="NAME=FILE", multiple=True, help=named)(verb)
    return click.option("--policy", "policy", metavar="FILE", type=options.FILE, help=said)(verb)


@click.group(invoke_without_command=True, short_help="Answer a proxy that asks about each request.", epilog=examples(*_SERVED))
@_policy_options
@click.option("--host", type=Setting("host", read_host), help="Where to listen  [default: 127.0.0.1]")
@click.option("--port", type=Setting("port", read_port), help=f"0 takes any free port  [default: {PORT}]")
@click.option(
    "--source",
    type=click.Choice(_SOURCES),
    default="x-original",
    show_default=True,
    help="Where the proxy says method and address: X-Original-Method and -URI, X-Forwarded-Method and -Uri, or the path behind /auth.",
)
@click.option(
    "--profile",
    type=click.Choice(_PROFILES),
    default="nginx",
    show_default=True,
    help="Which statuses the proxy passes on; nginx knows 200, 401 and 403, the others 400 and 503 as well.",
)
@click.option(
    "--trusted-proxy",
    "proxies",
    metavar="CIDR",
    type=Setting("network", read_networks),
    multiple=True,
    help="From where may be asked; may be repeated  [default: JWTLENS_TRUSTED_PROXIES, or this machine]",
)
@click.option(
    "--refresh", metavar="SECONDS", type=click.IntRange(10, 86_400), default=300, help="How often key sets are fetched.", show_default=True
)
@click.option("--workers", type=click.IntRange(1, _MOST_WORKERS), default=1, show_default=True, help="Processes that share the port.")
@click.option("--log", metavar="FILE", default="-", show_default=True, help="Where the decisions go, as JSON lines; off for nowhere.")
@click.pass_context
def gateway(
    context: click.Context,
    policy: str | None,
    files: tuple[str, ...],
    variables: tuple[str, ...],
    host: str | None,
    port: int | None,
    source: str,
    profile: str,
    proxies: tuple[tuple[Network, ...], ...],
    refresh: int,
    workers: int,
    log: str,
) -> None:
    """Answer a proxy that asks about each request: nginx auth_request, Caddy, Traefik or HAProxy.

    The proxy asks /auth with the headers of the request. The answer is 200 with the claims as headers, 401 or 403, and has no body.
    Whatever goes wrong denies. What a policy can say, and how each proxy is set up to ask, is on the page /gateway of jwtlens serve.

    Nothing is kept between requests, so any number of copies with one policy can stand behind a load balancer. In nginx:

    \b
      upstream jwtlens {
        server 10.0.0.1:8081;
        server 10.0.0.2:8081;
        keepalive 32;
      }

    Each of these listens with --host 10.0.0.1, or its own address, and knows the proxy by --trusted-proxy.

    SIGHUP reads policy and keys anew and drops no request; a policy that is broken leaves the old one in use. SIGTERM finishes what was
    begun. Key sets are fetched in the background, and the old keys stay when that fails. /healthz, /readyz and /metrics are for the
    operator: let nobody else reach this port.

    The log has a line of JSON for each decision, with iss and sub of a token whose signature was verified, and never a token or a path.
    """
    if context.invoked_subcommand is not None:
        if policy is not None or files or variables:
            raise Refused(
                "the options stand before the verb", f"write them behind: jwtlens gateway {context.invoked_subcommand} --policy FILE"
            )
        return
    if policy is None:
        raise Refused("there is no policy", "give it with --policy FILE; the page /gateway of jwtlens serve helps to write one")
    settings = settings_with(host=host, port=port if port is not None or f"{PREFIX}PORT" in os.environ else PORT)
    gc.disable()  # until the server keeps what it has made: it would be looked through at every step
    # Flask and waitress wait until they are wanted: `jwtlens --help` is not to load them.
    from app import server
    from app.server import gateway as serving

    def load() -> tuple[gate.Policy, Mapping[str, tokens.Keys]]:
        try:
            read = _read(_text(policy, "policy"))
            return read, _given(read, files, variables)
        except Refused as error:
            raise serving.CannotLoad(error.message, error.hint) from None

    if sources.STDIN in (policy, *(one.rpartition("=")[2] for one in files)):
        raise Refused("standard input cannot be read again on SIGHUP", "give policy and keys by their files")

    def announce(port: int) -> None:
        screen.write(f"jwtlens answers at {url(settings.host, port)}/auth", err=True)
        sys.stderr.flush()

    trusted = tuple(network for one in proxies for network in one) or settings.trusted_proxies or serving.LOOPBACK
    service = serving.Service(load, _tell, settings, serving.Options(source, profile, trusted), float(refresh), _descriptor(log))
    try:
        serving.serve(service, workers, announce)
    except (server.CannotServe, serving.CannotLoad) as error:
        raise Refused(str(error), error.hint) from None


@gateway.command(epilog=examples(*_CHECKED))
@_policy_options
@click.option(
    "--request", "path", metavar="FILE", type=options.FILE, help="The request: its first line, its headers, an empty line, its body."
)
@click.option("--at", metavar="TIME", type=options.Moment(), help="Judge as of this time: seconds since 1970 or 2026-01-31T12:00:00Z.")
@options.as_json
@options.colour
def check(
    policy: str | None,
    files: tuple[str, ...],
    variables: tuple[str, ...],
    path: str | None,
    at: int | Decimal | None,
    as_json: bool,
    colours: bool | None,
) -> int:
    """Judge one request by a policy, and say what each rule makes of it.

    Nothing is fetched: keys that the policy names by their URL are given with --key URL=FILE. The exit status is 0 when the request is
    allowed, 1 when it is denied, and 2 when it cannot be judged.
    """
    here = screen.here(colours)
    if policy is None:
        raise Refused("there is no policy", "give it with --policy FILE")
    if path is None and not sources.is_piped():
        raise Refused("there is no request", "give it with --request FILE, or through a pipe")
    text = _text(policy, "policy")
    asked = _text(path or sources.STDIN, "request")
    if not asked.strip():
        raise Refused("there is no request: nothing came to read", "give its first line, its headers, an empty line and its body")
    try:
        read = gate.read_policy(text)
    except gate.Unfit as error:
        if as_json:
            screen.say_json(json.dumps(facts.undecided(error.problems)), here)
        raise _unfit(error) from None
    moment = int(time.time()) if at is None else int(at)
    decision = gate.decide(read, gate.read_request(asked), _given(read, files, variables), moment)
    if as_json:
        screen.say_json(json.dumps(facts.facts(decision)), here)
    else:
        screen.say(_told(decision, here), here)
    if decision.allowed:
        return ALLOWED
    if decision.denials and decision.denials[0].layer == "keys":
        voice.error("keys of the policy are missing, so nothing is verified", "give them with --key NAME=FILE")
        return NOT_JUDGED
    return DENIED


def _text(path: str, name: str) -> str:
    return sources.text(None, path, name) or ""


def _read(text: str) -> gate.Policy:
    try:
        return gate.read_policy(text)
    except gate.Unfit as error:
        raise _unfit(error) from None


def _unfit(error: gate.Unfit) -> Refused:
    first, *others = error.problems
    more = (
        f"then look at {', '.join(one.path or 'the policy' for one in others)}"
        if others
        else "the page /gateway shows what a policy can say"
    )
    return Refused(f"the policy cannot be used: {first.message}", more)


def _given(policy: gate.Policy, files: Iterable[str], variables: Iterable[str]) -> dict[str, tokens.Keys]:
    """The keys of the options by the names that *policy* has for them."""
    found: dict[str, tokens.Keys] = {}
    for text, is_file in (*((one, True) for one in files), *((one, False) for one in variables)):
        name = max((one for one in policy.references if text.startswith(f"{one}=")), key=len, default=None)
        if name is None:
            known = ", ".join(f'"{quoted(one)}"' for one in policy.references)
            raise Refused("a key is given by a name that the policy does not have", f"the policy names {known or 'no key'}")
        if name in found:
            raise Refused(f'the key "{quoted(name)}" is given twice', "give it once")
        place = text[len(name) + 1 :]
        found[name] = sources.keys(place if is_file else None, None if is_file else place)
        if not found[name].keys:
            raise Refused(f'the key "{quoted(name)}" cannot be read', voice.voice(found[name].problem))
    return found


def _descriptor(log: str) -> int | None:
    """Where the decision log is written to."""
    if log == "off":
        return None
    if log == "-":
        return _STDOUT
    try:
        return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError:
        raise Refused("the file of the log cannot be written", "check the folder and its permissions") from None


def _tell(kind: str, message: str) -> None:
    voice.note(kind, message)


def _told(decision: gate.Decision, here: screen.Screen) -> Iterator[str]:
    """The answer, then every rule, then what the API behind the gateway gets."""
    phrase = "Allowed" if decision.allowed else HTTPStatus(decision.status).phrase
    yield here.verdict("good" if decision.allowed else "bad", f"{decision.status} {phrase}")
    yield f"  {here.wrapped(words.because(decision), 2)}"
    if decision.www_authenticate:
        yield f"  {here.wrapped(f'WWW-Authenticate: {decision.www_authenticate}', 2)}"
    for title, rules in words.groups(decision):
        yield from ("", here.heading(title))
        names = [f"{'  ' * rule.depth}{rule.name}" for rule in rules]
        column = min(_WIDEST_NAME, max(map(len, names)))
        for name, rule in zip(names, rules, strict=True):
            tone = _TONES[rule.outcome] if rule.decides or rule.outcome != "failed" else "idle"
            spec = f" ({rule.spec.replace(' ', screen.UNBROKEN)})" if rule.spec else ""
            yield here.row(tone, name, f"{words.word(rule)}: {rule.because}{spec}", column)
    if decision.upstream:
        yield from ("", here.heading("What the API gets"))
        for name, value in decision.upstream:
            yield here.row("idle", name, value or "empty, so that no other value stands there")
