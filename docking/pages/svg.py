"""Timelines as SVG: a bar with a link for each docking event, coloured by kind.

The markup has classes and no inline styles, because the Content-Security-Policy refuses these; timeline.css styles the
classes. A standalone image embeds that file, and its policy names the digest of the file."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from django.utils.safestring import SafeString, mark_safe

from spacedevs.api.feeds.feeds import writable

from .timelines import Bar, Timeline

STYLE = Path(__file__).parents[1] / "static" / "docking" / "timeline.css"
# In pixels, before the page scales the drawing.
WIDTH, GUTTER, EDGE = 1200, 196, 14
HEAD, LANE, BAR, GAP, FOOT = 64, 21, 16, 9, 14
NARROWEST = 2.5
LETTER, WIDE_LETTER = 6.3, 6.6  # width of an average letter in bars and elsewhere
LEGIBLE = 8  # the shortest useful part of a name, in letters
TICK = 40  # the smallest distance between labels of years
STEPS = 1, 2, 5, 10, 20, 50, 100
MAX_LABEL_LETTERS = 28  # of the name of a row, in letters
COLOURS = 8  # further kinds share the last colour
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Window(NamedTuple):
    """The years that are drawn."""

    first: int
    last: int

    @property
    def begin(self) -> datetime:
        return datetime(self.first, 1, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return datetime(self.last + 1, 1, 1, tzinfo=UTC)

    @property
    def said(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}–{self.last}"  # noqa: RUF001

    def x(self, moment) -> float:
        """The x coordinate of a moment, limited to the drawing."""
        share = (moment - self.begin) / (self.end - self.begin)
        return GUTTER + min(max(share, 0), 1) * (WIDTH - GUTTER - EDGE)


@cache
def style() -> str:
    return STYLE.read_text("utf-8")


@cache
def style_digest() -> str:
    """The digest of the style, for the Content-Security-Policy."""
    return f"'sha256-{b64encode(sha256(style().encode()).digest()).decode()}'"


def number(value) -> str:
    return f"{value:.1f}".removesuffix(".0")


def day(moment) -> str:
    return f"{moment.day} {moment:%B %Y}"


def text(x, y, words, name, anchor="") -> str:
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{name}" x="{number(x)}" y="{number(y)}"{where}>{markup(words)}</text>'


def markup(words) -> str:
    return escape(writable(words))


def cut(words, most) -> str:
    return words if len(words) <= most else f"{words[: max(most - 1, 0)].rstrip()}…"


def lanes(bars, now) -> list[list[Bar]]:
    """Assigns lanes so that bars do not overlap, each in the highest free lane."""
    found = []
    for bar in sorted(bars, key=lambda bar: (bar.start, bar.key)):
        free = next((lane for lane in found if lane[-1].until(now) <= bar.start), None)
        if free is None:
            found.append(free := [])
        free.append(bar)
    return found or [[]]


def facts(bar: Bar, now) -> str:
    """The tooltip of a bar."""
    kind = f" ({bar.kind})" if bar.kind not in (bar.name, bar.row) else ""
    place = f", {bar.row}" if bar.row != bar.name else ""
    what, days = f"{bar.name}{kind}{place}", bar.days(now)
    if not (bar.end or bar.lasts(now)):
        return f"{what}: from {day(bar.start)}"
    until = day(bar.end) if bar.end else "now"
    return f"{what}: {day(bar.start)} to {until}, {days} {'day' if days == 1 else 'days'}"


def drawn(bar: Bar, colour, y, window, now) -> str:
    """A bar, with its name if there is room, and an arrow if it has no end."""
    left = window.x(bar.start)
    width = max(window.x(bar.until(now)) - left, NARROWEST)
    is_open = bar.lasts(now) and now < window.end
    point = f'<path d="M{number(left + width)} {y + 2}l5 {BAR // 2 - 2}l-5 {BAR // 2 - 2}z"/>' if is_open else ""
    words = cut(bar.name, int((width - 8) / LETTER))
    label = text(left + 4, y + BAR - 4.5, words, "name") if words == bar.name or len(words) >= LEGIBLE else ""
    return (
        f'<a class="stay {colour}" href={quoteattr(bar.address)}><title>{markup(facts(bar, now))}</title>'
        f'<rect x="{number(left)}" y="{y}" width="{number(width)}" height="{BAR}" rx="2"/>{point}{label}</a>'
    )


def ticks(window) -> Iterator[tuple[float, str]]:
    """The positions and labels of the lines of years."""
    years = window.last - window.first + 1
    if years == 1:
        yield from ((window.x(datetime(window.first, n, 1, tzinfo=UTC)), name) for n, name in enumerate(MONTHS, 1))
        return
    room = (WIDTH - GUTTER - EDGE) / years
    step = next((step for step in STEPS if step * room >= TICK), STEPS[-1])
    first = -(-window.first // step) * step
    yield from (
        (window.x(datetime(year, 1, 1, tzinfo=UTC)), str(year)) for year in range(first, window.last + 1, step)
    )


def legend(kinds) -> tuple[list[str], int]:
    """The legend of the colours, wrapped to lines, and its height."""
    x, y, found = GUTTER, 0, []
    for colour, kind in kinds.items():
        width = 18 + len(kind) * WIDE_LETTER + 20
        if x + width > WIDTH - EDGE and x > GUTTER:
            x, y = GUTTER, y + LANE
        found.append(
            f'<g class="stay {colour}" transform="translate({number(x)} {y})">'
            f'<rect width="12" height="12" y="2" rx="2"/>{text(18, 12, kind, "kind")}</g>'
        )
        x += width
    return found, y + LANE if found else 0


def colours(kinds) -> dict[str, str]:
    """The class of each kind."""
    return {kind: f"k{number}" if number <= COLOURS else "k0" for number, kind in enumerate(kinds, 1)}


def meanings(colour, bars) -> dict[str, str]:
    """The kinds that are shown, by colour."""
    there = {bar.kind for bar in bars}
    shown = {colour[kind]: kind for kind in colour if kind in there}
    return {name: "Others" if name == "k0" else kind for name, kind in shown.items()}


def axis(window, now, bottom) -> Iterator[str]:
    """The lines of the years and of now."""
    for x, words in ticks(window):
        yield f'<path class="line" d="M{number(x)} {HEAD}V{bottom}"/>{text(x + 3, HEAD - 8, words, "tick")}'
    if window.begin <= now < window.end:
        yield f'<path class="now" d="M{number(window.x(now))} {HEAD - 4}V{bottom}"/>'


def rows(timeline, bars, colour, window, now) -> tuple[list[str], list[str], int]:
    """The rows with background, name and bars, and the y coordinate of their end."""
    by_row, grounds, parts, y = defaultdict(list), [], [], HEAD
    for bar in bars:
        by_row[bar.row].append(bar)
    for place, row in enumerate(timeline.rows):
        found = lanes(by_row[row], now)
        height = GAP + len(found) * LANE
        if place % 2 == 0:
            grounds.append(f'<rect class="stripe" y="{y}" width="{WIDTH}" height="{height}"/>')
        name = text(GUTTER - 12, y + height / 2 + 4.5, cut(row, MAX_LABEL_LETTERS), "row", "end")
        parts.append(f"<g>{name}<title>{markup(row)}</title></g>")
        for top, lane in enumerate(found):
            line = y + (GAP + LANE - BAR) // 2 + top * LANE
            parts += [drawn(bar, colour[bar.kind], line, window, now) for bar in lane]
        y += height
    return grounds, parts, y


def draw(timeline: Timeline, window: Window, now: datetime, alone=False) -> SafeString:
    """The bars of these years."""
    bars, colour = timeline.within(*window, now), colours(timeline.kinds)
    grounds, parts, bottom = rows(timeline, bars, colour, window, now)
    named, height = legend(meanings(colour, bars))
    title, total = f"{timeline.title}, {window.said}", bottom + FOOT + height + FOOT
    said = writable(f"Timeline of {title}")
    of_all = f" of {len(timeline.bars)}" if len(bars) < len(timeline.bars) else ""
    return mark_safe(  # noqa: S308 - every text has been escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 {WIDTH} {total}" width="{WIDTH}"'
        f' height="{total}" role="group" aria-label={quoteattr(said)}>'
        + (f"<title>{escape(said)}</title><style>{style()}</style>" if alone else "")
        + f'<rect class="ground" width="{WIDTH}" height="{total}"/>'
        + text(EDGE, 27, title, "title")
        + text(WIDTH - EDGE, 27, f"{len(bars)}{of_all} shown", "count", "end")
        + "".join((*grounds, *axis(window, now, bottom), *parts))
        + f'<g transform="translate(0 {bottom + FOOT})">{"".join(named)}</g></svg>'
    )
