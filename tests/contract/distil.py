"""Extracts the facts from the contract in ../shared: names and types, no text of upstream.

python -m tests.contract.distil ../shared/contract   writes ll2-VERSION.json beside this module
"""

import json
import sys
from pathlib import Path

from .facts import LISTS, VERSIONS, enum, path_of, with_format


def distilled(published: dict) -> dict:
    """The facts of a contract of ../shared, in the form of facts.py, with its corrections applied."""
    corrections = published["corrections"]
    return {
        "paths": {path: path_facts(about) for path, about in published["paths"].items()},
        "components": {
            name: {"oneOf": variants(schema)} if "oneOf" in schema else properties(name, schema, corrections)
            for name, schema in published["schemas"].items()
        },
        "may_be_empty": corrections["uri_may_be_empty"],
    }


def path_facts(about):
    return {
        "id": about["operationId"],
        "answer": type_of(about["response"]),
        "parameters": {name: type_of(each) for name, each in sorted(about["parameters"].items())},
        **{key: about[key] for key in LISTS if about.get(key)},
    }


def variants(schema):
    mapping = schema["discriminator"]["mapping"]
    return {mode: reference.rpartition("/")[2] for mode, reference in mapping.items()}


def properties(component, schema, corrections):
    must, may = (corrections[key].get(component, ()) for key in ("must_be_nullable", "may_be_nullable"))
    return {
        name if about["required"] else f"{name}?": type_of(about | {"nullable": name in must or about.get("nullable")})
        if name in must or name not in may
        else f"{type_of(about | {'nullable': False})}~"
        for name, about in schema["properties"].items()
    }


def type_of(about):
    if "ref" in about:
        kind = about["ref"]
    elif "const" in about or "enum" in about:
        kind = enum(about.get("enum") or [about["const"]])
    elif about["type"] == "array":
        kind = f"[{type_of(about['items'])}]"
    else:
        kind = with_format(about["type"], about.get("format"))
    return f"{kind}?" if about.get("nullable") else kind


# The file ---------------------------------------------------------------------------------------------


def write(version, facts):
    """A line for each path and component, so that a change shows as a line."""
    tables = {"paths": {path: packed(about) for path, about in facts["paths"].items()}, **facts_without_paths(facts)}
    blocks = [f"{json.dumps(key)}: {block(value)}" for key, value in tables.items()]
    path_of(version).write_text("{\n" + ",\n".join(blocks) + "\n}\n", "utf-8")


def facts_without_paths(facts):
    return {key: value for key, value in facts.items() if key != "paths"}


def block(value):
    if isinstance(value, list):
        return json.dumps(value)
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(each)}" for key, each in value.items()) + "\n}"


def packed(about):
    """The form in the file, which `load` reverses."""
    by_type = {}
    for name, kind in about["parameters"].items():
        by_type.setdefault(kind, []).append(name)
    words = {key: " ".join(about[key]) for key in LISTS if key in about}
    return about | {"parameters": {kind: " ".join(names) for kind, names in by_type.items()}} | words


def main(folder):
    for version in VERSIONS:
        write(version, distilled(json.loads(Path(folder, f"ll2-{version}.json").read_text("utf-8"))))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
