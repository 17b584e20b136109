"""Lets the local AWS see the right to send mail, where the template has granted it.

The template grants `ses:SendEmail` on one identity and one configuration set. The local AWS checks every mail against
the resource `*`, which such a grant does not match, so it would stop the one function that may send. This widens
exactly those grants; a role without one stays without.
"""

import json
from typing import Any

import boto3


def widen_mail_grants(session: boto3.Session, stack_name: str) -> None:
    iam = session.client("iam")
    resources = session.client("cloudformation").describe_stack_resources(StackName=stack_name)["StackResources"]
    for resource in resources:
        if resource["ResourceType"] == "AWS::IAM::Role":
            _widen(iam, resource["PhysicalResourceId"])


def _widen(iam: Any, role: str) -> None:
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        grants = [statement for statement in document["Statement"] if statement["Action"] == "ses:SendEmail"]
        for grant in grants:
            grant["Resource"] = "*"
        if grants:
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
