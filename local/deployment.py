"""Deploys template.yaml to the local AWS with `sam deploy`, as it would be deployed to the real one."""

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import boto3

import console
import functions
import gateway
import permissions

STACK_NAME = "invitations"
REGION = "us-east-1"
STAMP = "deployed"  # a file that tells what is deployed, so that deploying it again is skipped
# The local AWS takes these as the account's root user. Every function gets only what its own role allows.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def aws_environment(endpoint_url: str) -> dict[str, str]:
    """The environment in which every AWS tool talks to the local AWS, whatever profile the person has."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **environment,
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class LocalSession(boto3.Session):
    """A boto3 session whose every client talks to the local AWS."""

    def __init__(self, endpoint_url: str) -> None:
        super().__init__(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        self._endpoint_url = endpoint_url

    def client(self, *arguments: Any, **options: Any) -> Any:
        return super().client(*arguments, endpoint_url=self._endpoint_url, **options)  # type: ignore[call-overload]


def api_url(endpoint_url: str) -> str:
    return f"{endpoint_url}/_aws/execute-api/{STACK_NAME}/{gateway.STAGE}"


def deploy(endpoint_url: str, origins: list[str], emulator_pid: int, folder: Path, **parameters: str) -> dict[str, str]:
    """Deploys unless exactly this is deployed already; returns the stack's outputs."""
    stamp = folder / STAMP
    parameters = {**_parameters(endpoint_url, origins), **parameters}
    wanted = _fingerprint(parameters, emulator_pid)
    session = LocalSession(endpoint_url)
    if stamp.exists() and stamp.read_text() == wanted:
        console.step("Nothing changed since the last deployment")
    else:
        _sam_deploy(endpoint_url, parameters, folder)
        console.step("Adding what the local AWS leaves out of it: the API's routes")
        gateway.complete(session, STACK_NAME)
        permissions.widen_mail_grants(session, STACK_NAME)
        stamp.write_text(wanted)
    stack = session.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _parameters(endpoint_url: str, origins: list[str]) -> dict[str, str]:
    return {
        "AllowedOrigins": ",".join(origins),
        "Architecture": functions.host_architecture(),
        "DeletionProtection": "off",
        "LogLevel": "trace",  # the most there is to read, and for the tests to search for what no log may say
        "PublicBaseUrl": api_url(endpoint_url),
        "SenderAddress": "invitations@example.com",
        "TokenValidityMinutes": "1440",
    }


def _fingerprint(parameters: dict[str, str], emulator_pid: int) -> str:
    described = (functions.package_digest(), emulator_pid, sorted(parameters.items()))
    return hashlib.sha256(repr(described).encode()).hexdigest()


def _sam_deploy(endpoint_url: str, parameters: dict[str, str], folder: Path) -> None:
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    console.run(
        "Deploying template.yaml with `sam deploy`",
        [
            str(Path(sys.executable).with_name("sam")),
            "deploy",
            f"--template-file={functions.TEMPLATE}",
            f"--stack-name={STACK_NAME}",
            "--resolve-s3",
            "--capabilities=CAPABILITY_IAM",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--no-progressbar",
            f"--tags=ms-custom-id={STACK_NAME}",  # makes the API's id, and so every URL, the same each time
            "--parameter-overrides",
            *overrides,
        ],
        log=folder / "deploy.log",
        cwd=functions.ROOT,
        env={
            **aws_environment(endpoint_url),
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(functions.ROOT / ".local" / "sam"),
        },
    )
