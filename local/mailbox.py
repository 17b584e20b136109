"""Pages on which a person reads the mails of the local stack as they look, with links that work, and the API's reference."""

import argparse
import html
import re
import time
from email.utils import parseaddr
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

from reference import reference
from story import sent_mails

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; max-width: 76rem; padding: 1rem }
a { color: LinkText }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #8884; padding: .5rem; text-align: left; vertical-align: top }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem }
dd { margin: 0 }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem }
iframe { background: #fff; border: 1px solid #8884; box-sizing: border-box; height: 75vh; width: 100% }
pre { border: 1px solid #8884; margin: 0; overflow-wrap: anywhere; padding: 1rem; white-space: pre-wrap }
"""


def page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{html.escape(title)}</h1>{content}</html>"
    )


def list_page(mails: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{_when(mail)}<td>{_people(mail['To'])}"
        f'<td><a href="/mails/{quote(mail["MessageId"], safe="")}">{html.escape(mail["Subject"])}</a>'
        for mail in reversed(mails)
    )
    table = f"<table><tr><th>Sent<th>To<th>Subject{rows}</table>" if mails else "<p>Nothing was mailed yet."
    links = '<p><a href="/">Look again</a> · <a href="/docs">The API\'s reference</a></p>'
    return page("Mails of the local stack", links + table)


def mail_page(mail: dict[str, Any]) -> str:
    source = f"/mails/{quote(mail['MessageId'], safe='')}/html"
    parts = f"<section><h2>Text</h2><pre>{_with_links(mail['BodyText'])}</pre></section>"
    if mail["BodyHtml"]:
        sandbox = "allow-popups allow-popups-to-escape-sandbox"
        frame = f'<iframe title="The mail as it looks" sandbox="{sandbox}" src="{source}"></iframe>'
        parts = f"<section><h2>HTML</h2>{frame}</section>{parts}"
    headers = f"<dl><dt>From<dd>{_people([mail['Source']])}<dt>To<dd>{_people(mail['To'])}<dt>Sent<dd>{_when(mail)}</dl>"
    return page(mail["Subject"], f'<p><a href="/">All mails</a></p>{headers}<div class="parts">{parts}</div>')


def html_part(mail: dict[str, Any]) -> str:
    """The mail's own HTML, its links opening outside the frame."""
    base = '<base target="_blank">'
    body, found = re.subn(r"(<head[^>]*>)", rf"\1{base}", mail["BodyHtml"] or "", count=1, flags=re.IGNORECASE)
    return body if found else base + body


def _with_links(text: str) -> str:
    escaped = html.escape(text)
    return re.sub(r"https?://[^\s<)]+", r'<a href="\g<0>" target="_blank" rel="noopener">\g<0></a>', escaped)


def _people(addresses: list[str]) -> str:
    return html.escape(", ".join(name or address for name, address in map(parseaddr, addresses)))


def _when(mail: dict[str, Any]) -> str:
    return time.strftime("%d %b %H:%M:%S", time.localtime(mail["Timestamp"]))


class Mailbox(BaseHTTPRequestHandler):
    endpoint_url: str

    def do_GET(self) -> None:
        segments = [unquote(segment) for segment in self.path.partition("?")[0].strip("/").split("/")]
        if segments == ["docs"]:
            return self._answer(page("The API of the invitation service", reference()))
        mails = sent_mails(self.endpoint_url)
        if segments == [""]:
            return self._answer(list_page(mails))
        mail = next((mail for mail in mails if segments[:2] == ["mails", mail["MessageId"]]), None)
        if mail is None:
            return self._answer(page("No such mail", '<p><a href="/">All mails</a>'), HTTPStatus.NOT_FOUND)
        return self._answer(html_part(mail) if segments[2:] == ["html"] else mail_page(mail))

    def _answer(self, content: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = content.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--endpoint-url", required=True)
    arguments.add_argument("--port", type=int, required=True)
    options = arguments.parse_args()
    Mailbox.endpoint_url = options.endpoint_url
    ThreadingHTTPServer(("127.0.0.1", options.port), Mailbox).serve_forever()


if __name__ == "__main__":
    main()
