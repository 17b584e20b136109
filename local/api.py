"""Calls over HTTP: what they send and get is what any client of the service would."""

from typing import Any

import requests

from console import Failure

# What is called is on this machine: no proxy stands before it, and no .netrc has a word in who calls.
SESSION = requests.Session()
SESSION.trust_env = False


def call(
    method: str,
    url: str,
    token: str | None = None,
    body: Any = None,
    form: dict[str, str] | None = None,
    expect: tuple[int, ...] = (200,),
) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = SESSION.request(method, url, headers=headers, json=body, data=form, timeout=60, allow_redirects=False)
    if response.status_code not in expect:
        raise Failure(f"{method} {url} got {response.status_code}: {response.text}")
    return response
