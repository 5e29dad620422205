"""Paths against plain Python, whatever is asked, and the rules by name."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.paths import Paths, PathsAnswer, PathsMeasure
from obverse.measure.paths.picturing import stream_pick
from obverse.measure.paths.places import places_of
from obverse.measure.paths.state import State
from obverse.measure.paths.summary import PathsSummary
from obverse.measure.picture import Bars, Flow, Heat
from obverse.measure.protocol import Facts
from tests.measure import oracle_paths as oracle
from tests.measure.laws import check_laws
from tests.measure.layouts import SECOND, Happening
from tests.measure.named import lay_named

MEASURE = PathsMeasure()
MINUTE = 60 * SECOND
EPOCH = 1_767_225_600 * SECOND  # 2026-01-01
N_UNITS = 4
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=40 if WITHOUT_JIT else 120)


@st.composite
def worlds(draw: st.DrawFn) -> list[Happening]:
    return [
        Happening(
            unit=draw(st.integers(0, N_UNITS - 1)),
            time=EPOCH + draw(st.integers(0, 20)) * 10 * MINUTE,
            seq=seq,
            name=draw(st.sampled_from("AABBCD")),
            hot=draw(st.booleans()),
            value=float(draw(st.integers(-1, 5))),
            label=draw(st.sampled_from(["/p/1", "/p/2", "/cart", "/", None])),
        )
        for seq in range(1, draw(st.integers(1, 40)))
    ]


@st.composite
def questions(draw: st.DrawFn) -> Paths:
    after = draw(st.sampled_from([None, None, "A", "A or B [hot]"]))
    before = draw(st.sampled_from([None, None, "C", "A or C", "D"]))
    whole = draw(st.booleans())
    return Paths(
        after=after,
        before=before,
        steps=draw(st.integers(3 if after and before else 2, 5)),
        place=draw(st.sampled_from(["event", "page"])),
        events=draw(st.sampled_from(["*", "*", "A or B or D"])),
        exclude=draw(st.sampled_from([None, None, "B", "B [hot]"])),
        fold=draw(st.booleans()),
        trail=draw(st.sampled_from(["session", "person"])),
        within=draw(st.sampled_from([None, "20m", "1h"])),
        count=draw(st.sampled_from(["first", "every"])) if after or before else "first",
        whole=whole,
        goal=draw(st.sampled_from([None, "D", "B [hot]"])),
        value=draw(st.sampled_from([None, "C"])),
        start=draw(st.sampled_from([None, "2026-01-01T00:30"])),
        end=draw(st.sampled_from([None, "2026-01-01T02:30"])),
        n_places=50,
        n_streams=200,
        n_paths=100,
    )


def ahead(question: Paths) -> Paths:
    """Ask for no more than the way forwards, which is followed without a list of all that people did."""
    return msgspec.structs.replace(question, before=None, goal=None, value=None, within=None, count="first")


ANY = st.one_of(questions(), questions().map(ahead))

TESTS: dict[str, oracle.Test] = {
    "*": lambda event: True,
    "A": lambda event: event.name == "A",
    "B": lambda event: event.name == "B",
    "C": lambda event: event.name == "C",
    "D": lambda event: event.name == "D",
    "A or C": lambda event: event.name in "AC",
    "A or B or D": lambda event: event.name in "ABD",
    "B [hot]": lambda event: event.name == "B" and event.hot,
    "A or B [hot]": lambda event: event.name in "AB" and event.hot,
}
PAGES = {"/p/1": "/p/*", "/p/2": "/p/*", None: "(no value)"}


def rules_of(question: Paths, newest: int) -> oracle.Rules:
    named = {name: TESTS[text] for name in ("after", "before") if (text := getattr(question, name))}
    start, end = question.period_us
    earning = question.value or question.goal
    return oracle.Rules(
        newest=newest,
        is_step=TESTS[question.events],
        place=(lambda event: event.name)
        if question.place == "event"
        else (lambda event: PAGES.get(event.label, event.label or "")),
        **named,
        excluded=TESTS[question.exclude] if question.exclude else oracle.never,
        goal=TESTS[question.goal] if question.goal else oracle.never,
        earns=TESTS[earning] if earning else oracle.never,
        steps=question.steps,
        fold=question.fold,
        gap=question.gap_us if question.trail == "session" else None,
        within=question.within_us,
        every=question.count == "every",
        whole=question.whole,
        start=start,
        end=end,
    )


def told(question: Paths, events: Sequence[Happening], newest: int | None = None) -> PathsAnswer:
    layout = lay_named(MEASURE.plan(question), events, N_UNITS, newest)
    summary = MEASURE.scan(question, layout, range(N_UNITS))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def column_of(path: oracle.Path, step: int, question: Paths) -> int:
    return 0 if question.whole else path.column + step + 1


@PROFILE
@given(ANY, worlds(), st.sampled_from([0, 15, 45]))
def test_every_number_is_what_plain_counting_gives(
    question: Paths, events: list[Happening], later: int
) -> None:
    newest = max((event.time for event in events), default=EPOCH) + later * MINUTE
    want = oracle.all_paths(events, rules_of(question, newest))
    got = told(question, events, newest)
    assert (got.n_paths, got.people) == (len(want), len({path.unit for path in want}))
    assert got.open == sum(path.tail == oracle.OPEN for path in want)
    if question.goal and want:
        assert got.goal is not None
        assert got.goal.value == pytest.approx(sum(path.steps[0].reached for path in want) / len(want))
    check_places(question, got, want)
    check_streams(question, got, want)
    check_whole(question, got, want)


def check_places(question: Paths, got: PathsAnswer, want: list[oracle.Path]) -> None:
    rows: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    people: dict[tuple[int, str], set[int]] = defaultdict(set)
    for path in want:
        seen: Counter[tuple[int, str]] = Counter()
        for number, step in enumerate(path.steps):
            key = column_of(path, number, question), step.place
            seen[key] += 1
            rows[key]["times"] += 1
            people[key].add(path.unit)
            if seen[key] == 1:
                rows[key]["paths"] += 1
                rows[key]["reached"] += step.reached
                rows[key]["money"] += step.money  # type: ignore[assignment]
            rows[key]["again"] += seen[key] == 2
        first = column_of(path, 0, question), path.steps[0].place
        last = column_of(path, len(path.steps) - 1, question), path.steps[-1].place
        rows[first]["began"] += question.whole or path.head == oracle.BEGAN
        rows[last]["left"] += path.tail == oracle.LEFT
        rows[last]["open"] += path.tail == oracle.OPEN
    assert {(row.column, row.name) for row in got.places} == set(rows)
    for row in got.places:
        key = row.column, row.name
        expected = rows[key]
        assert (row.times, row.paths, row.people) == (
            expected["times"],
            expected["paths"],
            len(people[key]),
        )
        assert (row.left, row.open, row.began) == (expected["left"], expected["open"], expected["began"])
        assert row.share.value == pytest.approx(row.paths / len(want))
        if question.goal:
            assert row.goal is not None
            assert row.goal.value == pytest.approx(expected["reached"] / row.paths)
        if question.goal or question.value:
            assert row.value is not None
            assert row.value.value == pytest.approx(expected["money"])
        if question.whole:
            assert row.again is not None
            assert row.again.value == pytest.approx(expected["again"] / row.paths)


def check_streams(question: Paths, got: PathsAnswer, want: list[oracle.Path]) -> None:
    times: Counter[tuple[int, str, str]] = Counter()
    reached: Counter[tuple[int, str, str]] = Counter()
    people: dict[tuple[int, str, str], set[int]] = defaultdict(set)
    paths: dict[tuple[int, str, str], set[int]] = defaultdict(set)
    took: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for number, path in enumerate(want):
        for at, (one, other) in enumerate(zip(path.steps, path.steps[1:], strict=False)):
            key = column_of(path, at, question), one.place, other.place
            times[key] += 1
            reached[key] += other.reached and number not in paths[key]
            people[key].add(path.unit)
            paths[key].add(number)
            took[key].append(other.time - one.time)
    ways = [row for row in got.streams if row.kind == "way"]
    assert {(row.column, row.source, row.target): row.times for row in ways} == times
    assert not [row for row in got.streams if row.kind == "rest"]
    for row in ways:
        key = row.column, row.source, row.target
        assert (row.paths, row.people) == (len(paths[key]), len(people[key]))
        exact = sorted(took[key])[(len(took[key]) + 1) // 2 - 1] / SECOND
        assert row.median_s == pytest.approx(exact, rel=0.25, abs=0.001)
        if question.goal:
            assert row.goal is not None
            assert row.goal.value == pytest.approx(reached[key] / len(paths[key]))
    for kind, sign in (("left", oracle.LEFT), ("open", oracle.OPEN)):
        assert sum(row.times for row in got.streams if row.kind == kind) == sum(
            path.tail == sign for path in want
        )


def check_whole(question: Paths, got: PathsAnswer, want: list[oracle.Path]) -> None:
    counts = Counter(tuple(step.place for step in path.steps) for path in want)
    assert got.variants.value == len(counts)
    assert {row.places: row.paths for row in got.paths if row.length <= 20} == {
        places: n for places, n in counts.items() if len(places) <= 20
    }
    assert [row.paths for row in got.paths] == sorted(counts.values(), reverse=True)
    for row in got.paths:
        mine = [path for path in want if tuple(step.place for step in path.steps)[:20] == row.places]
        if row.length <= 20 and row.length == len(row.places):
            mine = [path for path in mine if len(path.steps) == row.length]
            assert row.people == len({path.unit for path in mine})
            assert row.most == row.paths
            if question.goal:
                assert row.goal is not None
                assert row.goal.value == pytest.approx(
                    sum(path.steps[0].reached for path in mine) / len(mine)
                )


@PROFILE
@given(ANY, worlds(), st.lists(st.integers(0, N_UNITS), max_size=4))
def test_summaries_merge_however_people_are_split(
    question: Paths, events: list[Happening], cuts: list[int]
) -> None:
    layout = lay_named(MEASURE.plan(question), events, N_UNITS)
    check_laws(partial(MEASURE.scan, question, layout), N_UNITS, cuts)


@PROFILE
@given(ANY, worlds(), st.integers(1, 3), st.integers(1, 6), st.data())
def test_the_people_behind_a_number_are_as_many_as_it_says(
    question: Paths, events: list[Happening], n_places: int, n_streams: int, data: st.DataObject
) -> None:
    question = msgspec.structs.replace(question, n_places=n_places, n_streams=n_streams)
    layout = lay_named(MEASURE.plan(question), events, N_UNITS)
    got = told(question, events)
    want = oracle.all_paths(events, rules_of(question, layout.newest))
    assert MEASURE.behind(question, layout, {}).sum() == got.people
    for picture in got.pictures():
        if isinstance(picture, Flow):
            for node in picture.nodes:
                assert node.pick is not None
                behind = set(np.flatnonzero(MEASURE.behind(question, layout, node.pick)))
                named = {
                    row.name for row in got.places if row.column == node.column + 1 and row.kind == "place"
                }
                assert behind == {
                    path.unit for path in want if passes(path, question, node.column, node.name, named)
                }
        elif isinstance(picture, Bars):
            for bar, path in zip(picture.rows, got.paths, strict=False):
                if bar.pick and "path" in bar.pick:
                    assert MEASURE.behind(question, layout, bar.pick).sum() == path.people
    for row in got.streams:
        if row.kind == "way" and row.people is not None:
            pick = stream_pick(got, row)
            assert pick is not None
            assert MEASURE.behind(question, layout, pick).sum() == row.people


def passes(path: oracle.Path, question: Paths, column: int, name: str, named: set[str]) -> bool:
    """Say whether a path is behind a node of the flow."""
    if name in (oracle.LEFT, oracle.OPEN):
        return path.tail == name and path.column + len(path.steps) == column
    if name == oracle.BEGAN:
        return path.head == name and path.column - 1 == column
    here = column - path.column
    if not 0 <= here < len(path.steps):
        return False
    place = path.steps[here].place
    return place not in named if name.startswith("(other: ") else place == name


@PROFILE
@given(ANY, worlds(), st.integers(1, 3), st.integers(1, 6))
def test_each_column_adds_up_however_little_is_named(
    question: Paths, events: list[Happening], n_places: int, n_streams: int
) -> None:
    question = msgspec.structs.replace(question, n_places=n_places, n_streams=n_streams, n_paths=2)
    got = told(question, events)
    if question.whole:
        began = sum(row.began for row in got.places)
        assert began == got.n_paths
        ways = sum(row.times for row in got.streams if row.kind in ("way", "rest"))
        assert sum(row.times for row in got.places) == ways + began
        return
    for column in range(1, question.steps):
        here = [row for row in got.places if row.column == column]
        there = [row for row in got.places if row.column == column + 1]
        onward = sum(row.times for row in got.streams if row.column == column and row.kind in ("way", "rest"))
        began = sum(row.times for row in got.streams if row.column == column and row.kind == "began")
        assert sum(row.times for row in there) == onward + began
        if not question.before:
            assert sum(row.times for row in here) == onward + sum(row.left + row.open for row in here)
        assert len([row for row in here if row.kind == "place"]) <= n_places


# -- rules by name ----------------------------------------------------------------------------------------


def day(*steps: tuple[float, str], unit: int = 0, **fields: Any) -> list[Happening]:
    """One person's events: minutes and names."""
    return [
        Happening(unit, EPOCH + round(minute * MINUTE), 1_000 * unit + seq, name, **fields)
        for seq, (minute, name) in enumerate(steps, 1)
    ]


