"""The stages as plainly as can be: the stage of everybody is found anew for every instant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

LADDER = ("visitor", "engaged", "prospect", "customer", "repeat")
CUSTOMERS = ("customer", "repeat", "lapsed")


@dataclass(frozen=True)
class Rule:
    """What makes stages; `engaged`, `prospect` and `conversion` are names of events."""

    engaged_after: int
    by_days: bool
    lapse: int
    by_conversion: bool
    zone: ZoneInfo
    engaged: str | None = None
    prospect: str = "Add"
    conversion: str = "Buy"


def local(time: int, zone: ZoneInfo) -> Any:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).astimezone(zone).date()


def stage(rule: Rule, acts: Sequence[Any], instant: int) -> str:
    """Where somebody with these events stands at an instant."""
    past = [act for act in acts if act.time < instant]
    if not past:
        return "new"
    days = {local(act.time, rule.zone) for act in past}
    bought = [act.time for act in past if act.name == rule.conversion]
    found = "visitor"
    if (len(days) if rule.by_days else len(past)) >= rule.engaged_after:
        found = "engaged"
    if any(act.name == rule.engaged for act in past):
        found = "engaged"
    if any(act.name == rule.prospect for act in past):
        found = "prospect"
    if bought:
        found = "customer"
    if len(bought) > 1:
        found = "repeat"
    last = max(bought) if bought and rule.by_conversion else max(act.time for act in past)
    if instant - last >= rule.lapse:
        return "lapsed" if bought else "dormant"
    return found


def people(acts: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for act in sorted(acts, key=lambda act: (act.time, act.seq)):
        found.setdefault(act.person, []).append(act)
    return found


def rows(rule: Rule, acts: Sequence[Any], edges: Sequence[int], before: int) -> list[dict[str, Any]]:
    """Stands, flows, lives and money of each row."""
    found = []
    for number, (start, end) in enumerate(pairwise(edges)):
        row: dict[str, Any] = {
            name: Counter() for name in ("stands", "flows", "lives", "worth", "so_far", "life_worth")
        }
        previous = edges[number - 1] if number else before
        for own in people(acts).values():
            here, there = stage(rule, own, start), stage(rule, own, end)
            if there == "new":
                continue
            row["stands"][there] += 1
            row["flows"][here, there] += 1
            spent = sum(a.value for a in own if a.name == rule.conversion and start <= a.time < end)
            row["worth"][there] += spent
            row["so_far"][there] += sum(a.value for a in own if a.name == rule.conversion and a.time < end)
            life = _life(own, previous, start, end)
            if life:
                row["lives"][life] += 1
                row["life_worth"][life] += spent
        found.append(row)
    return found


def _life(own: Sequence[Any], previous: int, start: int, end: int) -> str | None:
    now = any(start <= act.time < end for act in own)
    before = any(previous <= act.time < start for act in own)
    earlier = any(act.time < previous for act in own)
    if not now:
        return "dormant" if before else None
    if before:
        return "returning"
    return "resurrected" if earlier else "new"


def moves(
    rule: Rule, acts: Sequence[Any], edges: Sequence[int], whole: Callable[[int], bool]
) -> dict[tuple[str, str], tuple[int, int]]:
    """For each stage and move, how many rows moved somebody so, of how many that began there."""
    found: Counter[tuple[str, str, str]] = Counter()
    for row in range(len(edges) - 1):
        if not whole(row):
            continue
        for own in people(acts).values():
            here, there = stage(rule, own, edges[row]), stage(rule, own, edges[row + 1])
            if here == "new":
                continue
            quiet = there in ("lapsed", "dormant")
            up = (
                here in ("lapsed", "dormant") or LADDER.index(here) < LADDER.index(there)
                if not quiet
                else False
            )
            marks = {
                "on": up and here != there,
                "converted": here not in CUSTOMERS and there in CUSTOMERS,
                "silent": quiet and here not in ("lapsed", "dormant"),
            }
            for move, happened in marks.items():
                found[here, move, "n"] += 1
                found[here, move, "x"] += happened
    return {(s, m): (found[s, m, "x"], found[s, m, "n"]) for s, m, kind in found if kind == "n"}


def activity(rule: Rule, acts: Sequence[Any], start: int, end: int) -> dict[str, tuple[int, int]]:
    """Who did each event in a period: not customers by its end, customers."""
    found: dict[str, list[int]] = {}
    for own in people(acts).values():
        customer = any(act.name == rule.conversion and act.time < end for act in own)
        for name in {act.name for act in own if start <= act.time < end}:
            found.setdefault(name, [0, 0])[customer] += 1
    return {name: (a, b) for name, (a, b) in found.items()}


def touches(
    rule: Rule, acts: Sequence[Any], start: int, end: int, field: str
) -> dict[str, tuple[int, float]]:
    """Where people were last before their first conversion in a period, and its money."""
    found: dict[str, tuple[int, float]] = {}
    for own in people(acts).values():
        at = next((n for n, act in enumerate(own) if act.name == rule.conversion), None)
        if at is None or not start <= own[at].time < end:
            continue
        place = own[at - 1].fields[field] if at else "(nothing before)"
        n, worth = found.get(place, (0, 0.0))
        found[place] = n + 1, worth + own[at].value
    return found
