"""The API's reference for people: openapi.yaml as one plain page, without scripts or anything from elsewhere."""

import html
import json
from pathlib import Path
from typing import Any

import yaml

CONTRACT = Path(__file__).resolve().parent.parent / "openapi.yaml"


def reference() -> str:
    """The content of the page; whoever shows it adds the frame."""
    contract = yaml.load(CONTRACT.read_text(), yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)
    operations = [
        (operation["tags"][0], method.upper(), path, operation)
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
    ]
    parts = [_text(contract["info"]["description"]), "<ul>"]
    for tag in contract["tags"]:
        links = "".join(
            f'<li><a href="#{operation["operationId"]}"><code>{method} {html.escape(path)}</code></a> '
            f"{html.escape(operation['summary'])}"
            for name, method, path, operation in operations
            if name == tag["name"]
        )
        parts.append(f"<li>{html.escape(tag['name'])}: {html.escape(tag['description'])}<ul>{links}</ul>")
    parts.append('<li><a href="#schemas">Schemas</a></ul>')
    parts += [_operation(method, path, operation, contract) for _, method, path, operation in operations]
    parts.append('<h2 id="schemas">Schemas</h2>')
    parts += [_schema(name, schema) for name, schema in contract["components"]["schemas"].items()]
    return "".join(parts)


def _operation(method: str, path: str, operation: dict[str, Any], contract: dict[str, Any]) -> str:
    parts = [
        f'<section><h2 id="{operation["operationId"]}">{html.escape(operation["summary"])}</h2>',
        f"<p><code>{method} {html.escape(path)}</code>{' (no token)' if operation.get('security') == [] else ''}</p>",
        _text(operation.get("description", "")),
    ]
    if operation.get("parameters"):
        rows = (
            (f"<code>{html.escape(one['name'])}</code> in {one['in']}", _type(one["schema"]), _text(one["description"]))
            for one in operation["parameters"]
        )
        parts.append(_table(("Parameter", "Type", "Meaning"), rows))
    if "requestBody" in operation:
        parts += ["<h3>Reads</h3>", _content(operation["requestBody"]["content"], contract)]
    for status, response in sorted(operation["responses"].items()):
        parts.append(
            f"<h3>{status}</h3>{_text(response['description'])}{_content(response.get('content', {}), contract)}"
        )
    return "".join(parts) + "</section>"


def _content(content: dict[str, Any], contract: dict[str, Any]) -> str:
    parts = []
    for media_type, described in content.items():
        parts.append(f"<p><code>{media_type}</code>: {_type(described['schema'])}</p>")
        for name, example in described.get("examples", {}).items():
            if "$ref" in example:
                example = contract["components"]["examples"][example["$ref"].rsplit("/", 1)[1]]
            shown = html.escape(json.dumps(example["value"], indent=2, ensure_ascii=False))
            parts.append(f"<details><summary>Example: {html.escape(name)}</summary><pre>{shown}</pre></details>")
    return "".join(parts)


def _schema(name: str, schema: dict[str, Any]) -> str:
    parts = [f'<section><h3 id="schema-{name}">{name}</h3>', _text(schema.get("description", ""))]
    if "properties" in schema:
        required = schema.get("required", [])
        rows = (
            (
                f"<code>{html.escape(field)}</code>{'' if field in required else ' (optional)'}",
                _type(described),
                _text(described.get("description", "")),
            )
            for field, described in schema["properties"].items()
        )
        parts.append(_table(("Field", "Type", "Meaning"), rows))
    else:
        parts.append(f"<p>{_type(schema)}</p>")
    return "".join(parts) + "</section>"


def _type(schema: dict[str, Any]) -> str:
    """What values are allowed, in a few words."""
    for combined, joint in (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")):
        if combined in schema:
            return joint.join(_type(one) for one in schema[combined])
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#schema-{name}">{name}</a>'
    if "enum" in schema:
        return " | ".join(f"<code>{html.escape(str(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{html.escape(json.dumps(schema['const']))}</code>"
    kinds = schema.get("type", "any")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    limits = [
        f"{word} {schema[keyword]}"
        for keyword, word in (
            ("format", "format"),
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "at least"),
            ("maxLength", "at most"),
            ("pattern", "like"),
            ("default", "default"),
        )
        if schema.get(keyword) is not None
    ]
    return html.escape(", ".join([kind, *limits]))


def _text(text: str) -> str:
    """Paragraphs with code marks; the contract uses no other markup."""
    paragraphs = []
    for paragraph in filter(None, text.split("\n\n")):
        pieces = html.escape(paragraph).split("`")
        marked = "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
        paragraphs.append(f"<p>{marked}</p>")
    return "".join(paragraphs)


def _table(head: tuple[str, ...], rows: Any) -> str:
    cells = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows)
    return f"<table><tr>{''.join(f'<th>{cell}' for cell in head)}{cells}</table>"