def names(got: PathsAnswer) -> list[tuple[str, ...]]:
    return [path.places for path in got.paths for _ in range(path.paths)]


def test_a_silence_of_just_the_gap_does_not_end_a_session_and_a_longer_one_does() -> None:
    got = told(Paths(), day((0, "A"), (30, "B"), (60.1, "C")))
    assert sorted(names(got)) == [("A", "B"), ("C",)]


def test_the_last_path_may_yet_go_on_and_earlier_ones_were_left() -> None:
    got = told(Paths(), day((0, "A"), (60, "B")))
    assert [(row.source, row.kind) for row in got.streams] == [("A", "left"), ("B", "open")]
    assert got.open == 1


def test_equal_times_are_in_the_order_of_arrival() -> None:
    assert names(told(Paths(), day((0, "B"), (0, "A"), (0, "C")))) == [("B", "A", "C")]


def test_loops_are_one_step_unless_asked_for() -> None:
    events = day((0, "A"), (1, "A"), (2, "B"), (3, "A"))
    assert names(told(Paths(), events)) == [("A", "B", "A")]
    assert names(told(Paths(fold=False), events)) == [("A", "A", "B", "A")]


def test_an_excluded_event_does_not_part_what_is_folded() -> None:
    events = day((0, "A"), (1, "X"), (2, "A"), (3, "B"))
    assert names(told(Paths(exclude="X"), events)) == [("A", "B")]


