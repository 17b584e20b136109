"""Fuzzes every route of openapi.yaml on the running stack, as callers of every kind.

Schemathesis makes the requests from the document, such as keep to it and such as do not; ids, links and cursors that
exist take the place of made-up ones often enough to get past a 404. To these come requests that are oversized or no
text at all. No response may be a 5xx, come late, or differ from what the document says. The same seed makes the same
requests.

`--rounds` says how often every operation is tried as every caller. Of a caller without a token, once is enough.
"""

import argparse
import random
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure as Broken
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import console
from api import SESSION
from documents import documents
from functions import ROOT
from people import with_role
from playground import Playground

WITHOUT_TOKEN = ("nobody", "garbage")
WITH_TOKEN = ("site_administrator", "owner", "moderator", "member", "invitee", "stranger")
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# The gateway responds 30 seconds after a function began, at the latest.
PATIENCE_SECONDS = 35
# How often something that exists takes the place of something made up.
REAL = 0.7
LONG = "9" * 8_000
# The gateway decodes a path before it looks for a route, so a slash in an id leads nowhere; this is its own response.
SLASH = "a%2Fb"
NO_ROUTE = (404, b'{"message":"Not Found"}')
# Not what an operation expects: too long, no text, or something else altogether.
ODD_SEGMENTS = ("x" * 129, "x" * 4_000, "%00", "%ff", "%2e%2e", "%E2%80%AE", SLASH, "a%23b", "%25", "0" * 26, "null")
ODD_QUERIES = {
    "limit": ("0", "-1", "101", "1e9", "99999999999999999999", "٣", "", "1 "),
    "status": ("expired%00", "PENDING", LONG, ""),
    "cursor": (LONG, "AAAA", "!", "a" * 17),
    "intent": (LONG, "\u0000"),
    "from": ("", "2026-02-30", "20261101", "-000001-01-01", "2026-11-01T00:00:00Z", "9999-12-31", LONG),
    "to": ("", "2026-11-31", "0000-01-01", "\u0662\u0660\u0662\u0666-11-01", "2026-W44-7", LONG),
    "q": ("", " ", "%", "\u202e", "a" * 5_000, "\x00", "אבג", "' OR 1=1", "a&q=b"),
}
ODD_BODIES = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b"{}{}",
    b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    b"[" * 100_000,
    b'{"message":"' + b"m" * 300_000 + b'"}',
    b'{"emails":"' + b"a@example.net," * 5_000 + b'"}',
    b'{"emails":"' + b'\\"<(@' * 40_000 + b'"}',
    '{"emails":["“a”、<b@例え。テスト>\u2028\u202emailto:%00@x"]}'.encode(),
    b'\xef\xbb\xbf{"userIds":null,"expiresInDays":7.0}',
    b'{"userIds":[' + b'"u",' * 5_000 + b'"u"]}',
    b'{"records":[' + b"{}," * 5_000 + b"{}]}",
    b'{"expiresInDays":1e400}',
    b'{"reason":"\\ud800"}',
    b'{"message":"\\u0000"}',
    b'{"block":true,"block":false}',
    b"answer=accept&answer=decline&block=%ff",
    b"answer=" + b"%41" * 20_000,
    b'{"query":"{ ...f } fragment f on Query { ...f ...f }"}',
    b'{"query":"' + b"{a" * 30_000 + b'"}',
    b'{"query":"{ invitation(id: ' + b"[" * 30_000 + b'"}',
    b'{"query":"{ me { id } } # \xff"}',
    b'[{"query":"{ me { id } }"}]',
)
# What GraphQL is asked: every document of its page.
DOCUMENTS = documents()
ODD_KINDS = ("text/plain", "application/xml", "nonsense", "application/json; charset=utf-16")


@dataclass(frozen=True)
class Odd:
    """A request that no document describes: oversized, cut off, not even text."""

    url: str
    headers: dict[str, str]
    body: bytes


