"""How the processes of a server are laid out."""

AT_ONCE = 4  # requests, so that slow ones leave room for others; each may hold a connection to the database


def threads(workers) -> int:
    """How many threads each of so many workers has: no more than are needed.

    They take turns at Python: two answer a sixth more requests that are kept than four do, and take 30 MB less."""
    return max(2, AT_ONCE // workers)
