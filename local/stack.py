"""The local stack: `run` it, `stop` it, `watch` it, `test` against one of its own.

Everything it makes is in .local/, and `stop` ends all that it started.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import console
import deployment
import functions
from graphql_parameters import GraphqlParameters
from people import Person, fill_directory, sign_in_everyone
from rehearsal import Rehearsal
from services import Service, free_port
from story import Story

LOCAL = functions.ROOT / ".local"
ENDPOINT_PORT = int(os.environ.get("INVITATIONS_PORT", "4566"))
WEBSITE_PORT = int(os.environ.get("INVITATIONS_WEBSITE_PORT", "8025"))


@dataclass(frozen=True)
class Ports:
    endpoint: int
    website: int

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.endpoint}"

    @property
    def website_url(self) -> str:
        return f"http://127.0.0.1:{self.website}"

    @property
    def origins(self) -> list[str]:
        """From where the website may call the API: a person may type either name of this machine."""
        return [self.website_url, f"http://localhost:{self.website}"]


class LocalStack:
    """A local AWS with the service deployed in it, and a website to play with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aws = Service("aws", folder)
        self._website = Service("website", folder)
        self._ports_file = folder / "ports.json"
        self.file = folder / "stack.json"

    def start(self, wanted: Ports) -> list[Person]:
        """Starts and deploys what is not there yet, and writes the stack file."""
        ports = self._start_services(wanted)
        endpoint_url = ports.endpoint_url
        emulator_pid = self._aws.pid()
        if emulator_pid is None:
            raise console.Failure(f"the local AWS ended; its log is {self._aws.log}")
        outputs = deployment.deploy(endpoint_url, ports.origins, emulator_pid, self._folder)
        api_url = deployment.api_url(endpoint_url)
        console.step("Signing in the demo people and telling the directory about them")
        session = deployment.LocalSession(endpoint_url)
        people = sign_in_everyone(session, outputs["UserPoolId"], outputs["UserPoolClientId"])
        fill_directory(api_url, people)
        described = {
            "apiUrl": api_url,
            "demoUrl": f"{ports.website_url}/",
            "mailboxUrl": f"{ports.website_url}/mails",
            "docsUrl": f"{ports.website_url}/docs",
            "graphqlUrl": f"{ports.website_url}/graphql",
            "endpointUrl": endpoint_url,
            "region": deployment.REGION,
            "tableName": outputs["TableName"],
            "userPoolId": outputs["UserPoolId"],
            "clientId": outputs["UserPoolClientId"],
            "people": [person.for_stack_file() for person in people],
        }
        self.file.touch(mode=0o600)  # it holds tokens
        self.file.write_text(json.dumps(described, indent=2) + "\n")
        return people

    def deploy_again(self, **parameters: str) -> tuple[dict[str, str], list[Person]]:
        """Deploys to whatever there is, and signs everyone in; tells the directory nothing."""
        (self._folder / deployment.STAMP).unlink()
        endpoint_url = self.describe()["endpointUrl"]
        ports = Ports(**json.loads(self._ports_file.read_text()))
        emulator_pid = self._aws.pid()
        assert emulator_pid is not None
        outputs = deployment.deploy(endpoint_url, ports.origins, emulator_pid, self._folder, **parameters)
        session = deployment.LocalSession(endpoint_url)
        return outputs, sign_in_everyone(session, outputs["UserPoolId"], outputs["UserPoolClientId"])

    def stop(self) -> bool:
        stopped = [service.stop() for service in (self._website, self._aws)]
        for stale in (self.file, self._folder / deployment.STAMP):
            stale.unlink(missing_ok=True)
        return any(stopped)

    def describe(self) -> dict[str, Any]:
        """What the stack file says, of a stack that runs."""
        if self._aws.pid() is None or not self.file.exists():
            raise console.Failure("The local stack is not running: `make run` starts it.")
        return json.loads(self.file.read_text())

    def _start_services(self, wanted: Ports) -> Ports:
        if self._aws.pid() is not None and self._website.pid() is not None:
            console.step("The local AWS is running already")
            return Ports(**json.loads(self._ports_file.read_text()))
        self.stop()
        ports = Ports(free_port(wanted.endpoint), free_port(wanted.website))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._ports_file.write_text(json.dumps(vars(ports)))
        endpoint_url = ports.endpoint_url
        console.step(f"Starting the local AWS on {endpoint_url}, with IAM enforced")
        scratch = self._folder / "tmp"
        scratch.mkdir(exist_ok=True)
        self._aws.start(
            [str(Path(sys.executable).with_name("ministack"))],
            {
                **deployment.aws_environment(endpoint_url),  # the functions inherit it, so they call no other AWS
                "AUTH": "true",
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(ports.endpoint),
                "TMPDIR": str(scratch),
            },
        )
        website = [sys.executable, str(Path(__file__).with_name("website.py")), "--stack-file", str(self.file)]
        self._website.start([*website, "--endpoint-url", endpoint_url, "--port", str(ports.website)], dict(os.environ))
        self._aws.wait_until_it_responds(f"{endpoint_url}/_ministack/health")
        self._website.wait_until_it_responds(f"{ports.website_url}/mails")
        return ports


