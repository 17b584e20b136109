"""Pages to read on: the mails of the local stack as they look, with links that work, the API's reference, and a page to try
GraphQL on."""

import argparse
import json
import time
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import yaml
from flask import Flask, Response, abort, render_template, request
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.serving import run_simple

from api import SESSION
from functions import ROOT
from story import sent_mails

MARKDOWN = MarkdownIt("js-default")  # which leaves HTML in a text as it is written
QUERY = "{\n  me {\n    id\n    invitations {\n      edges { node { id status community { title } cta { actionId } } }\n    }\n  }\n}\n"
app = Flask(__name__)
app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}


@app.get("/")
def mails() -> str:
    return render_template("mails.html", title="Mails of the local stack", mails=sent_mails(app.config["ENDPOINT_URL"]))


@app.get("/mails/<message_id>")
def mail(message_id: str) -> str:
    found = find(message_id)
    return render_template("mail.html", title=found["Subject"], mail=found)


@app.get("/mails/<message_id>/html")
def html_part(message_id: str) -> str:
    """The mail's own HTML, its links opening outside the frame."""
    return find(message_id)["BodyHtml"].replace("<head>", '<head><base target="_blank">', 1)


@app.get("/docs")
def reference() -> str:
    """The contract as one plain page, without scripts or anything from elsewhere."""
    return render_template("reference.html", contract=yaml.safe_load((ROOT / "openapi.yaml").read_text()))


@app.route("/graphql", methods=["GET", "POST"])
def graphql() -> str:
    """A page to execute documents on, as any of the demo people: without scripts, and with nothing from elsewhere."""
    stack = json.loads(Path(app.config["STACK_FILE"]).read_text())
    schema = (ROOT / "schema.graphql").read_text()
    query, variables = request.form.get("query", QUERY), request.form.get("variables", "{}")
    chosen = request.form.get("person", 0, type=int)
    answer, status = "", ""
    if request.method == "POST":
        answer, status = _execute(f"{stack['apiUrl']}/graphql", stack["people"][chosen]["token"], query, variables)
    return render_template(
        "graphql.html",
        title="GraphQL of the local stack",
        people=stack["people"],
        chosen=chosen,
        query=query,
        variables=variables,
        answer=answer,
        status=status,
        schema=schema,
    )


def _execute(url: str, token: str, query: str, variables: str) -> tuple[str, str]:
    try:
        body = {"query": query, "variables": json.loads(variables or "{}")}
    except ValueError as error:
        return f"The variables are no JSON: {error}", "Not sent"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    response = SESSION.post(url, json=body, headers=headers, timeout=60)
    return indented_json(response.json()), f"{response.status_code} {response.reason}"


@app.errorhandler(NotFound)
def not_found(error: NotFound) -> tuple[str, int]:
    return render_template("page.html", title="No such mail"), error.code


@app.after_request
def never_stored(response: Response) -> Response:
    response.cache_control.no_store = True
    return response


def find(message_id: str) -> dict[str, Any]:
    found = next((mail for mail in sent_mails(app.config["ENDPOINT_URL"]) if mail["MessageId"] == message_id), None)
    return found or abort(404)


@app.template_filter()
def name(address: str) -> str:
    """Of a person's address their name, if it has one."""
    shown, plain = parseaddr(address)
    return shown or plain


@app.template_filter()
def when(timestamp: float) -> str:
    return time.strftime("%d %b %H:%M:%S", time.localtime(timestamp))


@app.template_filter("json")
def indented_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@app.template_filter()
def markdown(text: str) -> Markup:
    return Markup(MARKDOWN.render(text))  # noqa: S704 - what it renders is escaped


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--endpoint-url", required=True)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--stack-file", required=True)
    options = arguments.parse_args()
    app.config["ENDPOINT_URL"] = options.endpoint_url
    app.config["STACK_FILE"] = options.stack_file
    run_simple("127.0.0.1", options.port, app, threaded=True)


if __name__ == "__main__":
    main()
