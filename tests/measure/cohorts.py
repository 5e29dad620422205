"""What tests of retention share: asking, and events told as small stories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from obverse.measure.picture import Heat, Lines, Pick
from obverse.measure.protocol import Facts
from obverse.measure.retention import Retention, RetentionAnswer, RetentionInterval, RetentionMeasure
from obverse.tape.layout import Layout
from tests.measure.layouts import DAY, Happening, lay
from tests.measure.oracle_retention import midnight

MEASURE = RetentionMeasure()
HOUR = DAY // 24


def answered(question: Retention, layout: Layout) -> RetentionAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def ask(question: Retention, events: Sequence[Happening], newest: int | None = None) -> RetentionAnswer:
    n_units = max((event.unit for event in events), default=-1) + 1
    return answered(question, lay(MEASURE.plan(question), events, n_units, newest=newest))


def at(text: str, zone: str = "UTC") -> int:
    """An instant on a day of March 2026: ``02 14:30``."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    local_midnight = midnight(date(2026, 3, 1), ZoneInfo(zone))
    if zone == "UTC":
        return local_midnight + (int(day) - 1) * DAY + int(hour) * HOUR + int(minute) * HOUR // 60
    moment = datetime(2026, 3, int(day), int(hour), int(minute), tzinfo=ZoneInfo(zone))
    return round(moment.timestamp()) * 1_000_000


def story(*happened: tuple[int, str, str], zone: str = "UTC", **fields: Any) -> list[Happening]:
    """Events as (person, when, name), in the order of their arrival."""
    return [
        Happening(unit, at(when, zone), seq, name, **fields)
        for seq, (unit, when, name) in enumerate(happened, 1)
    ]


def shares(answer: RetentionAnswer) -> list[float | None]:
    return [one.share.value for one in answer.intervals]


def cells(answer: RetentionAnswer) -> dict[str, list[int]]:
    return {cohort.name: [cell.people for cell in cohort.cells] for cohort in answer.cohorts}


DAILY = Retention(start_event="Start", return_event="Back", interval="day", n_intervals=3)


def many(n: int, hit: int, day: int = 2, first: int = 0) -> list[Happening]:
    """People who start on a day of March, some of whom are back on the next."""
    events = []
    for number in range(n):
        unit = first + number
        events.append(Happening(unit, at(f"{day:02} 10:00"), 2 * unit + 1, "Start"))
        if number < hit:
            events.append(Happening(unit, at(f"{day + 1:02} 10:00"), 2 * unit + 2, "Back"))
    return events


def shares_of(intervals: Sequence[RetentionInterval]) -> list[float | None]:
    return [one.share.value for one in intervals]


def picks_of(picture: Any) -> list[Pick | None]:
    if isinstance(picture, Heat):
        return [pick for row in picture.picks for pick in row]
    assert isinstance(picture, Lines)
    return [pick for line in picture.series for pick in line.picks]