def run() -> None:
    functions.build()
    stack = LocalStack(LOCAL)
    people = stack.start(Ports(ENDPOINT_PORT, WEBSITE_PORT))
    described = stack.describe()
    console.step("The story: invited, mailed, answered")
    Story(described["apiUrl"], described["endpointUrl"], people).tell()
    console.step("Done. The stack keeps running until `make stop`.")
    print(f"\nPlay it yourself: {described['demoUrl']}\n")


def stop() -> None:
    console.step("Stopped." if LocalStack(LOCAL).stop() else "Nothing was running.")


def watch() -> None:
    """Serves the HTTP functions with live reload, on the running stack's table."""
    described = LocalStack(LOCAL).describe()
    environment = {
        **deployment.aws_environment(described["endpointUrl"]),
        "TABLE_NAME": described["tableName"],
        "LOG_LEVEL": "debug",
        "USER_ID_CLAIM": "sub",
        "ADMINISTRATOR_CLAIM": "cognito:groups",
        "ADMINISTRATOR_VALUE": "administrators",
        "PUBLIC_BASE_URL": "http://127.0.0.1:9000",
    }
    command = [str(Path(sys.executable).with_name("cargo-lambda")), "lambda", "watch", "--invoke-address", "127.0.0.1"]
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run(command, cwd=functions.ROOT, env=environment, check=False)


@contextlib.contextmanager
def stack_of_its_own() -> Iterator[tuple[LocalStack, list[Person]]]:
    """A stack that is gone afterwards."""
    functions.build()
    with tempfile.TemporaryDirectory(prefix="test-", dir=LOCAL) as folder:
        stack = LocalStack(Path(folder))
        try:
            yield stack, stack.start(Ports(0, 0))
        finally:
            stack.stop()


def test(cargo_arguments: list[str]) -> None:
    """Runs every test, the end-to-end ones against a stack of their own."""
    with stack_of_its_own() as (stack, _):
        console.step("Running the tests")
        environment = {**os.environ, "INVITATIONS_STACK": str(stack.file)}
        command = ["cargo", "test", "--locked", "--workspace", *cargo_arguments]
        finished = subprocess.run(command, cwd=functions.ROOT, env=environment, check=False)
    sys.exit(finished.returncode)


def rehearse() -> None:
    """Loses a stack of its own and recovers it, as docs/runbook.md says; then deploys it with less of GraphQL."""
    with stack_of_its_own() as (stack, people):
        described = stack.describe()
        session = deployment.LocalSession(described["endpointUrl"])
        rehearsal = Rehearsal(described, session, people)
        rehearsal.invite()
        rehearsal.lose()
        rehearsal.restore()
        rehearsal.check(*stack.deploy_again())
        switches = GraphqlParameters(described, session)
        switches.check_present()
        switches.check_absent(*stack.deploy_again(GraphQL="false"))
        switches.check_hidden_schema(*stack.deploy_again(GraphQL="true", GraphQLIntrospection="false"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    commands = arguments.add_subparsers(dest="command", required=True)
    for name in ("run", "stop", "watch", "rehearse"):
        commands.add_parser(name)
    commands.add_parser("test").add_argument("cargo_arguments", nargs="*")
    options = arguments.parse_args()
    LOCAL.mkdir(exist_ok=True)
    if options.command == "test":
        test(options.cargo_arguments)
    else:
        {"run": run, "stop": stop, "watch": watch, "rehearse": rehearse}[options.command]()


if __name__ == "__main__":
    console.exit_with(main)