def test_an_excluded_event_begins_no_path() -> None:
    got = told(Paths(after="A", exclude="A"), day((0, "A"), (1, "B")))
    assert got.n_paths == 0
    assert got.sentence() == "There are no such paths."


def test_one_event_cannot_begin_and_end_a_path() -> None:
    assert told(Paths(after="A", before="A"), day((0, "A"), (1, "B"))).n_paths == 0
    assert names(told(Paths(after="A", before="A"), day((0, "A"), (1, "B"), (2, "A")))) == [("A", "B", "A")]


def test_between_two_ends_a_later_beginning_counts_where_the_first_is_too_early() -> None:
    events = day((0, "A"), (50, "A"), (55, "B"), (90, "C"))
    got = told(Paths(after="A", before="C", trail="person", within="1h"), events)
    assert names(got) == [("A", "B", "C")]
    assert got.streams[0].median_s == pytest.approx(5 * 60, rel=0.25)


def test_a_long_way_between_two_ends_keeps_both() -> None:
    events = day(*((minute, name) for minute, name in enumerate("ABCDEZ")))
    assert names(told(Paths(after="A", before="Z", steps=4), events)) == [("A", "B", "(more steps)", "Z")]


def test_what_leads_up_to_an_event_is_counted_from_it() -> None:
    got = told(Paths(before="Z", steps=3), day((0, "A"), (1, "B"), (2, "C"), (3, "Z"), (4, "D")))
    assert names(got) == [("B", "C", "Z")]
    assert got.columns == ("2 steps before", "1 step before", "end")
    short = told(Paths(before="Z", steps=3), day((2, "C"), (3, "Z")))
    assert [(row.column, row.name, row.began) for row in short.places] == [(2, "C", 1), (3, "Z", 0)]


