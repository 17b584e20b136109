"""A small HTTP client: what it sends and gets is what any client of the service would."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from console import Failure


@dataclass(frozen=True)
class Answer:
    status: int
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _KeepRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_KeepRedirects)


def call(
    method: str,
    url: str,
    token: str | None = None,
    body: Any = None,
    form: dict[str, str] | None = None,
    expect: tuple[int, ...] = (200,),
) -> Answer:
    headers = {}
    data = None
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with _OPENER.open(request, timeout=60) as response:
            answer = Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        answer = Answer(error.code, error.read().decode())
    if answer.status not in expect:
        raise Failure(f"{method} {url} answered {answer.status}: {answer.body}")
    return answer
