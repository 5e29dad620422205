"""Act and linger over the page itself: which page, and what people do on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar, cast

from litestar import Request, Response, get

from obverse.measure.act import Act, ActAnswer
from obverse.measure.act.picturing import act_pick
from obverse.measure.linger import LingerAnswer
from obverse.measure.picture import Pick
from obverse.measure.question import Question
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.behind import links_behind
from obverse.web.pages.drawing.grid import Cell, Grid, Row
from obverse.web.pages.explore.catalogue import OVERLAY, OVERLAY_PATH, navigation
from obverse.web.pages.figures import count, day_name, money_estimate, percent, plural, span
from obverse.web.pages.frame import CARRIED, Link, held_by, period_named
from obverse.web.pages.overlay.asking import DRAWN, VIEWED, VITAL, Device, Place
from obverse.web.pages.overlay.drawn import Drawing, newest
from obverse.web.pages.overlay.parts import FormTable, errors_of, forms_of, good, vitals_of
from obverse.web.pages.overlay.rows import (
    DOES,
    SHOWN,
    ElementRow,
    Show,
    Side,
    converters_of,
    element_grid,
    element_rows,
    is_compared,
    readable,
    shades_of,
    shades_of_all,
    shades_of_worth,
)
from obverse.web.pages.overlay.wire import Wire, wire
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.part import Part, Sentence
from obverse.web.pages.snippet import OWN_CLIENT, Snippet

DEVICES: dict[Device, str] = {"desktop": "Desktop", "phone": "Phone"}
MOST_PAGES = 50
_ACTS = frozenset(
    {"Element Clicked", "Rage Clicked", "Dead Clicked", "Error Met", "Form Started", VIEWED, DRAWN}
)


@dataclass(frozen=True)
class Overlay:
    """All that is told of one page on one device.

    Attributes:
        answer: in a sentence.
        wires: the page as converters use it and as all others do, or as everyone does; empty where no client
            drew it.
        compared: converters and others are shown side by side.
        drawn: when it was drawn, in words.
        elements: ranked.
        forms: where they are given up.
        errors: that people ran into.
        vitals: how fast and steady it is.
        nothing: nobody was there.
    """

    answer: Sentence
    wires: tuple[Wire, ...]
    compared: bool
    drawn: str
    elements: Grid
    forms: tuple[FormTable, ...]
    errors: Grid
    vitals: Grid
    nothing: bool


@dataclass(frozen=True, kw_only=True)
class OverlayPage(Page):
    """What people look at, press and run into on a page, drawn over it."""

    template: ClassVar[str] = "overlay.html"
    section: ClassVar[str] = "/explore"

    path: Annotated[str, "The page, or a pattern of pages with * for anything; empty to choose one."]
    period_name: Annotated[str, "The period, in words."]
    conversion: Annotated[str, "The event that makes a converter."]
    pages: Annotated[Panel[Grid], "Pages to choose from, where none is chosen."]
    overlay: Annotated[Panel[Overlay], "What is told of the page."]
    devices: Annotated[tuple[Link, ...], "The same on the other device."] = ()
    shows: Annotated[tuple[Link, ...], "The same for other things that people do."] = ()
    device: Annotated[str, "As whose screens are meant, in words."] = ""
    shown: Annotated[str, "What the wireframes show, in words."] = ""
    does: Annotated[str, "What somebody does who counts there, in words."] = ""
    hidden: Annotated[tuple[tuple[str, str], ...], "What the form keeps beside the path."] = ()
    held: Annotated[tuple[Link, ...], "The same without its filter, without its segment."] = ()
    others: Annotated[str, "Address of the list of pages."] = ""
    unrecorded: Annotated[bool, "No client has ever told of acts."] = False
    snippets: Annotated[tuple[Snippet, ...], "How to record acts, where nobody does."] = ()


def build(asked: Asked) -> Response[bytes]:
    """Build the page."""
    path = asked.address.get("path").strip()
    names = {name for name, _ in asked.lake.names()}
    unrecorded = not names & _ACTS
    made = _chosen(asked, path, names) if path else _choose(asked, unrecorded)
    return asked.show(
        made, flips=bool(path) and not unrecorded, periods=True, measures=navigation(asked.address, OVERLAY)
    )


def _base(asked: Asked, path: str) -> dict[str, Any]:
    shared = asked.address.keep((*CARRIED, "device", "show"))
    return {
        "title": f"{path[:60]} · acts" if path else "Acts on the page",
        "path": path,
        "period_name": period_named(asked.address, asked.view.period),
        "conversion": asked.values.conversion_event,
        "hidden": shared.pairs,
        "held": held_by(asked.address),
        "others": str(shared),
    }


def _choose(asked: Asked, unrecorded: bool) -> OverlayPage:
    return OverlayPage(
        **_base(asked, ""),
        pages=Panel() if unrecorded else panel(lambda: _pages(asked)),
        overlay=Panel(),
        unrecorded=unrecorded,
        snippets=asked.snippets(OWN_CLIENT) if unrecorded else (),
    )


def _pages(asked: Asked) -> Grid:
    """List the pages where people are known to do something, then those that most people were on."""
    found = cast("ActAnswer", asked.lake.ask(Act(**_scope(asked), n_rows=1, n_forms=1)))
    here = asked.address.keep((*CARRIED, "device", "show"))
    rows = []
    for page in sorted(found.pages, key=lambda page: not page.acts)[:MOST_PAGES]:
        people = {act.kind: act.people for act in page.acts}
        cells = (
            Cell(count(people[kind])) if kind in people else Cell("—")
            for kind in ("click", "rage", "dead", "error")
        )
        href = str(here.put(path=page.name)) if page.name.startswith("/") else ""
        rows.append(Row(page.name, (Cell(count(page.people), href), *cells)))
    return Grid(("page", "people", "who clicked", "in rage", "in vain", "met an error"), tuple(rows))


def _scope(asked: Asked) -> dict[str, Any]:
    """Read period, filter and segment."""
    address, view = asked.address, asked.view
    start, end = address.get("start") or None, address.get("end") or None
    if start is None and end is None and view.period != "all":
        days = int(view.period.removesuffix("d"))
        start = (asked.now.astimezone(view.zone).date() - timedelta(days=days - 1)).isoformat()
    zone = view.zone_text if view.zone_problem is None else "UTC"
    where, segment = address.get("where") or None, address.get("segment") or None
    return {"start": start, "end": end, "zone": zone, "where": where, "segment": segment}


def _chosen(asked: Asked, path: str, names: set[str]) -> OverlayPage:
    zone, table = asked.view.zone, asked.lake.table
    drawings: dict[Device, Drawing | None] = {}
    wanted = asked.address.get("device")
    show = cast("Show", asked.address.get("show") if asked.address.get("show") in SHOWN else "linger")

    def fill() -> Overlay:
        if DRAWN in names:
            drawings.update({one: newest(table, path, one, zone) for one in DEVICES})
        return _told(asked, path, _device(wanted, drawings), show, names, drawings)

    filled = panel(fill)
    device = _device(wanted, drawings)
    return OverlayPage(
        **_base(asked, path),
        pages=Panel(),
        overlay=filled,
        device="on phones" if device == "phone" else "on desktops",
        shown=SHOWN[show].lower(),
        does=DOES[show],
        devices=_links(asked.address, "device", DEVICES, device),
        shows=_links(asked.address, "show", SHOWN, show),
        unrecorded=not names & _ACTS,
        snippets=asked.snippets(OWN_CLIENT) if not names & _ACTS else (),
    )


def _device(wanted: str, drawings: dict[Device, Drawing | None]) -> Device:
    """Take the device that is asked for, else the one of which there is a picture."""
    if wanted in DEVICES:
        return wanted
    return "phone" if drawings.get("phone") and not drawings.get("desktop") else "desktop"


def _links(address: Address, name: str, choices: Any, current: str) -> tuple[Link, ...]:
    return tuple(
        Link(key, text, str(address.put(**{name: key})), key == current) for key, text in choices.items()
    )


def _told(
    asked: Asked,
    path: str,
    device: Device,
    show: Show,
    names: set[str],
    drawings: dict[Device, Drawing | None],
) -> Overlay:
    fields = frozenset(one.name for one in asked.lake.tape.fields())
    place = Place(
        path=path, device=device, fields=fields, conversion=asked.values.conversion_event, **_scope(asked)
    )
    acts = cast("ActAnswer", asked.lake.ask(place.acts()))
    views = cast("LingerAnswer", asked.lake.ask(place.views())) if VIEWED in names else None

    def link(question: Question, pick: Pick) -> str:
        return links_behind(question, asked.address)(pick)

    def behind(row: ElementRow) -> str:
        if show == "linger":
            return link(views.question, {"page": row.name}) if views is not None and row.view else ""
        act = row.acts.get(show)
        return link(acts.question, act_pick(acts, act)) if act is not None else ""

    side = cast("Side", asked.view.side)
    rows = element_rows(acts, views, show, side)
    drawing = drawings.get(device)
    return Overlay(
        answer=_sentence(acts, views, path, device, side),
        wires=_wires(drawing, acts, rows, show, side, behind) if drawing is not None else (),
        compared=is_compared(rows),
        drawn=day_name(drawing.at) if drawing is not None and drawing.at is not None else "",
        elements=element_grid(rows, acts, views, link, show, side),
        forms=forms_of(acts, link),
        errors=errors_of(acts, link),
        vitals=_vitals(asked, place) if VITAL in names else Grid((), ()),
        nothing=not acts.people and not rows,
    )


def _vitals(asked: Asked, place: Place) -> Grid:
    slow = cast("ActAnswer", asked.lake.ask(place.slow(good())))
    return vitals_of(cast("LingerAnswer", asked.lake.ask(place.vitals())), slow)


def _wires(
    drawing: Drawing,
    acts: ActAnswer,
    rows: tuple[ElementRow, ...],
    show: Show,
    side: Side,
    behind: Callable[[ElementRow], str],
) -> tuple[Wire, ...]:
    """Lay the page out as converters use it and as all others do; once, where one of them are not there.

    On the side of value as those spend who did what is shown, and as those do who did not.
    """
    if side == "value":
        names = {True: f"each who {DOES[show]}", False: "each of all others"}
        return tuple(
            wire(drawing, shades_of_worth(rows, show, did, acts.currency, behind), name)
            for did, name in names.items()
        )
    if not is_compared(rows):
        return (wire(drawing, shades_of_all(rows, show, behind), "everyone"),)
    converters, others = converters_of(acts)
    return (
        wire(drawing, shades_of(rows, show, True, behind), f"{count(converters)} who converted"),
        wire(drawing, shades_of(rows, show, False, behind), f"{count(others)} who did not"),
    )


def _sentence(acts: ActAnswer, views: LingerAnswer | None, path: str, device: Device, side: Side) -> Sentence:
    where = (Part(path, "name"), Part(f" {'on phones' if device == 'phone' else 'on desktops'}"))
    if not acts.people:
        return (Part("Nobody was on "), *where, Part("."))
    said = [Part(f"{count(acts.people)} {plural(acts.people, 'person', 'people')}", "people")]
    said += [Part(f" {plural(acts.people, 'was', 'were')} on "), *where]
    if side == "value":
        return (*said, *_spent(acts), Part("."))
    timed = [page for page in views.pages if page.median_s.value is not None] if views else []
    if timed:
        longest = max(timed, key=lambda page: page.total_s)
        said += [Part("; most time goes to "), Part(readable(longest.name), "name")]
        said += [Part(f", half look longer than {span(longest.median_s.value)}")]
    clicks = [row for row in acts.elements if row.kind == "click"]
    if clicks:
        most = max(clicks, key=lambda row: row.people)
        said += [Part("; most click "), Part(readable(most.element or ""), "name")]
        said += [Part(f" ({percent(most.share.value)})")]
    return (*said, Part("."))


def _spent(acts: ActAnswer) -> Sentence:
    worth = acts.pages[0].value if acts.pages else None
    if worth is None or not worth.value:
        return (Part("; nobody of them converted within a day"),)
    text, between = money_estimate(worth.value, worth.low, worth.high, acts.currency)
    said = [Part("; within a day they spent "), Part(text, "value"), Part(f" ({between})" if between else "")]
    clicks = [row for row in acts.elements if row.kind == "click" and row.value.value]
    if clicks:
        most = max(clicks, key=lambda row: row.value.value or 0.0)
        share = percent((most.value.value or 0.0) / worth.value)
        said += [Part(f", {share} of it those who click "), Part(readable(most.element or ""), "name")]
    return tuple(said)


@get(OVERLAY_PATH)
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show what people do on a page, over the page itself."""
    return await answer(request, build)
