"""The demo: a community's page with the elements on it, for one person to play all its people.

It is what a host platform's page is, only smaller: it knows who is signed in, hands the elements their tokens, and
loads them from the deployed stack.
"""

from email.utils import parseaddr
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from people import COMMUNITY_TITLE
from web import policy
from web.site import Scene, site

CAST = ("moderator", "member", "invitee", "owner")  # who plays a part, in this order

pages = Blueprint("demo", __name__)


@pages.get("/")
def demo() -> Response:
    response = make_response(render_template("demo.html", title=COMMUNITY_TITLE, elements=site().elements()))
    response.headers["Content-Security-Policy"] = policy.demo(site().api_url)
    return response


@pages.get("/demo/scene")
def scene() -> dict[str, Any]:
    return _shown(site().scene)


@pages.post("/demo/scene")
def start_over() -> dict[str, Any]:
    if not request.is_json:  # which a page from elsewhere cannot send unasked
        abort(415)
    return _shown(site().start_over())


@pages.get("/demo/tokens/<user_id>")
def token(user_id: str) -> dict[str, str]:
    return {"token": site().token(user_id)}


@pages.get("/demo/mails")
def mails() -> list[dict[str, Any]]:
    """The mails of this scene, the newest first."""
    return [
        {
            "id": mail["MessageId"],
            "to": [parseaddr(address)[1] for address in mail["To"]],
            "subject": mail["Subject"],
            "at": mail["Timestamp"],
        }
        for mail in site().mails_of_scene()
    ]


def _shown(scene: Scene) -> dict[str, Any]:
    cast = sorted((person for person in site().people() if person.role in CAST), key=lambda one: CAST.index(one.role))
    return {
        "apiUrl": site().api_url,
        "communityId": scene.community,
        "people": [
            {"userId": person.user_id, "name": person.name, "email": person.email, "role": person.role}
            for person in cast
        ],
    }
