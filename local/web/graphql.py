"""GraphiQL on the local API: the schema, and the documents of docs/graphql.md, to execute as anyone of the demo."""

import json
from importlib.resources import as_file, files

from flask import Blueprint, Response, make_response, render_template, send_from_directory

from documents import documents, variables_of
from web import policy
from web.site import site

# The package's modules need Django; its files do not.
PACKAGE = "graphene_django_graphiql_static"

pages = Blueprint("graphql", __name__, url_prefix="/graphql")


@pages.get("")
def graphql() -> Response:
    response = make_response(render_template("graphql.html", people=site().people(), api_url=site().api_url))
    response.headers["Content-Security-Policy"] = policy.graphiql(site().api_url)
    return response


@pages.get("/documents")
def examples() -> list[dict[str, str]]:
    """The page's documents, with values for their variables as far as there are any."""
    known = {"community": site().scene.community, "first": 10, "id": ""}
    values = [{name: known[name] for name in variables_of(document) if name in known} for document in documents()]
    return [
        {"query": document, "variables": json.dumps(some, indent=2) if some else ""}
        for document, some in zip(documents(), values, strict=True)
    ]


@pages.get("/graphiql/<name>")
def graphiql(name: str) -> Response:
    with as_file(files(PACKAGE) / "static" / PACKAGE) as folder:
        return send_from_directory(folder, name)
