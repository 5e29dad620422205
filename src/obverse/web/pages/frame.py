"""What stands around every page: sections, the flip between the coin's sides, the period, the time zone.

What a reader chose (`side`, `period`, `zone`) travels in the query of every link, so a page's address is
the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from obverse.errors import unknown
from obverse.web.pages.address import Address
from obverse.web.pages.drawing.days import with_days

SIDES = {"people": "People", "value": "Value"}
PERIODS = {
    "7d": "the last 7 days",
    "30d": "the last 30 days",
    "90d": "the last 90 days",
    "120d": "the last 120 days",
    "all": "all time",
}
"""The periods that the selector offers, and what they are called."""
DEFAULT_PERIOD = "30d"
SECTIONS = {
    "/": "Home",
    "/explore": "Explore",
    "/dashboards": "Dashboards",
    "/segments": "Segments",
    "/surveys": "Surveys",
    "/people": "People",
    "/health": "Data health",
}
SHARED = ("side", "period", "zone")
CARRIED = (*SHARED, "start", "end", "where", "segment")
"""What goes along from one question to the next."""
_UTC = ZoneInfo("UTC")


def during(period: str) -> str:
    """Say when something happened, as a sentence does.

    >>> during("7d"), during("all")
    ('in the last 7 days', 'since the beginning')
    """
    return "since the beginning" if period == "all" else f"in {PERIODS[period]}"


def between(start: str, end: str) -> str:
    r"""Say between which days something happened; an instant is left as it was written.

    >>> [between("2026-01-01", "2026-02-01"), between("2026-01-01", ""), between("", "2026-02-01")]
    ['from 1\xa0Jan\xa02026 to 31\xa0Jan\xa02026', 'since 1\xa0Jan\xa02026', 'until 31\xa0Jan\xa02026']
    >>> between("2026-01-01T12:00", "2026-01-01T13:00")
    'from 2026-01-01T12:00 to before 2026-01-01T13:00'
    """
    try:
        last = (date.fromisoformat(end) - timedelta(days=1)).isoformat() if end else ""
    except (ValueError, OverflowError):
        last = f"before {end}"
    if not last:
        told = f"since {start or 'the beginning'}"
    elif not start:
        told = f"until {last}"
    else:
        told = f"on {last}" if start == last else f"from {start} to {last}"
    return with_days(told)


def period_named(address: Address, period: str) -> str:
    """Say when something happened: between the days that an address names, else during the period."""
    start, end = address.get("start").strip(), address.get("end").strip()
    return between(start, end) if start or end else during(period)


@dataclass(frozen=True)
class Link:
    """An entry of a navigation."""

    key: str
    label: str
    href: str
    current: bool = False
    title: str = ""


@dataclass(frozen=True)
class View:
    """What of the query every page shares.

    Attributes:
        side: people or value.
        period: a key of `PERIODS`.
        zone: the time zone in which days begin.
        zone_text: the zone as it was written.
        zone_problem: why it is not one; days then begin in UTC.
        zone_default: the zone where the address names none.
    """

    side: str = "people"
    period: str = DEFAULT_PERIOD
    zone: ZoneInfo = _UTC
    zone_text: str = "UTC"
    zone_problem: str | None = None
    zone_default: str = "UTC"

    @classmethod
    def of(cls, address: Address, zone_name: str = "UTC") -> View:
        """Read it from an address; what is not known becomes the default.

        Args:
            address: of the page.
            zone_name: the zone where the address names none.
        """
        side, period = address.get("side"), address.get("period")
        text = address.get("zone").strip() or zone_name
        zone, problem = _zone(text)
        return cls(
            side=side if side in SIDES else "people",
            period=period if period in PERIODS else DEFAULT_PERIOD,
            zone=zone,
            zone_text=text,
            zone_problem=problem,
            zone_default=zone_name,
        )


def _zone(text: str) -> tuple[ZoneInfo, str | None]:
    known = available_timezones()
    if text in known:
        return ZoneInfo(text), None
    return _UTC, f"{unknown('time zone', text, known)}. Days begin in UTC meanwhile."


@dataclass(frozen=True)
class Frame:
    """The masthead and the foot of one page.

    Attributes:
        path: of the page.
        self: address of this very page.
        side: which side of the coin it shows.
        now: when it was made, in the reader's zone.
        zone: as written.
        zone_problem: why the zone is not one.
        zone_pairs: what the form that sets the zone keeps.
        home: address of the home page in this view.
        sections: the entries of the navigation.
        flip: the two sides; empty on a page that has only one.
        periods: the periods to choose from; empty on a page that has its own.
        measures: links to all measures, those together that answer the like; empty on other pages.
        json: address of the same page as JSON.
        csrf: token of the log-out form; None where nobody is logged in.
        scripts: modules that the page loads.
    """

    path: str
    self: str
    side: str
    now: datetime
    zone: str
    zone_problem: str | None
    zone_pairs: tuple[tuple[str, str], ...]
    home: str
    sections: tuple[Link, ...]
    flip: tuple[Link, ...]
    periods: tuple[Link, ...]
    measures: tuple[tuple[Link, ...], ...]
    json: str
    csrf: str | None
    scripts: tuple[str, ...]


def frame(
    address: Address,
    view: View,
    now: datetime,
    *,
    section: str,
    csrf: str | None = None,
    flips: bool = True,
    periods: bool = False,
    measures: tuple[tuple[Link, ...], ...] = (),
    scripts: tuple[str, ...] = (),
) -> Frame:
    """Build the frame of a page.

    Args:
        address: of the page as it was asked for.
        view: what it says of side, period and zone.
        now: the present, in any zone.
        section: the path of its section.
        csrf: token for the log-out form.
        flips: the page has two sides.
        periods: the page takes the period from the frame's selector.
        measures: links to all measures, on a page that asks one.
        scripts: modules in `static` that enhance it.
    """
    shared = address.keep(CARRIED)
    return Frame(
        path=address.path,
        self=str(address),
        side=view.side,
        now=now.astimezone(view.zone),
        zone=view.zone_text,
        zone_problem=view.zone_problem,
        zone_pairs=tuple(pair for pair in address.pairs if pair[0] != "zone"),
        home=str(shared.to("/")),
        sections=tuple(
            Link(path, label, str(shared.to(path)), path == section) for path, label in SECTIONS.items()
        ),
        flip=tuple(
            Link(key, label, str(address.put(side=key)), key == view.side) for key, label in SIDES.items()
        )
        if flips
        else (),
        periods=_periods(address, view) if periods else (),
        measures=measures,
        json=str(address.put(format="json")),
        csrf=csrf,
        scripts=("obverse", *scripts),
    )


def _periods(address: Address, view: View) -> tuple[Link, ...]:
    """Link to each period; days of the address's own give way to it."""
    dated = bool(address.get("start") or address.get("end"))
    return tuple(
        Link(
            key,
            "All" if key == "all" else f"{key[:-1]}\u202fd",
            str(address.put(period=key, start=None, end=None)),
            key == view.period and not dated,
            name[0].upper() + name[1:],
        )
        for key, name in PERIODS.items()
    )


def held_by(address: Address) -> tuple[Link, ...]:
    """Say by what an answer is held, and link to the same without."""
    words = {"segment": "people of the segment", "where": "events where"}
    return tuple(
        Link(name, f"Only {word} {address.get(name)}", str(address.put(**{name: None})))
        for name, word in words.items()
        if address.get(name)
    )
