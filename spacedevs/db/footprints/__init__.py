"""What a response was made of, and whether a commit touched it: so that a response outlives commits of other rows.

A footprint follows from the text of the statements that were executed for a response. A statement depends at most on
the tables and columns that its text names; so these count, wherever in the text a name stands. The render plan knows
more about its own statements: of which tables only certain rows count, and their keys.

A commit is known by the change log. All of its entries that are visible in the snapshot of the reader count, not only
those that can be followed in order: what is visible is committed.

Whenever anything is unclear, nothing outlives a commit: see `Lineage` and `look`."""
