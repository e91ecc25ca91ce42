"""The files for servers, as the page on deployment shows them."""

from __future__ import annotations

from app.web.assets import deploy_folder


def files() -> dict[str, dict[str, str]]:
    """Return the text of each file by its name."""
    return {"files": {path.name: path.read_text("utf-8").strip() for path in sorted(deploy_folder().iterdir()) if path.suffix != ".md"}}