def test_every_beginning_that_is_not_inside_a_path_makes_one() -> None:
    events = day(*((minute, name) for minute, name in enumerate("ABABAB")))
    assert names(told(Paths(after="A", steps=3), events)) == [("A", "B", "A")]
    assert sorted(names(told(Paths(after="A", steps=3, count="every"), events))) == [
        ("A", "B"),
        ("A", "B", "A"),
    ]


def test_an_end_that_is_no_step_stands_under_its_name() -> None:
    events = [
        *day((0, "View"), label="/a"),
        *day((1, "View"), label="/b/17"),
        Happening(0, EPOCH + 2 * MINUTE, 9, "Order", label="/b/17"),
    ]
    got = told(Paths(events="View", before="Order", place="page"), events)
    assert names(got) == [("/a", "/b/*", "Order")]


def test_patterns_name_places_before_ids_are_folded() -> None:
    events = [
        Happening(0, EPOCH + number * MINUTE, number, "View", label=label)
        for number, label in enumerate(["/p/1", "/p/2", "/blog/a", "/blog/b/7", "/p/1"], 1)
    ]
    got = told(Paths(place="page", patterns=("/blog/* as Blog",)), events)
    assert names(got) == [("/p/*", "Blog", "/p/*")]
    got = told(Paths(place="page", pages=False, steps=3), events)
    assert names(got) == [("/p/1", "/p/2", "/blog/a")]


