"""How numbers are said in messages, of commands and of others."""


def counted(number: int, one: str, more: str | None = None) -> str:
    """So many of something in words, as "1 record" and "2 records"; `more` is the plural that is not made by an s."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
