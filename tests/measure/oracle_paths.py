"""What paths must be, worked out in plain Python from lists of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from tests.measure.layouts import Happening

LEFT, OPEN, BEGAN, MORE = "(left)", "(not over yet)", "(began)", "(more steps)"
Test = Callable[[Happening], bool]


def never(event: Happening) -> bool:
    return False


@dataclass(frozen=True)
class Rules:
    """What is asked; times in µs."""

    newest: int
    is_step: Test = lambda event: True
    place: Callable[[Happening], str] = lambda event: event.name
    after: Test | None = None
    before: Test | None = None
    excluded: Test = never
    goal: Test = never
    earns: Test = never
    steps: int = 5
    fold: bool = True
    gap: int | None = 30 * 60_000_000
    within: int | None = None
    every: bool = False
    whole: bool = False
    start: int = -(1 << 61)
    end: int = 1 << 61


@dataclass(frozen=True)
class Shown:
    """One step of a path: where, since when, whether the goal was reached and what was earned later."""

    place: str
    time: int
    reached: bool = False
    money: float = 0.0


@dataclass(frozen=True)
class Path:
    """One path: its steps, the column of the first, and what was before and after."""

    unit: int
    steps: tuple[Shown, ...]
    column: int = 0
    head: str | None = None
    tail: str | None = None


@dataclass
class Trail:
    """A person's steps with no silence between them, and the goals and money that belong to them."""

    unit: int
    steps: list[Happening]
    gains: list[Happening] = field(default_factory=list)


def position(event: Happening) -> tuple[int, int]:
    return event.time, event.seq


def all_paths(events: Iterable[Happening], rules: Rules) -> list[Path]:
    """Every path of everyone."""
    people: dict[int, list[Happening]] = {}
    for event in sorted(events, key=position):
        people.setdefault(event.unit, []).append(event)
    return [
        path
        for _, own in sorted(people.items())
        for trail in trails(own, rules)
        for path in paths(trail, rules)
    ]


def trails(own: Sequence[Happening], rules: Rules) -> list[Trail]:
    pins = [test for test in (rules.after, rules.before) if test is not None]
    found: list[Trail] = []
    for event in own:
        is_step = (rules.is_step(event) or any(pin(event) for pin in pins)) and not rules.excluded(event)
        silent = not found or (rules.gap is not None and event.time - found[-1].steps[-1].time > rules.gap)
        if is_step and silent:
            found.append(Trail(event.unit, []))
        if is_step:
            found[-1].steps.append(event)
        if found and (is_step or not silent):
            found[-1].gains.append(event)
    return found


def paths(trail: Trail, rules: Rules) -> list[Path]:
    if rules.after and rules.before:
        return between(trail, rules)
    if rules.before:
        return leading_up(trail, rules)
    return onward(trail, rules)


def in_period(event: Happening, rules: Rules) -> bool:
    return rules.start <= event.time < rules.end


def folded(steps: Sequence[Happening], rules: Rules) -> list[list[Happening]]:
    """Steps in groups of the same place, or each by itself."""
    groups: list[list[Happening]] = []
    for step in steps:
        if groups and rules.fold and place_of(groups[-1][0], rules) == place_of(step, rules):
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def place_of(event: Happening, rules: Rules) -> str:
    """A step's place; an event that is no step but for `after` or `before` is called by its name."""
    return rules.place(event) if rules.is_step(event) else event.name


def shown(
    groups: Sequence[list[Happening]], trail: Trail, rules: Rules, until: int | None
) -> tuple[Shown, ...]:
    """The steps with what comes at or after them, up to an instant."""
    found = []
    for first in (group[0] for group in groups):
        later = [
            gain
            for gain in trail.gains
            if position(gain) >= position(first) and (until is None or gain.time <= until)
        ]
        reached = any(rules.goal(gain) for gain in later)
        money = sum(gain.value for gain in later if rules.earns(gain))
        found.append(Shown(place_of(first, rules), first.time, reached, money))
    return tuple(found)


def onward(trail: Trail, rules: Rules) -> list[Path]:
    found: list[Path] = []
    free = 0
    for number, step in enumerate(trail.steps):
        if rules.after is not None:
            begins = rules.after(step) and in_period(step, rules)
        elif rules.gap is not None:
            begins = number == 0 and in_period(step, rules)
        else:
            begins = in_period(step, rules)
        if not begins or number < free:
            continue
        until = None if rules.within is None else step.time + rules.within
        rest = [one for one in trail.steps[number:] if until is None or one.time <= until]
        groups = folded(rest, rules)
        if not rules.whole and len(groups) > rules.steps:
            free = number + sum(len(group) for group in groups[: rules.steps])
            groups, tail = groups[: rules.steps], None
        else:
            free = number + len(rest)
            tail = LEFT if is_over(trail, rest, step, rules) else OPEN
        found.append(Path(trail.unit, shown(groups, trail, rules, until), 0, None, tail))
        if not rules.every:
            break
    return found


def is_over(trail: Trail, rest: Sequence[Happening], first: Happening, rules: Rules) -> bool:
    if rest[-1] is not trail.steps[-1] or (rules.gap is None and rules.within is None):
        return True
    silent = rules.gap is not None and rules.newest - rest[-1].time > rules.gap
    return silent or (rules.within is not None and rules.newest - first.time > rules.within)


def leading_up(trail: Trail, rules: Rules) -> list[Path]:
    assert rules.before is not None
    found: list[Path] = []
    floor = 0
    for number, end in enumerate(trail.steps):
        if not rules.before(end) or not in_period(end, rules):
            continue
        earlier = [
            one
            for one in trail.steps[floor : number + 1]
            if rules.within is None or one.time >= end.time - rules.within
        ]
        groups = folded(earlier, rules)
        until = None if rules.within is None else end.time + rules.within
        if rules.whole:
            found.append(Path(trail.unit, shown(groups, trail, rules, until), 0, None, LEFT))
        else:
            head = BEGAN if len(groups) <= rules.steps else None
            last = groups[-rules.steps :]
            path = Path(trail.unit, shown(last, trail, rules, until), rules.steps - len(last), head)
            found.append(path)
        if not rules.every:
            break
        floor = number + 1
    return found


def between(trail: Trail, rules: Rules) -> list[Path]:
    assert rules.after is not None
    assert rules.before is not None
    found: list[Path] = []
    free = 0
    for number, first in enumerate(trail.steps):
        if number < free or not rules.after(first) or not in_period(first, rules):
            continue
        end = next((n for n in range(number + 1, len(trail.steps)) if rules.before(trail.steps[n])), None)
        if end is None or (rules.within is not None and trail.steps[end].time - first.time > rules.within):
            continue
        groups = folded(trail.steps[number : end + 1], rules)
        until = None if rules.within is None else first.time + rules.within
        if rules.whole or len(groups) <= rules.steps:
            steps = shown(groups, trail, rules, until)
        else:
            kept = [*groups[: rules.steps - 1], groups[-1]]
            steps = shown(kept, trail, rules, until)
            steps = (*steps[:-2], replace(steps[-2], place=MORE), steps[-1])
        found.append(Path(trail.unit, steps, 0, None, LEFT if rules.whole else None))
        if not rules.every:
            break
        free = end + 1
    return found