def test_a_goal_that_is_no_step_belongs_to_the_session_until_its_gap_is_over() -> None:
    views = day((0, "A"), (10, "B"))
    for minute, reached in ((40, 1.0), (41, 0.0)):
        order = Happening(0, EPOCH + minute * MINUTE, 9, "Z", value=7.0)
        got = told(Paths(events="A or B", goal="Z"), [*views, order])
        assert got.goal is not None
        assert got.goal.value == reached
        assert got.value is not None
        assert got.value.value == 7.0 * reached


def test_a_goal_before_a_step_was_not_reached_from_it() -> None:
    got = told(Paths(goal="Z"), day((0, "A"), (1, "Z"), (2, "B"), value=3.0))
    assert [(row.name, row.goal.value, row.value.value) for row in got.places if row.goal and row.value] == [
        ("A", 1.0, 3.0),
        ("Z", 1.0, 3.0),
        ("B", 0.0, 0.0),
    ]


def test_a_path_counts_in_the_period_in_which_it_begins() -> None:
    events = day((-10, "A"), (10, "B"), (100, "A"), (110, "B"))
    got = told(Paths(start="2026-01-01", end="2026-01-01T01:45"), events)
    assert names(got) == [("A", "B")]
    assert got.n_paths == 1


def test_days_of_a_period_are_those_of_the_zone_when_clocks_change() -> None:
    at = 1_774_735_200 * SECOND  # 2026-03-28T22:00Z, 23:00 in Berlin; the 29th has 23 hours
    events = [Happening(0, at + hour * 60 * MINUTE, hour, f"h{hour}") for hour in range(1, 26, 1)]
    question = Paths(
        start="2026-03-29",
        end="2026-03-30",
        zone="Europe/Berlin",
        trail="person",
        whole=True,
        after="*",
        count="every",
        within="1s",
    )
    got = told(question, events)
    assert got.n_paths == 23


def test_a_whole_path_that_comes_back_to_a_place_is_reworked() -> None:
    events = [*day((0, "A"), (1, "B"), (2, "A")), *day((0, "A"), (1, "B"), unit=1)]
    got = told(Paths(whole=True, trail="person", fold=False), events)
    assert {row.name: (row.times, row.paths, row.again.value) for row in got.places if row.again} == {
        "A": (3, 2, 0.5),
        "B": (2, 2, 0.0),
    }
    heat = next(one for one in got.pictures() if isinstance(one, Heat))
    assert heat.rows == ("A", "B")
    assert heat.values == ((None, 2.0), (1.0, None))


def test_whole_paths_longer_than_is_shown_are_told_apart_and_found() -> None:
    long, longer = [(n, "AB"[n % 2]) for n in range(25)], [(n, "AB"[n % 2]) for n in range(27)]
    events = [*day(*long), *day(*longer, unit=1), *day(*long, unit=2)]
    question = Paths(whole=True, trail="person")
    got = told(question, events)
    assert [(path.length, path.people, len(path.places)) for path in got.paths] == [(25, 2, 20), (27, 1, 20)]
    assert got.paths[0].name.endswith("> … 5 more")
    layout = lay_named(MEASURE.plan(question), events, N_UNITS)
    assert MEASURE.behind(question, layout, {"path": got.paths[0].key}).tolist() == [True, False, True, False]


def test_nobody_and_one_event() -> None:
    empty = told(Paths(goal="Z"), [])
    assert (empty.n_paths, empty.people, empty.places, empty.streams, empty.paths) == (0, 0, (), (), ())
    assert empty.pictures()[0].title == "Paths, step by step"
    one = told(Paths(goal="Z"), day((0, "A")))
    assert names(one) == [("A",)]
    assert one.goal is not None
    assert one.goal.reason == "too_few"


