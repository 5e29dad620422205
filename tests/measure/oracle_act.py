"""What acts must come to, worked out in plain Python from lists of events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Row = dict[str, float]


@dataclass(frozen=True)
class Deed:
    """One event: its name says its part in the question."""

    unit: int
    time: int
    seq: int
    name: str
    page: str | None = None
    element: str | None = None
    form: str | None = None
    field: str | None = None
    value: float = 0.0


@dataclass(frozen=True)
class Rules:
    """What is asked; times in µs."""

    newest: int
    within: int
    form_within: int
    rage_clicks: int
    rage_gap: int
    start: int = -(1 << 61)
    end: int = 1 << 61


PRESENT = ("view", "click", "rage", "dead", "error", "form_start", "form_field", "form_submit")


def people_of(deeds: Iterable[Deed]) -> dict[int, list[Deed]]:
    found: dict[int, list[Deed]] = defaultdict(list)
    for deed in sorted(deeds, key=lambda one: (one.time, one.seq)):
        found[deed.unit].append(deed)
    return found


def shown(value: str | None) -> str:
    return "(no value)" if value is None else value


def bursts(own: Sequence[Deed], rules: Rules) -> list[Deed]:
    """The clicks that make a burst: the n-th of a chain on one element."""
    found, chain = [], 0
    last: Deed | None = None
    for click in (one for one in own if one.name == "click"):
        same = last is not None and (last.page, last.element) == (click.page, click.element)
        chain = chain + 1 if same and last is not None and click.time - last.time <= rules.rage_gap else 1
        if chain == rules.rage_clicks:
            found.append(click)
        last = click
    return found


def pages_and_acts(
    deeds: Sequence[Deed], rules: Rules
) -> tuple[dict[str, Row], dict[tuple[str, str | None, str], Row]]:
    """Rows of pages, and of acts by page, element (None for all) and kind."""
    pages: dict[str, Row] = defaultdict(Counter)  # type: ignore[arg-type]
    acts: dict[tuple[str, str | None, str], Row] = defaultdict(Counter)  # type: ignore[arg-type]
    for own in people_of(deeds).values():
        inside = [one for one in own if rules.start <= one.time < rules.end]
        for page in {shown(one.page) for one in inside if one.name in PRESENT}:
            here = [one for one in inside if one.name in PRESENT and shown(one.page) == page]
            came = min(one.time for one in here)
            orders = [
                one for one in own if one.name == "conversion" and came <= one.time <= came + rules.within
            ]
            worth = sum(one.value for one in orders)
            row = pages[page]
            row["people"] += 1
            row["converted"] += bool(orders)
            row["open"] += not orders and rules.newest - came <= rules.within
            row["worth"] += worth
            done = [(one.name, one) for one in here if one.name in ("click", "rage", "dead", "error")]
            done += [("burst", one) for one in bursts(inside, rules) if shown(one.page) == page]
            for kind in {kind for kind, _ in done}:
                mine = [one for other, one in done if other == kind]
                for element in {None, *(shown(one.element) for one in mine)}:
                    these = [one for one in mine if element is None or shown(one.element) == element]
                    first = min(one.time for one in these)
                    did = first <= came + rules.within and (not orders or first <= orders[0].time)
                    act = acts[page, element, kind]
                    act["times"] += len(these)
                    act["people"] += 1
                    act["did"] += did
                    act["converted"] += did and bool(orders)
                    act["worth"] += worth if did else 0
    return pages, acts


def converters(deeds: Sequence[Deed], rules: Rules) -> set[tuple[int, str]]:
    """Who converted in time after they came to which page."""
    found = set()
    for unit, own in people_of(deeds).items():
        for one in own:
            if one.name in PRESENT and rules.start <= one.time < rules.end:
                page = shown(one.page)
                came = min(
                    other.time
                    for other in own
                    if other.name in PRESENT
                    and shown(other.page) == page
                    and rules.start <= other.time < rules.end
                )
                if any(
                    other.name == "conversion" and came <= other.time <= came + rules.within for other in own
                ):
                    found.add((unit, page))
    return found


@dataclass
class Attempt:
    """One try at a form."""

    unit: int
    page: str
    form: str
    since: int
    touched: list[tuple[str, int]]
    outcome: str = ""
    last: int = 0


def attempts(deeds: Sequence[Deed], rules: Rules) -> list[Attempt]:
    """Every attempt of everyone that began in the period."""
    found: list[Attempt] = []
    for own in people_of(deeds).values():
        running: dict[str, Attempt] = {}
        for one in (deed for deed in own if deed.name.startswith("form_")):
            form = shown(one.form)
            attempt = running.get(form)
            if attempt is not None and one.time > attempt.since + rules.form_within:
                attempt.outcome = "abandoned"
                attempt = None
            if attempt is None:
                attempt = Attempt(one.unit, shown(one.page), form, one.time, [], last=one.time)
                running[form] = attempt
                found.append(attempt)
            if one.name == "form_field":
                attempt.touched.append((shown(one.field), one.time - attempt.last))
                attempt.last = one.time
            if one.name == "form_submit":
                attempt.outcome = "submitted"
                del running[form]
        for attempt in running.values():
            late = rules.newest > attempt.since + rules.form_within
            attempt.outcome = attempt.outcome or ("abandoned" if late else "open")
    return [one for one in found if rules.start <= one.since < rules.end]
