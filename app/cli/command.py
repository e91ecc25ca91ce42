"""The group of all verbs, and how the command ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from app.cli import screen, voice

VERBS = ("decode", "verify", "encode", "decrypt", "keys", "serve", "gateway", "audit", "healthcheck", "completion")
_LONGEST_REPEATED = 16


class Verbs(click.Group):
    """A group that loads the file of a verb when somebody asks for it: --help is not to load Flask, nor healthcheck the core."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"app.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="jwtlens", message="jwtlens %(version)s")
def jwtlens() -> None:
    """Decode, verify, edit and sign JSON Web Tokens on your own machine.

    \b
    exit status   0  read, accepted, made
                  1  not accepted, not decrypted
                  2  could not be judged: no key, nothing to read, a wrong option
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        result = jwtlens.main(given, prog_name="jwtlens", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        screen.write(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        voice.error(_discreet(error.format_message(), given), getattr(error, "hint", "") or _help(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except OSError:
        screen.be_quiet(sys.stdout)
        voice.error("what was asked for cannot be written", "check where the output goes, and whether there is room")
        return 2
    except Exception as error:  # noqa: BLE001  # the text of an exception may hold a token
        voice.error(f"this should not have happened: {_where(error)}", "report it with this line, and without the token")
        return 2
    return result if isinstance(result, int) else 0


def _where(error: Exception) -> str:
    """Which exception came from where, and nothing of what it says."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def _help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'jwtlens'} --help lists what there is"


def _discreet(message: str, given: list[str]) -> str:
    """*message* without the arguments it repeats: a long one may be a token or a key."""
    for one in sorted({word for argument in given for word in (argument, argument.partition("=")[2])}, key=len, reverse=True):
        if len(one) >= _LONGEST_REPEATED:
            message = message.replace(one, "…")
    return message