def test_money_in_several_currencies_and_unknown_names_are_noted() -> None:
    question = Paths(goal="Z")
    layout = lay_named(MEASURE.plan(question), day((0, "A"), (1, "Z"), value=2.0), N_UNITS)
    summary = MEASURE.scan(question, layout, range(N_UNITS))
    got = MEASURE.answer(question, summary, Facts(1, layout.labels, ("EUR", "USD"), ("no event 'Y'",)))
    assert got.currency is None
    assert got.notes[0] == "no event 'Y'"
    assert "EUR, USD" in got.notes[1]


def test_what_cannot_be_asked_is_refused_with_the_field() -> None:
    for fields, field in (
        ({"steps": 1}, "steps"),
        ({"steps": 21}, "steps"),
        ({"after": "A", "before": "B", "steps": 2}, "steps"),
        ({"after": "A > B"}, "after"),
        ({"trail": "visit"}, "trail"),
        ({"count": "each"}, "count"),
        ({"count": "every"}, "count"),
        ({"exclude": "*"}, "exclude"),
        ({"place": " "}, "place"),
        ({"gap": "soon"}, "gap"),
        ({"within": "0s"}, "within"),
        ({"patterns": (" ",)}, "patterns"),
        ({"n_places": 0}, "n_places"),
    ):
        with pytest.raises(QuestionError, match=rf"^{field}: "):
            Paths(**fields)


@pytest.mark.parametrize(
    ("pick", "word"),
    [
        ({"place": "Nowhere"}, "Nowhere"),
        ({"column": "x"}, "column"),
        ({"path": "??"}, "path"),
        ({"row": "1"}, "row"),
        ({"not": "A"}, "not"),
    ],
)
def test_a_pick_of_nothing_is_refused(pick: dict[str, str], word: str) -> None:
    question = Paths()
    layout = lay_named(MEASURE.plan(question), day((0, "A")), N_UNITS)
    with pytest.raises(QuestionError, match=word.replace("?", r"\?")):
        MEASURE.behind(question, layout, pick)


def test_a_question_survives_json() -> None:
    question = Paths(after="A or B [properties.x > 1]", patterns=("/b/* as B",), within="7d", whole=True)
    assert Paths.from_json(question.to_json()) == question


# -- bounds -----------------------------------------------------------------------------------------------


def test_with_too_little_room_counts_are_never_too_high_and_never_too_low_by_more_than_is_said() -> None:
    chance = np.random.default_rng(7)
    n = 300 if WITHOUT_JIT else 3_000
    events = [
        Happening(unit, EPOCH + at * MINUTE, 10 * unit + at, f"E{min(int(chance.zipf(1.6)), 60)}")
        for unit in range(n)
        for at in range(4)
    ]
    question = Paths(steps=4, fold=False)
    layout = lay_named(MEASURE.plan(question), events, n)
    places = places_of(question, layout.labels)
    edges = [n * part // 5 for part in range(6)]
    parts = []
    for low, high in pairwise(edges):
        state = State(question, layout, places, kept=(20, 20, 100))
        parts.append(PathsSummary.of(state, range(low, high)))
    summary = parts[0].merge(parts[1]).merge(parts[2].merge(parts[3].merge(parts[4])))
    got = MEASURE.answer(question, summary, Facts(1, layout.labels))
    want = oracle.all_paths(events, rules_of_plain(layout.newest))
    counts = Counter(tuple(step.place for step in path.steps) for path in want)
    assert len(summary.paths.keys) <= 20 < len(counts)
    assert 0 < summary.paths.error <= len(want) / 21
    for path in got.paths:
        assert path.paths <= counts[path.places] <= path.most
        assert path.people <= counts[path.places]
    listed = {path.places for path in got.paths}
    assert all(count <= summary.paths.error for places, count in counts.items() if places not in listed)
    assert got.variants.low is not None
    assert got.variants.high is not None
    assert got.variants.low <= len(counts) <= got.variants.high
    assert any("different paths" in note for note in got.notes)
    for column in (1, 2, 3):
        there = sum(row.times for row in got.places if row.column == column + 1)
        assert there == sum(
            row.times for row in got.streams if row.column == column and row.kind in ("way", "rest")
        )


def rules_of_plain(newest: int) -> oracle.Rules:
    return oracle.Rules(newest=newest, steps=4, fold=False)
