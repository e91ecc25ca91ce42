"""The settings of the environment, as a verb takes them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from app.cli.voice import Refused
from app.settings import BadSetting, Settings, from_environment


class Setting(click.ParamType[Any]):
    """An option that reads what the environment variable of the same name reads."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self.read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.read(value)
        except BadSetting as error:
            raise Refused(str(error), error.hint) from None


def settings_with(**options: Any) -> Settings:
    """Return the environment's settings, where an option that was given wins."""
    try:
        settings = from_environment(os.environ)
    except BadSetting as error:
        raise Refused(str(error), error.hint) from None
    return replace(settings, **{name: value for name, value in options.items() if value is not None})
