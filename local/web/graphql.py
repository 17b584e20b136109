"""A page to execute GraphQL documents on, as any of the demo's people: no scripts, and nothing from elsewhere."""

import json

from flask import Blueprint, Response, abort, make_response, render_template, request

from api import SESSION
from functions import ROOT
from web import policy
from web.site import site

QUERY = """{
  me {
    id
    invitations {
      edges { node { id status community { title } cta { actionId } } }
    }
  }
}
"""

pages = Blueprint("graphql", __name__)


@pages.route("/graphql", methods=["GET", "POST"])
def graphql() -> Response:
    people = site().people()
    query, variables = request.form.get("query", QUERY), request.form.get("variables", "{}")
    user_id = request.form.get("person", people[0].user_id)
    answer, status = "", ""
    if request.method == "POST":
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            abort(403)  # a page from elsewhere acts as nobody here
        answer, status = _execute(site().token(user_id), query, variables)
    page = render_template(
        "graphql.html",
        title="GraphQL of the local stack",
        people=people,
        chosen=user_id,
        query=query,
        variables=variables,
        answer=answer,
        status=status,
        schema=(ROOT / "schema.graphql").read_text(),
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = policy.FORM
    return response


def _execute(token: str, query: str, variables: str) -> tuple[str, str]:
    try:
        body = {"query": query, "variables": json.loads(variables or "{}")}
    except ValueError as error:
        return f"The variables are no JSON: {error}", "Not sent"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    response = SESSION.post(f"{site().api_url}/graphql", json=body, headers=headers, timeout=60)
    return json.dumps(response.json(), indent=2, ensure_ascii=False), f"{response.status_code} {response.reason}"
