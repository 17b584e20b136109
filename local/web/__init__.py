"""The website of the local stack: a page to play the demo on, the mails as they look, the API's reference, and
GraphiQL.

It is for the person at this machine. What is deployed serves none of it.
"""

from pathlib import Path

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from web import demo, graphql, mailbox, policy, reference
from web.site import Site


def create_app(stack_file: Path, endpoint_url: str) -> Flask:
    app = Flask(__name__)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    # What is on this machine is on it by these names alone: a foreign name that leads here is refused.
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    app.config["SITE"] = Site(stack_file, endpoint_url)
    for part in (demo, mailbox, reference, graphql):
        app.register_blueprint(part.pages)
    app.register_error_handler(HTTPException, mailbox.explain)
    app.after_request(finish)
    return app


def finish(response: Response) -> Response:
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Content-Security-Policy", policy.PLAIN)
    return response
