"""The GraphQL documents of docs/graphql.md, in the order of the page."""

import re

from functions import ROOT


def documents() -> list[str]:
    return re.findall(r"```graphql\n(.*?)```", (ROOT / "docs" / "graphql.md").read_text(), re.DOTALL)


def variables_of(document: str) -> list[str]:
    return re.findall(r"\$(\w+):", document)
