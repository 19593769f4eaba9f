"""The answer to a call of a tool, whatever protocol it came by."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from django.db import Error

from .asking import Api, Unanswerable
from .declaring import TOOLS
from .fitting import fitted
from .tools import search  # noqa: F401 - declares the tools

__all__ = ["TOOLS", "Called", "called"]  # the tools are declared by what is imported here

log = logging.getLogger(__name__)


class Called(NamedTuple):
    """An answer or an error, as a text for a model."""

    text: str
    is_error: bool = False


def called(api: Api, name: str, arguments: dict[str, Any]) -> Called:
    """The answer to a call; errors say what to do."""
    tool = TOOLS.get(name)
    if tool is None:
        return Called(f"There is no tool {name[:64]!r}. There are: {', '.join(TOOLS)}.", is_error=True)
    try:
        return Called(fitted(tool.call(api, arguments)))
    except Unanswerable as error:
        return Called(str(error), is_error=True)
    except Error:
        return Called("The database is unavailable; try again in a few seconds.", is_error=True)
    except Exception:
        log.exception("The tool %s failed", name)
        return Called("This failed at the server, which has logged it. Try another tool.", is_error=True)
