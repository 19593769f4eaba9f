"""The years that a page shows, and its links to zoom and move."""

from typing import NamedTuple
from urllib.parse import urlencode

from django import forms

from spacedevs.api.filters.fields import IntegerField

from .svg import Window
from .timelines import EARLIEST, LATEST, drawable


class Years(forms.Form):
    """The first and last year, inclusive; by default those of the data."""

    def __init__(self, asked, first, last):
        super().__init__(asked)
        self.first, self.last = first, last
        for name in ("from", "to"):
            self.fields[name] = IntegerField(required=False, min_value=EARLIEST, max_value=LATEST)

    def clean(self):
        first, last = (self.cleaned_data.get(name) for name in ("from", "to"))
        if first and last and first > last:
            raise forms.ValidationError("The first year is later than the last.")
        return {
            "window": Window(first or min(self.first, last or self.first), last or max(self.last, first or self.last))
        }

    @property
    def complaint(self) -> str:
        """The error messages as one text; empty if the form is valid."""
        return " ".join(
            f"{'' if name == '__all__' else f'{name}: '}{' '.join(said)}" for name, said in self.errors.items()
        )


class Link(NamedTuple):
    """A link to other years."""

    label: str
    query: str
    is_current: bool = False


def link(window, label=None, shown=None) -> Link:
    query = urlencode({"from": window.first, "to": window.last})
    return Link(label or window.said, query, window == shown)


class Zoom(NamedTuple):
    """The links from the shown years to others."""

    whole: Link
    decades: list[Link]
    years: list[Link]
    before: Link | None
    after: Link | None


def zoom(shown: Window, first: int, last: int) -> Zoom:
    """The decades of the data, the years of the shown decade, and the previous and next period."""
    decades = [Window(year, year + 9) for year in range(first // 10 * 10, last + 1, 10)]
    decade = next((each for each in decades if each.first <= shown.first and shown.last <= each.last), None)
    years = range(max(decade.first, first), min(decade.last, last) + 1) if decade else ()
    length = shown.last - shown.first + 1
    is_whole = shown == (first, last)
    chosen = (
        None if is_whole else shown
    )  # exactly one link is the current one, also if the data cover just these years
    before, after = (Window(*(drawable(year + by) for year in shown)) for by in (-length, length))
    return Zoom(
        Link("All years", "", is_whole),
        [link(each, f"{each.first}s", chosen) for each in decades],
        [link(Window(year, year), shown=chosen) for year in years],
        link(before) if before.last >= first else None,
        link(after) if after.first <= last else None,
    )
