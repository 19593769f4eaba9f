#!/usr/bin/env bash
# ijson 3.6.0 with its C backend (yajl2_c) takes an escaped high surrogate and whatever escape follows it for a pair.
#
# RFC 8259 allows "\ud800\u0041x" (half of a surrogate pair, then A and x). Python's json keeps all three characters,
# and so does ijson's backend in Python. The C backend, which is the default where it is built, yields two: A is gone,
# merged into U+10041. Where no escape follows, the half becomes a question mark. Neither raises an error, so whoever
# streams texts that must stay as they were sees other ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: ijson==3.6.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import json

import ijson

FOLLOWED, ALONE = rb'["\ud800\u0041x"]', rb'["\ud800x"]'


def read(backend, text):
    try:
        return list(ijson.get_backend(backend).items(io.BytesIO(text), "item"))
    except Exception as error:
        return type(error).__name__


print("backend by default:", ijson.backend_name)
for text in (FOLLOWED, ALONE):
    print(text.decode(), "json", ascii(json.loads(text)), *(f"{name} {read(name, text)!a}" for name in ("python", "yajl2_c")))
assert json.loads(FOLLOWED) == ["\ud800Ax"]
assert read("yajl2_c", FOLLOWED) == ["\U00010041x"], "the C backend no longer merges them"
assert read("yajl2_c", ALONE) == ["?x"], "the C backend no longer writes a question mark"
PYTHON
echo "As stated."
