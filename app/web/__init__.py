"""The web room: the only one that knows Flask."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from flask import Flask
from flask.templating import Environment

from app.settings import Settings
from app.web import api, debugger, errors, fetching, forms, gateway, keyring, learn, libraries, out, pages, present, presenting, reading
from app.web.assets import asset, integrity, serve_static, templates_folder
from app.web.respond import compress
from app.web.security import MAX_BODY, protect


class _Environment(Environment):
    """Jinja's, whose templates have the same names to begin with: to look each up in two places takes a key press thirty steps."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **d} if d else self.globals


class _Application(Flask):
    """Flask, with every template escaped and no exception text in any log."""

    jinja_environment = _Environment

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        return True

    def log_exception(self, exc_info: object) -> None:
        errors.log_discreetly(exc_info)


def create_app(settings: Settings) -> Flask:
    """Make the application; its `wsgi_app` is guarded and serves the built front end."""
    app = _Application("app.web", template_folder=str(templates_folder()), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals.update(asset=asset, integrity=integrity, version=_version())
    _add_components(app)
    fetching.install(app, settings)
    for room in (debugger, presenting, fetching, gateway, keyring, learn, libraries, out, pages, reading, api):
        app.register_blueprint(room.blueprint)
    errors.register(app)
    app.before_request(forms.refuse_keys_in_address)
    app.after_request(compress)
    app.wsgi_app = protect(serve_static(app.wsgi_app), settings)  # type: ignore[assignment, method-assign]
    return app


def _add_components(app: Flask) -> None:
    """Make the macros once; a template that imports them makes them anew with every answer.

    In this order: a macro sees the ones that were there before it.
    """
    for name in ("spec", "icon", "statement", "rows", "mend", "checks", "copy", "code", "switch", "finder", "policy_rows"):
        module = app.jinja_env.get_template(f"components/{name}.html").module
        app.jinja_env.globals.update({key: value for key, value in vars(module).items() if not key.startswith("_")})
        if name == "spec":
            link = cast(Callable[[str, str], str], app.jinja_env.globals["spec"])
            # There are as many as there are rules, and each answer names twenty of them.
            app.jinja_env.globals["spec"] = cache(partial(_link, link))


def _link(link: Callable[[str, str], str], label: str) -> str:
    return link(label, present.spec_url(label))


def _version() -> str:
    try:
        return version("jwtlens")
    except PackageNotFoundError:
        return "from source"
