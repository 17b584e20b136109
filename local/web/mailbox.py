"""The mails of the stack as they look, with links that work."""

import time
from email.utils import parseaddr

from flask import Blueprint, Response, make_response, render_template
from werkzeug.exceptions import HTTPException

from web import policy
from web.site import site

pages = Blueprint("mailbox", __name__)


@pages.get("/mails")
def mails() -> str:
    return render_template("mails.html", title="Mails of the local stack", mails=site().mails())


@pages.get("/mails/<message_id>")
def mail(message_id: str) -> str:
    found = site().mail(message_id)
    return render_template("mail.html", title=found["Subject"], mail=found)


@pages.get("/mails/<message_id>/html")
def html_part(message_id: str) -> Response:
    """The mail's own HTML, its links opening outside the frame."""
    html = site().mail(message_id)["BodyHtml"]
    response = make_response(html.replace("<head>", '<head><base target="_blank">', 1))
    response.headers["Content-Security-Policy"] = policy.MAIL
    return response


def explain(error: HTTPException) -> tuple[str, int]:
    """What is not there, or not yet, as a page."""
    return render_template("page.html", title=error.name, text=error.description), error.code or 500


@pages.app_template_filter()
def name(address: str) -> str:
    """Of a person's address their name, if it has one."""
    shown, plain = parseaddr(address)
    return shown or plain


@pages.app_template_filter()
def when(timestamp: float) -> str:
    return time.strftime("%d %b %H:%M:%S", time.localtime(timestamp))