class Fuzzing:
    def __init__(self, playground: Playground, chosen: int) -> None:
        self._playground = playground
        self._seed = chosen
        schema: Any = schemathesis.openapi.from_path(ROOT / "openapi.yaml")
        self._operations = [result.ok() for result in schema.get_all_operations()]
        self.statuses: Counter[int] = Counter()
        self.checks = 0
        self.slowest = 0.0
        self.failures: dict[str, str] = {}
        self.failed = 0

    def round(self, turn: int, examples: int) -> None:
        """Every operation as every caller, with requests that keep to the document and such as do not."""
        self._playground.refresh(turn)
        callers = WITH_TOKEN if turn else WITHOUT_TOKEN + WITH_TOKEN
        for operation in self._operations:
            for caller in callers:
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    self._generate(operation, caller, mode, turn, examples)

    def oddities(self, most: int) -> None:
        """Odd requests to every operation, by a caller who may do it."""
        for operation in self._operations:
            caller = "site_administrator" if "/directory/" in operation.path else "moderator"
            odd = list(self._odd(operation))
            chosen = random.Random(self._seed).sample(odd, min(most, len(odd)))
            parameters = {parameter.name: "odd" for parameter in operation.path_parameters}
            for request in chosen:
                case = operation.Case(path_parameters=parameters)
                self._send(case, operation.label, caller, request)

    def _generate(self, operation: Any, caller: str, mode: GenerationMode, turn: int, examples: int) -> None:
        number = zlib.crc32(f"{self._seed} {turn} {operation.label} {caller} {mode}".encode())
        chance = random.Random(number)

        @seed(number)
        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Case[Any]) -> None:
            self._make_real(case, operation.label, chance)
            self._send(case, operation.label, caller)

        try:
            send()
        except Unsatisfiable:
            if mode is GenerationMode.POSITIVE:
                raise
            # Without parameters and body, there is nothing to get wrong.

    def _make_real(self, case: Case[Any], label: str, chance: random.Random) -> None:
        for values in (case.path_parameters, case.query):
            for name in list(values or {}):
                real = self._playground.value(name, label, chance)
                if real is not None and chance.random() < REAL:
                    values[name] = real
        body: Any = case.body
        if isinstance(body, dict) and "userIds" in body and chance.random() < REAL:
            body["userIds"] = self._playground.user_ids(chance)
        if isinstance(body, dict) and "query" in body and chance.random() < REAL:
            names = {"id": "invitationId", "community": "communityId", "after": "cursor"}
            variables = {key: self._playground.value(name, label, chance) for key, name in names.items()}
            body.clear()
            body.update(query=chance.choice(DOCUMENTS), variables=variables)

    def _send(self, case: Case[Any], label: str, caller: str, odd: Odd | None = None) -> None:
        headers = self._authorization(caller)
        shown = f"{label} as {caller}"
        started = time.monotonic()
        try:
            if odd is None:
                response = case.call(
                    base_url=self._playground.api_url,
                    session=SESSION,
                    headers=headers,
                    timeout=PATIENCE_SECONDS,
                    allow_redirects=False,
                )
            else:
                request = requests.Request(case.method, odd.url, {**odd.headers, **headers}, data=odd.body)
                prepared = SESSION.prepare_request(request)
                prepared.url = odd.url  # as it stands: what is encoded twice would be harmless
                sent = SESSION.send(prepared, timeout=PATIENCE_SECONDS, allow_redirects=False)
                response = schemathesis.Response.from_requests(sent, verify=True)
                shown = f"{shown}, {odd.url.removeprefix(self._playground.api_url)[:80]} {odd.body[:40]!r}"
        except requests.Timeout:
            self._fail(shown, f"no response within {PATIENCE_SECONDS} s")
            return
        except (requests.ConnectionError, requests.exceptions.InvalidHeader) as error:
            self._fail(shown, f"no response: {error}")
            return
        self.slowest = max(self.slowest, time.monotonic() - started)
        self.statuses[response.status_code] += 1
        if odd is not None and SLASH in odd.url and (response.status_code, response.content) == NO_ROUTE:
            self.checks += 1
            return
        for check in CHECKS:
            self.checks += 1
            try:
                case.validate_response(response, checks=[check], headers=headers)
            except (FailureGroup, Broken) as broken:
                parts = getattr(broken, "exceptions", [broken])
                self._fail(f"{shown}: {response.status_code}", " / ".join(str(part) for part in parts)[:1_500])

    def _fail(self, what: str, why: str) -> None:
        self.failed += 1
        if what not in self.failures:
            self.failures[what] = why
            console.step(f"✗ {what}\n{why}")

    def _authorization(self, caller: str) -> dict[str, str]:
        if caller == "nobody":
            return {"Authorization": ""}
        if caller == "garbage":
            return {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}
        return {"Authorization": f"Bearer {with_role(self._playground.people, caller).token}"}

    def _odd(self, operation: Any) -> Iterator[Odd]:
        chance = random.Random(zlib.crc32(f"{self._seed} {operation.label}".encode()))
        names = [parameter.name for parameter in operation.path_parameters]
        queries = [parameter.name for parameter in operation.query]
        bodies = list(operation.body)

        def request(odd: str = "", value: str = "", query: str = "", body: bytes = b"{}", kind: str = "") -> Odd:
            path = operation.path
            for name in names:
                real = self._playground.value(name, operation.label, chance) or "nobody"
                path = path.replace(f"{{{name}}}", value if name == odd else real)
            headers = {"Content-Type": kind or "application/json"} if bodies else {}
            return Odd(self._playground.api_url + path + query, headers, body if bodies else b"")

        for name in names:
            yield from (request(odd=name, value=segment) for segment in ODD_SEGMENTS)
        for name in queries:
            yield from (request(query=f"?{name}={quote(value)}") for value in ODD_QUERIES[name])
            yield request(query=f"?{name}=%ff&{name}=1&&=&%")
            yield request(query=f"?{name}=1&{name}=1")
        if bodies:
            yield from (request(body=body) for body in ODD_BODIES)
            yield from (request(kind=kind) for kind in ODD_KINDS)


def report(fuzzing: Fuzzing, seconds: float) -> None:
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(fuzzing.statuses.items()))
    requests_sent = sum(fuzzing.statuses.values())
    print(f"\n{requests_sent} requests in {seconds:.0f} s, the slowest {fuzzing.slowest:.1f} s ({statuses})")
    print(f"{fuzzing.checks} checks run, {fuzzing.failed} failures")
    if fuzzing.failed:
        raise console.Failure("\n".join(f"✗ {what}" for what in fuzzing.failures))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--examples", type=int, default=4, help="requests per round, operation, caller and kind")
    arguments.add_argument("--odd", type=int, default=1_000, help="odd requests per operation")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    playground = Playground.of_running_stack(f"fuzz-{time.time_ns() // 1_000_000}")
    before = playground.settings()
    fuzzing, started = Fuzzing(playground, options.seed), time.monotonic()
    try:
        for turn in range(options.rounds):
            console.step(f"Round {turn + 1} of {options.rounds}")
            fuzzing.round(turn, options.examples)
            playground.restore_settings(before)
        console.step("Requests that no document describes")
        playground.refresh(options.rounds)
        fuzzing.oddities(options.odd)
    finally:
        playground.restore_settings(before)
    report(fuzzing, time.monotonic() - started)


if __name__ == "__main__":
    console.exit_with(main)
