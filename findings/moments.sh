#!/usr/bin/env bash
# standardwebhooks 1.1.0: `Webhook.sign` takes the digits of any moment for UTC. The same moment in another time zone gets
# another signature, over a timestamp that is hours away from the one that a sender writes into the header `webhook-timestamp`,
# and every receiver refuses the message, among them `Webhook.verify` of the same package. Neither a type
# nor an error says so. In a zone with the offset 0, as on most servers, it is not noticed. The specification
# signs seconds since 1970, which no zone changes. So sign a moment in UTC. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: standardwebhooks==1.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from datetime import datetime, timedelta, timezone

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
utc = datetime.now(timezone.utc).replace(microsecond=0)
kinshasa = utc.astimezone(timezone(timedelta(hours=1)))
assert utc == kinshasa


def is_valid(moment):
    """Whether the package verifies what it signed, with the moment in the header as seconds since 1970."""
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": webhook.sign("msg_1", moment, "{}"),
    }
    try:
        webhook.verify("{}", headers)
    except WebhookVerificationError:
        return False
    return True


found = is_valid(utc), is_valid(kinshasa)
print("in UTC:", found[0], "the same moment an hour to the east:", found[1])
sys.exit(found != (True, False))
PYTHON
