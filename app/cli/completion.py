"""completion: the shell knows the verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from app.cli import screen
from app.cli.voice import examples

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
_EXAMPLES = ("jwtlens completion bash >> ~/.bashrc", "jwtlens completion fish > ~/.config/fish/completions/jwtlens.fish")


@click.command(short_help="Teach the shell verbs and options.", epilog=examples(*_EXAMPLES))
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes the Tab key complete verbs and options in a shell."""
    made = _SHELLS[shell](ctx.find_root().command, {}, "jwtlens", "_JWTLENS_COMPLETE")
    screen.write(made.source_template % made.source_vars())
