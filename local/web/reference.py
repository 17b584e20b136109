"""The API's reference: the contract in Swagger UI, where every call can be tried as each person of the demo."""

from importlib.resources import as_file, files
from typing import Any

import yaml
from flask import Blueprint, Response, make_response, render_template, send_from_directory

from functions import ROOT
from web import policy
from web.site import site

FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in Python alone, it takes seconds

pages = Blueprint("reference", __name__, url_prefix="/docs")


@pages.get("")
def reference() -> Response:
    response = make_response(render_template("reference.html", people=site().people()))
    response.headers["Content-Security-Policy"] = policy.console(site().api_url)
    return response


@pages.get("/openapi.json")
def contract() -> dict[str, Any]:
    """The contract, with the local API as the one to call."""
    text = (ROOT / "openapi.yaml").read_text()
    document = yaml.load(text, Loader=FAST_LOADER)  # noqa: S506 - safe, whichever of the two it is
    return {**document, "servers": [{"url": site().api_url, "description": "The local stack"}]}


@pages.get("/swagger/<name>")
def swagger(name: str) -> Response:
    with as_file(files("flask_swagger_ui") / "dist") as folder:
        return send_from_directory(folder, name)
