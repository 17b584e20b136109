"""The way back after a disaster, on a local AWS as docs/runbook.md tells it: the stack is gone, its table damaged."""

import json
import time
from collections.abc import Callable
from typing import Any

import console
from api import call
from deployment import STACK_NAME, LocalSession
from people import COMMUNITY, Person, with_role
from recovery import TABLE, USER_POOL, import_template
from story import answer_link, sent_mails

SECONDS = 60
GUEST = "guest@example.net"


class Rehearsal:
    def __init__(self, described: dict[str, Any], session: LocalSession, people: list[Person]) -> None:
        self._api_url, self._endpoint_url = described["apiUrl"], described["endpointUrl"]
        self._table, self._pool = described["tableName"], described["userPoolId"]
        self._dynamodb, self._cloudformation = session.client("dynamodb"), session.client("cloudformation")
        self._people = people
        self._moderator = with_role(people, "moderator")
        self._invitation = ""
        self._mail: dict[str, Any] = {}

    def invite(self) -> None:
        """Leaves something to lose: an invitation whose mail is out."""
        body = {"emails": [GUEST]}
        response = call("POST", self._invitations(), self._moderator.token, body).json()
        self._invitation = response["results"][0]["invitation"]["id"]
        self._mail = _eventually("the invitation is mailed", lambda: next(iter(self._mails_to(GUEST)), None))

    def lose(self) -> None:
        """Deletes the stack. What must not be lost stays: the table and the user pool."""
        self._cloudformation.delete_stack(StackName=STACK_NAME)
        _eventually("the stack is gone", self._is_gone)
        kept = self._dynamodb.list_tables()["TableNames"]
        console.check(self._table in kept, "the table outlives its stack", kept)
        console.step("✓ The stack is deleted, table and user pool are kept")

    def restore(self) -> None:
        """Restores the table under its own name, and has a new stack begin with it and with the old user pool."""
        copy = f"{self._table}-restored"
        self._dynamodb.restore_table_to_point_in_time(
            SourceTableName=self._table, TargetTableName=copy, UseLatestRestorableTime=True
        )
        self._dynamodb.get_waiter("table_exists").wait(TableName=copy)
        backup = self._dynamodb.create_backup(TableName=copy, BackupName="restored")["BackupDetails"]["BackupArn"]
        self._dynamodb.delete_table(TableName=self._table)
        self._dynamodb.get_waiter("table_not_exists").wait(TableName=self._table)
        self._dynamodb.restore_table_from_backup(TargetTableName=self._table, BackupArn=backup)
        self._dynamodb.get_waiter("table_exists").wait(TableName=self._table)
        imported = [
            {
                "ResourceType": "AWS::DynamoDB::Table",
                "LogicalResourceId": TABLE,
                "ResourceIdentifier": {"TableName": self._table},
            },
            {
                "ResourceType": "AWS::Cognito::UserPool",
                "LogicalResourceId": USER_POOL,
                "ResourceIdentifier": {"UserPoolId": self._pool},
            },
        ]
        change = self._cloudformation.create_change_set(
            StackName=STACK_NAME,
            ChangeSetName="import",
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps(import_template(user_pool=True)),
            ResourcesToImport=imported,
        )["Id"]
        self._cloudformation.get_waiter("change_set_create_complete").wait(ChangeSetName=change)
        self._cloudformation.execute_change_set(ChangeSetName=change)
        self._cloudformation.get_waiter("stack_import_complete").wait(StackName=STACK_NAME)
        console.step("✓ A new stack has taken over the restored table and the user pool")

    def check(self, outputs: dict[str, str], people: list[Person]) -> None:
        """Checks, after the deployment, that everything goes on where it was."""
        table = outputs["TableName"]
        console.check(table == self._table, "the stack's table is the restored one", table)
        before, now = [{person.email: person.user_id for person in some} for some in (self._people, people)]
        console.check(before == now, "everyone has the user id that they had", now)
        self._moderator = with_role(people, "moderator")
        console.check(self._status() == "pending", "the invitation is there", self._status())
        call("POST", answer_link(self._mail), form={"answer": "decline"})
        console.check(self._status() == "declined", "the link of the old mail answers it", self._status())
        other = f"second-{GUEST}"
        call("POST", self._invitations(), self._moderator.token, {"emails": [other]})
        _eventually("the stream of the restored table brings mails to deliver", lambda: self._mails_to(other))
        mailed = self._mails_to(GUEST)
        console.check(len(mailed) == 1, "nothing was mailed a second time", mailed)
        console.step("✓ People, invitations and links are what they were; new mails leave, and no old one again")

    def _is_gone(self) -> bool:
        stacks = self._cloudformation.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
        return any(stack["StackName"] == STACK_NAME for stack in stacks)

    def _status(self) -> str:
        url = f"{self._api_url}/invitations/{self._invitation}"
        return call("GET", url, self._moderator.token).json()["status"]

    def _invitations(self) -> str:
        return f"{self._api_url}/communities/{COMMUNITY}/invitations"

    def _mails_to(self, address: str) -> list[dict[str, Any]]:
        return [mail for mail in sent_mails(self._endpoint_url) if mail["To"] == [address]]


def _eventually(what: str, find: Callable[[], Any]) -> Any:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = find()
        if found:
            return found
        time.sleep(0.2)
    raise console.Failure(f"It did not happen within {SECONDS} seconds: {what}")
