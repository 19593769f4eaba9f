"""Search by words: one is found in whatever case it is written, in every alphabet, with its accents as typed."""

import re

from django.db import models
from django.db.models.lookups import IContains, IRegex


class Holds(IContains):
    """Whether a text holds a word, in any case.

    Databases differ over letters without one counterpart of their own, such as ß and the dotless i."""

    def as_sqlite(self, compiler, connection):
        # SQLite itself folds the case of ASCII alone.
        lookup = IContains(self.lhs, self.rhs) if self.rhs.isascii() else IRegex(self.lhs, re.escape(self.rhs))
        return lookup.as_sql(compiler, connection)


models.CharField.register_lookup(Holds, "holds")
models.TextField.register_lookup(Holds, "holds")
