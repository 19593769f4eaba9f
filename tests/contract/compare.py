"""Our OpenAPI documents against the facts of the published contract.

python -m tests.contract.compare 2.3.0 openapi.json   prints each difference; exit code 1 if there are any
"""

import json
import re
import sys
from pathlib import Path

from .facts import LISTS, UNCOMPARED_FORMATS, facts_of, load, required, types

# The published document of 2.2.0 requires the properties that a client would have to send; responses have all of them.
WITHOUT_REQUIRED = {"2.2.0"}


def differences(document: dict, contract: dict, with_required: bool = True) -> list[str]:
    """Each place where an OpenAPI document breaks a promise of the contract, as a sentence.

    A document may have more paths, parameters and components, but not more properties: strict clients refuse them.
    Components that no path shows are not compared, and `required` only if asked for."""
    ours = facts_of(document)
    found = []
    for path, promised in contract["paths"].items():
        found += path_differences(path, ours["paths"].get(path), promised)
    for name in shown(contract):
        found += component_differences(name, ours["components"].get(name), contract["components"][name], with_required)
    return found


def shown(contract: dict) -> list[str]:
    """The components that the responses of the paths contain, directly or in other components."""
    components, seen = contract["components"], set()
    left = [about["answer"] for about in contract["paths"].values()]
    while left:
        name = left.pop()
        if name not in seen and name in components:
            seen.add(name)
            fields = components[name].get("oneOf", components[name])
            left += [word for kind in fields.values() for word in re.findall(r"\w+", kind)]
    return [name for name in components if name in seen]


def path_differences(path, ours, promised):
    if ours is None:
        return [f"{path}: missing"]
    found = [
        f"{path} {key}: {promised[key]} expected, not {ours[key]}"
        for key in ("id", "answer")
        if ours[key] != promised[key]
    ]
    for name, kind in promised["parameters"].items():
        if name not in ours["parameters"]:
            found.append(f"{path}?{name}: missing")
        elif not keeps(ours["parameters"][name], kind):
            found.append(f"{path}?{name}: {kind} expected, not {ours['parameters'][name]}")
    for key in LISTS:
        listed = sorted(ours.get(key, ()))
        if key in promised and listed != sorted(promised[key]):
            found.append(f"{path} {key}: {' '.join(sorted(promised[key]))} expected, not {' '.join(listed)}")
    return found


def component_differences(name, ours, promised, with_required):
    if ours is None:
        return [f"{name}: missing"]
    if "oneOf" in promised:
        return [] if ours == promised else [f"{name}: {promised} expected, not {ours}"]
    have, wanted = types(ours), types(promised)
    found = [f"{name}.{field}: missing" for field in wanted if field not in have]
    found += [f"{name}.{field}: not in the contract" for field in have if field not in wanted]
    common = [field for field in wanted if field in have]
    for field in common:
        if not keeps(have[field], wanted[field]):
            found.append(f"{name}.{field}: {wanted[field]} expected, not {have[field]}")
        if with_required and (field in required(ours)) != (field in required(promised)):
            found.append(f"{name}.{field}: {'' if field in required(promised) else 'not '}required expected")
    order = [field for field in have if field in wanted]
    if order != common:
        found.append(f"{name}: the order {' '.join(common)} expected, not {' '.join(order)}")
    return found


def keeps(ours: str, promised: str) -> bool:
    """Whether a type is the one that is promised, or an enum where any string is."""
    if promised.endswith("~"):
        promised, ours = promised[:-1], ours.removesuffix("?")
    if promised == "string" and ours.startswith("enum("):
        return not ours.endswith("?")
    return ours == promised or ours == without_loose_format(promised)


def without_loose_format(kind: str) -> str:
    for form in UNCOMPARED_FORMATS:
        kind = kind.replace(f":{form}", "")
    return kind


def main(version, *files) -> int:
    contract, with_required = load(version), version not in WITHOUT_REQUIRED
    found = {file: differences(json.loads(Path(file).read_text("utf-8")), contract, with_required) for file in files}
    for file, lines in found.items():
        print(*lines, f"{file}: {len(lines)} differences from {version}", sep="\n")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
