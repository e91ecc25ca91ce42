"""/libraries: which library does what, and code for each that has been tried here. Nothing of a person is in their addresses."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from app.web import directory, libraries_page
from app.web.errors import Refused
from app.web.respond import answer

blueprint = Blueprint("libraries", __name__)


@blueprint.get("/libraries")
def libraries() -> Response:
    asked = directory.choice(request.args.get("language", ""), request.args.get("algorithm", ""), request.args.getlist("has"))
    return answer(libraries_page.page_of(*asked), ("notice", "listed"), "libraries")


@blueprint.get("/libraries/<name>")
def library(name: str) -> Response:
    row = directory.libraries().get(name)
    if row is None:
        raise Refused(404, "not_found", "There is no such library here.", "All that are known stand at /libraries.")
    shown = libraries_page.library_page(row, request.args.get("algorithm", ""), request.args.get("key_form", ""), int(time.time()))
    return answer(shown, ("notice", "library_code") if shown.code else ("notice",), "library")
