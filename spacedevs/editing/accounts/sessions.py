"""Sessions in the database, which is asked for none that cannot be there."""

import re

from django.contrib.sessions.backends import db

KEY = re.compile("[a-z0-9]{8,40}")  # as long as the column is


class SessionStore(db.SessionStore):
    """A session; a key of a cookie may hold what no database takes for a text."""

    def _validate_session_key(self, key):
        return bool(key and KEY.fullmatch(key))
