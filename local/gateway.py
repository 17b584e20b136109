"""Gives the local HTTP API the routes, authorizer and CORS settings that its OpenAPI body describes.

The local AWS makes the API but ignores the `Body` that SAM writes every route into. This reads the processed template
back, as CloudFormation would resolve it, and makes what is missing. On AWS itself nothing of this is needed.
"""

import re
from typing import Any

import boto3

METHODS = {"get", "head", "post", "put", "delete", "patch", "options"}
STAGE = "local"  # besides $default, whose dollar sign a shell would eat in a copied URL


def complete(session: boto3.Session, stack_name: str) -> None:
    """Makes the API of a deployed stack whole, replacing what an earlier call made."""
    deployed = DeployedStack(session, stack_name)
    client = session.client("apigatewayv2")
    api_id = deployed.physical_ids["Api"]
    body = deployed.resolve(deployed.template["Resources"]["Api"]["Properties"]["Body"])

    _clear(client, api_id)
    cors = body.get("x-amazon-apigateway-cors")
    if cors:
        # What SAM makes of it has the parameter's default here, not its value.
        cors["allowOrigins"] = deployed.resolve({"Fn::Split": [",", {"Ref": "AllowedOrigins"}]})
        client.update_api(ApiId=api_id, CorsConfiguration={name[0].upper() + name[1:]: cors[name] for name in cors})
    authorizers = {
        name: _create_authorizer(client, api_id, name, scheme["x-amazon-apigateway-authorizer"])
        for name, scheme in body["components"]["securitySchemes"].items()
    }
    integrations: dict[str, str] = {}
    for path, operations in body["paths"].items():
        for method in METHODS & operations.keys():
            operation = operations[method]
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            if uri not in integrations:
                integrations[uri] = _create_integration(client, api_id, uri)
            _create_route(client, api_id, f"{method.upper()} {path}", integrations[uri], operation, authorizers)
    if STAGE not in {stage["StageName"] for stage in client.get_stages(ApiId=api_id)["Items"]}:
        client.create_stage(ApiId=api_id, StageName=STAGE, AutoDeploy=True)


def _clear(client: Any, api_id: str) -> None:
    for route in client.get_routes(ApiId=api_id)["Items"]:
        client.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for integration in client.get_integrations(ApiId=api_id)["Items"]:
        client.delete_integration(ApiId=api_id, IntegrationId=integration["IntegrationId"])
    for authorizer in client.get_authorizers(ApiId=api_id)["Items"]:
        client.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer["AuthorizerId"])


def _create_authorizer(client: Any, api_id: str, name: str, described: dict[str, Any]) -> str:
    jwt = described["jwtConfiguration"]
    return client.create_authorizer(
        ApiId=api_id,
        Name=name,
        AuthorizerType="JWT",
        IdentitySource=[described["identitySource"]],
        JwtConfiguration={"Issuer": jwt["issuer"], "Audience": jwt["audience"]},
    )["AuthorizerId"]


def _create_integration(client: Any, api_id: str, uri: str) -> str:
    return client.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationMethod="POST",
        IntegrationUri=uri,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]


def _create_route(
    client: Any, api_id: str, route_key: str, integration: str, operation: dict[str, Any], authorizers: dict[str, str]
) -> None:
    required = [name for requirement in operation.get("security", []) for name in requirement if name in authorizers]
    authorization = {"AuthorizationType": "JWT", "AuthorizerId": authorizers[required[0]]} if required else {}
    client.create_route(ApiId=api_id, RouteKey=route_key, Target=f"integrations/{integration}", **authorization)


class DeployedStack:
    """A stack's processed template together with what its references stand for."""

    def __init__(self, session: boto3.Session, stack_name: str) -> None:
        cloudformation = session.client("cloudformation")
        self.template = cloudformation.get_template(StackName=stack_name, TemplateStage="Processed")["TemplateBody"]
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        self.physical_ids = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"]
        }
        account = session.client("sts").get_caller_identity()["Account"]
        self._function_arn = f"arn:aws:lambda:{session.region_name}:{account}:function:"
        self._values: dict[str, Any] = {
            "AWS::Region": session.region_name,
            "AWS::AccountId": account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack_name,
            "AWS::NoValue": None,
            **{parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack.get("Parameters", [])},
            **self.physical_ids,
        }

    def resolve(self, node: Any) -> Any:
        """Replaces the intrinsic functions that an API's body uses."""
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return self._values[argument]
            if name == "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda match: self._attribute(match[1]), argument)
            if name == "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            if name == "Fn::If":
                condition, when_true, when_false = argument
                return self.resolve(when_true if self._holds(condition) else when_false)
        resolved = {name: self.resolve(value) for name, value in node.items()}
        return {name: value for name, value in resolved.items() if value is not None}

    def _attribute(self, reference: str) -> str:
        name, _, attribute = reference.partition(".")
        if not attribute:
            return self._values[name]
        if attribute == "Arn" and name.endswith("Function"):
            return self._function_arn + self._values[name]
        raise ValueError(f"the API's body uses {reference}, which local/gateway.py does not know")

    def _holds(self, condition: Any) -> bool:
        if isinstance(condition, str):
            condition = self.template["Conditions"][condition]
        ((name, argument),) = condition.items()
        if name == "Fn::Equals":
            return self.resolve(argument[0]) == self.resolve(argument[1])
        if name == "Fn::Not":
            return not self._holds(argument[0])
        raise ValueError(f"the API's body depends on {name}, which local/gateway.py does not know")
