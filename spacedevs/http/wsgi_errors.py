"""Error responses of WSGI middleware, in the same words as Django's."""

import json
from functools import cache
from http import HTTPStatus

from .errors import RETRY, UNAVAILABLE
from .headers import of_plain_answers

common = cache(of_plain_answers)


def refuse(start_response, status, detail, *headers):
    body = json.dumps({"detail": str(detail)}).encode()
    about = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(f"{status} {HTTPStatus(status).phrase}", [*about, *headers, *common()])
    return [body]


def refuse_for_want_of_database(start_response):
    return refuse(start_response, 503, UNAVAILABLE, RETRY)
