"""Prints the template by which a new stack takes over what an old one has left: the table, or a restored copy of it,
and the user pool.

Such an import makes and changes nothing. So it describes both as a restore leaves them; what they lack then, such as
the stream, the deployment that follows adds. docs/runbook.md says how it is used, and `make rehearse` does so.
"""

import argparse
import json
from typing import Any

import yaml

from functions import ROOT

# What a restored table has. Of the user pool, everything that cannot be changed later must be said.
OF_THE_TABLE = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
OF_AN_INDEX = ("IndexName", "KeySchema", "Projection")
TABLE, USER_POOL = "Table", "UserPool"


class _Loader(yaml.SafeLoader):
    """Reads a template for the parts that have no functions in them."""


def _without_function(loader: _Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _without_function)


def import_template(*, user_pool: bool) -> dict[str, Any]:
    template = yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)  # noqa: S506 - it makes plain values
    table, pool = (template["Resources"][name] for name in (TABLE, USER_POOL))
    properties = {name: table["Properties"][name] for name in OF_THE_TABLE}
    indexes = properties["GlobalSecondaryIndexes"]
    properties["GlobalSecondaryIndexes"] = [{name: index[name] for name in OF_AN_INDEX} for index in indexes]
    resources = {TABLE: _kept(table["Type"], properties)}
    if user_pool:
        later = "DeletionProtection"
        properties = {name: value for name, value in pool["Properties"].items() if name != later}
        resources[USER_POOL] = _kept(pool["Type"], properties)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _kept(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--no-user-pool", action="store_true", help="for a stack with JwtIssuer")
    print(json.dumps(import_template(user_pool=not arguments.parse_args().no_user_pool), indent=2))


if __name__ == "__main__":
    main()
