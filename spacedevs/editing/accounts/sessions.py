"""Sessions in the database, without queries for keys that cannot exist."""

import re

from django.contrib.sessions.backends import db

KEY = re.compile("[a-z0-9]{8,40}")  # the length of the column


class SessionStore(db.SessionStore):
    """A session. The key in a cookie may contain characters that databases refuse."""

    def _validate_session_key(self, key):
        return bool(key and KEY.fullmatch(key))
