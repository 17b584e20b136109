"""Deployments that leave GraphQL out or hide its schema, on a local AWS: what is there then, and what responds."""

from typing import Any

from api import call
from console import check, step
from deployment import STACK_NAME, LocalSession
from people import Person, with_role


class GraphqlParameters:
    def __init__(self, described: dict[str, Any], session: LocalSession) -> None:
        self._api_url = described["apiUrl"]
        self._session = session

    def check_present(self) -> None:
        """Checks that what must go is there at first, so that its absence means something."""
        found = self._found()
        wanted = {"resource", "function", "role", "log group", "route", "dashboard"}
        check(found.keys() == wanted, "all that belongs to GraphQL", found)

    def check_absent(self, _: dict[str, str], people: list[Person]) -> None:
        found = self._found()
        check(not found, "nothing of GraphQL where it is left out", found)
        token = with_role(people, "moderator").token
        call("POST", f"{self._api_url}/graphql", token, {"query": "{ me { id } }"}, expect=(404,))
        call("GET", f"{self._api_url}/me/invitations", token)
        step("✓ With GraphQL=false, nothing of it is there, not on the dashboard either, and the rest serves")

    def check_hidden_schema(self, _: dict[str, str], people: list[Person]) -> None:
        moderator = with_role(people, "moderator")
        me = self._execute(moderator, "{ me { id } }")
        check(me == {"data": {"me": {"id": moderator.user_id}}}, "a response", me)
        refused = self._execute(moderator, "{ __schema { types { name } } }")
        told = [error["message"] for error in refused["errors"]]
        check("data" not in refused and told == ["Introspection is switched off."], "no schema", refused)
        step("✓ With GraphQLIntrospection=false, documents are executed and the schema is hidden")

    def _execute(self, person: Person, document: str) -> Any:
        return call("POST", f"{self._api_url}/graphql", person.token, {"query": document}).json()

    def _found(self) -> dict[str, list[str]]:
        """Where something of GraphQL is, by its name."""
        client = self._session.client
        api = next(iter(client("apigatewayv2").get_apis()["Items"]))["ApiId"]
        stack = client("cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]
        dashboards = client("cloudwatch")
        names = {
            "resource": [resource["LogicalResourceId"] for resource in stack],
            "function": [one["FunctionName"] for one in client("lambda").list_functions()["Functions"]],
            "role": [role["RoleName"] for role in client("iam").list_roles()["Roles"]],
            "log group": [group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"]],
            "route": [route["RouteKey"] for route in client("apigatewayv2").get_routes(ApiId=api)["Items"]],
            "dashboard": [
                dashboards.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"]
                for entry in dashboards.list_dashboards()["DashboardEntries"]
            ],
        }
        of_graphql = {kind: [name for name in some if "graphql" in name.lower()] for kind, some in names.items()}
        return {kind: some for kind, some in of_graphql.items() if some}
