#!/usr/bin/env bash
# django-csp 4.0: the directives of the header Content-Security-Policy stand in another order in each process, because they
# are collected in a set of texts. Browsers do not care. A server of several processes that derives an ETag from the
# headers of a response has another one in each, and tests that compare headers of two processes fail now and then.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: django-csp==4.0 django==5.2.19
cd "$folder"
cat > policy.py <<'PYTHON'
from csp.constants import NONE, SELF
from django.conf import settings

settings.configure(
    CONTENT_SECURITY_POLICY={"DIRECTIVES": {"default-src": [NONE], "script-src": [SELF], "img-src": [SELF], "base-uri": [NONE]}}
)

from csp.utils import build_policy

print(build_policy())
PYTHON
for seed in 1 2 3 4; do
    PYTHONHASHSEED=$seed "$folder/venv/bin/python" policy.py
done > orders
sort --unique orders
orders=$(sort --unique orders | wc -l)
contents=$(tr ';' '\n' < orders | sed 's/^ *//' | sort --unique | wc -l)
echo "four processes: $orders orders of $contents directives"
[ "$orders" -gt 1 ] && [ "$contents" = 4 ]
