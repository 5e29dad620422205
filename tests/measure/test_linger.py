"""Lingering: times, exits and what goes with long stays, as plain Python has them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.estimate import compare
from obverse.measure.linger import Linger, LingerAnswer, LingerMeasure
from obverse.measure.protocol import Facts
from tests.engine.lakes import row
from tests.measure.conftest import Ask
from tests.measure.laws import check_laws
from tests.measure.oracle_linger import BEAT, Stay, stays, views
from tests.measure.oracle_sessions import BUY
from tests.measure.visits import DAY, HOUR, MINUTE, NOON, SECOND, Visit, lay

MEASURE = LingerMeasure()
N_PEOPLE = 4
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=30 if WITHOUT_JIT else 200)


@st.composite
def worlds(draw: st.DrawFn) -> list[Visit]:
    some = partial(st.sampled_from)
    return [
        Visit(
            person=draw(st.integers(0, N_PEOPLE - 1)),
            time=NOON
            + draw(st.integers(0, 20)) * 10 * MINUTE
            + draw(some([0, 1_000, 9 * SECOND, 40 * SECOND])),
            seq=seq,
            name=draw(some(["Page Viewed", "Page Viewed", "Clicked", BUY, BEAT])),
            touchpoint=draw(some(["web", "web", "app"])),
            session=draw(some(["", "", "s1", "s2"])),
            page=draw(some(["/", "/a", ""])),
            value=float(draw(st.integers(-2, 9))),
            visible_ms=draw(some([float("nan"), 0.0, 1_500.0, 20_000.0])),
        )
        for seq in range(1, draw(st.integers(1, 30)))
    ]


def ask_(
    question: Linger, events: Sequence[Visit], newest: int | None = None, n: int = N_PEOPLE
) -> LingerAnswer:
    layout = lay(MEASURE.plan(question), events, n, newest)
    summary = MEASURE.scan(question, layout, range(n))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


@PROFILE
@given(worlds(), st.integers(0, 3), st.sampled_from([10 * MINUTE, 30 * MINUTE]), st.booleans())
def test_every_figure_is_what_plain_counting_gives(
    events: list[Visit], quiet_h: int, gap: int, bounded: bool
) -> None:
    newest = max((event.time for event in events), default=0) + quiet_h * HOUR
    low, high = NOON + HOUR, NOON + 2 * HOUR
    period: dict[str, Any] = {"start": "2026-03-01T13:00", "end": "2026-03-01T14:00"} if bounded else {}
    question = Linger(gap=f"{gap // MINUTE}m", within="1h", longer_than="30s", **period)
    got = {page.name: page for page in ask_(question, events, newest).pages}
    seen = [one for one in views(events, gap, newest) if not bounded or low <= one.event.time < high]
    pages = {view.page for view in seen}
    assert set(got) == pages
    people = stays(events, seen, HOUR)
    for name in pages:
        page, own = got[name], [view for view in seen if view.page == name]
        times = sorted(view.time / 1e6 for view in own if view.time is not None)
        assert (page.views, page.timed) == (len(own), len(times))
        assert page.people == len({view.event.person for view in own})
        assert page.total_s == pytest.approx(sum(times))
        if times:
            assert page.median_s.value == pytest.approx(times[(len(times) + 1) // 2 - 1], rel=0.01, abs=0.001)
        ended = [view.left for view in own if view.left is not None]
        assert page.exit_rate.value == (pytest.approx(np.mean(ended)) if ended else None)
        watched = [stay for stay in people[name] if stay.began + HOUR <= newest]
        assert (page.observed, page.converting) == (len(watched), sum(stay.bought for stay in watched))
        assert page.value == sum(stay.worth for stay in watched)
        for side, is_long in ((page.long, True), (page.short, False)):
            check_side(
                side, [one for one in watched if one.time is not None and (one.time > 30 * SECOND) == is_long]
            )


def check_side(side: Any, expected: list[Stay]) -> None:
    assert (side.people, side.converting) == (len(expected), sum(one.bought for one in expected))
    told = [one.left for one in expected if one.said and one.left is not None]
    assert side.leaving.value == (pytest.approx(np.mean(told)) if told else None)
    if expected:
        worth = np.mean([one.worth if one.bought else 0 for one in expected])
        assert side.value_per_person.value == pytest.approx(worth)


@PROFILE
@given(worlds(), st.lists(st.integers(0, N_PEOPLE), max_size=4), st.booleans(), st.booleans())
def test_summaries_merge_however_people_are_split(
    events: list[Visit], cuts: list[int], exact: bool, elements: bool
) -> None:
    of: Any = "element" if elements else "page"
    question = Linger(of=of, elements=BEAT, longer_than="1s" if exact else None, within="1h")
    layout = lay(MEASURE.plan(question), events, N_PEOPLE)
    check_laws(partial(MEASURE.scan, question, layout), N_PEOPLE, cuts)


@PROFILE
@given(worlds(), st.sampled_from(["any", "long", "short"]), st.sampled_from(["any", "converted", "left"]))
def test_the_people_behind_a_part_are_those_it_counts(events: list[Visit], stay: str, outcome: str) -> None:
    newest = max((event.time for event in events), default=0) + 2 * HOUR
    question = Linger(within="1h", longer_than="30s")
    layout = lay(MEASURE.plan(question), events, N_PEOPLE, newest)
    seen = views(events, 30 * MINUTE, newest)
    for page, people in stays(events, seen, HOUR).items():
        expected = {
            one.person
            for one in people
            if (outcome != "converted" or one.bought) and (outcome != "left" or one.left)
            and (stay == "any" or (one.time is not None and (one.time > 30 * SECOND) == (stay == "long")))
        }  # fmt: skip
        behind = MEASURE.behind(question, layout, {"page": page, "stay": stay, "outcome": outcome})
        assert set(np.flatnonzero(behind).tolist()) == expected


def crowd(chance: np.random.Generator, n: int, sway: float) -> list[Visit]:
    """People who view a page for some time and then, or not, buy; the longer the likelier by `sway`."""
    events = []
    for person in range(n):
        start = NOON + person * MINUTE
        seconds = float(chance.lognormal(3, 1))
        events.append(Visit(person, start, 3 * person, page="/a"))
        events.append(Visit(person, start + round(seconds * 1e6), 3 * person + 1, page="/b"))
        if chance.random() < 0.2 + sway * (seconds > 20):
            events.append(Visit(person, start + 5 * MINUTE + 10**9, 3 * person + 2, BUY, value=10.0))
    return events


def test_a_page_is_compared_at_its_own_median() -> None:
    n = 600
    events = crowd(np.random.default_rng(3), n, 0.3)
    got = {page.name: page for page in ask_(Linger(), events, NOON + 9 * DAY, n).pages}["/a"]
    gaps: dict[int, float] = defaultdict(float)
    for one in events:
        gaps[one.person] += (one.time - NOON) / 1e6 * {"/a": -1, "/b": 1}.get(one.page, 0)
    assert got.long_from_s is not None
    long = {person for person, seconds in gaps.items() if seconds >= got.long_from_s}
    assert got.long.people == len(long)
    assert n / 2 * 0.9 < got.long.people <= n / 2
    bought = {one.person for one in events if one.name == BUY}
    plain = compare(len(long & bought), len(long), len(bought - long), n - len(long))
    assert got.conversion_difference.difference == pytest.approx(plain.difference)
    assert (got.conversion_difference.p_value or 1) < 1e-6
    assert got.leaving_difference.reason == "by_outcome", "nobody who left has a known time"
    assert "stay long convert" in ask_(Linger(), events, NOON + 9 * DAY, n).sentence()
    behind = MEASURE.behind(
        Linger(), lay(MEASURE.plan(Linger()), events, n, NOON + 9 * DAY),
        {"page": "/a", "stay": "long", "from_s": repr(round(got.long_from_s, 6))},
    )  # fmt: skip
    assert set(np.flatnonzero(behind).tolist()) == long


def test_among_many_pages_without_an_effect_few_are_called_different() -> None:
    chance = np.random.default_rng(17)
    events: list[Visit] = []
    for number in range(40):
        for one in crowd(chance, 100, 0.0):
            person, seq = number * 100 + one.person, number * 1_000 + one.seq
            page = f"/{chr(97 + number % 26)}{number}{one.page[1:]}" if one.page else ""
            events.append(Visit(person, one.time, seq, one.name, page=page, value=one.value))
    got = ask_(Linger(top=100), events, NOON + 9 * DAY, 4_000)
    p_values = [page.conversion_difference.p_value for page in got.pages]
    known = [one for one in p_values if one is not None]
    assert len(known) == 40
    assert min(known) > 0.05, "chosen by the seed; without adjustment two of forty are expected below"


def test_a_last_view_has_no_time_unless_the_client_says_it() -> None:
    alone = [Visit(0, NOON, 1, page="/a")]
    page = ask_(Linger(), alone, NOON + DAY).pages[0]
    assert (page.views, page.timed, page.median_s.reason, page.exit_rate.value) == (1, 0, "nobody", 1)
    told = [*alone, Visit(0, NOON + SECOND, 2, BEAT, page="/a", visible_ms=4_000.0)]
    page = ask_(Linger(), told, NOON + DAY).pages[0]
    assert (page.timed, page.total_s) == (1, 4.0)
    clicked = [*alone, Visit(0, NOON + 7 * SECOND, 2, "Clicked")]
    assert ask_(Linger(), clicked, NOON + DAY).pages[0].total_s == 7.0


def test_a_session_that_may_go_on_has_no_exit_yet() -> None:
    events = [Visit(0, NOON, 1, page="/a")]
    assert ask_(Linger(), events, NOON + 30 * MINUTE).pages[0].exit_rate.reason == "nobody"
    assert ask_(Linger(), events, NOON + 30 * MINUTE + 1).pages[0].exit_rate.value == 1


def test_a_time_that_names_another_page_is_left_out_and_noted() -> None:
    events = [
        Visit(0, NOON, 1, page="/a"),
        Visit(0, NOON + SECOND, 2, page="/b"),
        Visit(0, NOON + 2 * SECOND, 3, BEAT, page="/a", visible_ms=900.0),
        Visit(0, NOON + 3 * SECOND, 4, BEAT, visible_ms=2_000.0),
    ]
    got = ask_(Linger(), events, NOON + DAY)
    assert {page.name: page.total_s for page in got.pages} == {"/a": 1.0, "/b": 2.0}
    assert any("1 times named a page" in note for note in got.notes)


def test_two_sessions_at_once_keep_their_own_pages() -> None:
    events = [
        Visit(0, NOON, 1, page="/a", session="x"),
        Visit(0, NOON + 2 * SECOND, 2, page="/b", session="y"),
        Visit(0, NOON + 5 * SECOND, 3, page="/c", session="x"),
        Visit(0, NOON + 9 * SECOND, 4, page="/c", session="y"),
    ]
    got = ask_(Linger(), events, NOON + DAY)
    assert {page.name: page.total_s for page in got.pages} == {"/a": 5.0, "/b": 7.0, "/c": 0.0}
    got = ask_(Linger(client_ids=False), events, NOON + DAY)
    assert {page.name: page.total_s for page in got.pages} == {"/a": 2.0, "/b": 3.0, "/c": 4.0}


def test_an_element_tells_its_own_time() -> None:
    events = [
        Visit(0, NOON, 1, "Element Viewed", element="price table", visible_ms=2_500.0),
        Visit(0, NOON + SECOND, 2, "Element Viewed", element="price table", visible_ms=500.0),
        Visit(1, NOON, 3, "Element Viewed", element="7"),
    ]
    got = {page.name: page for page in ask_(Linger(of="element"), events, NOON + DAY).pages}
    assert {name: (page.views, page.timed, page.total_s) for name, page in got.items()} == {
        "price table": (2, 2, 3.0),
        "7": (1, 0, 0.0),
    }
    assert got["price table"].exit_rate.reason == "nobody"


def test_of_many_pages_the_rarest_are_one() -> None:
    events = [
        Visit(at % N_PEOPLE, NOON + at * SECOND, at, page=f"/{chr(97 + at % 26)}{chr(97 + at // 26)}")
        for at in range(300)
    ]
    got = ask_(Linger(top=100), events, NOON + DAY)
    assert len(got.pages) == 100
    assert any("The 100 with most people are shown, of 201" in note for note in got.notes)


def test_an_empty_lake_answers() -> None:
    got = ask_(Linger(), [])
    assert (got.pages, got.table().num_rows) == ((), 0)
    assert got.sentence() == "Nobody viewed a page for a known time."
    assert got.pictures()
    assert got.pictures("value")
    assert Linger.from_json(got.question.to_json()) == got.question


def test_pictures_and_tables_show_every_page() -> None:
    n = 120
    got = ask_(Linger(), crowd(np.random.default_rng(5), n, 0.3), NOON + 9 * DAY, n)
    assert got.table().column("name").to_pylist() == [page.name for page in got.pages]
    for side in ("people", "value"):
        for picture in got.pictures(side):
            assert picture.title
    assert any("experiment" in note for note in got.notes)


def test_a_lakes_pages_and_heartbeats_are_found_by_their_fields(ask: Ask) -> None:
    rows = [
        row("u1", "Page Viewed", 0, context='{"page":{"path":"/product/17"}}'),
        row("u1", "Page Lingered", 1, properties={"seconds": 40}, context='{"page":{"path":"/product/17"}}'),
        row("u1", "Page Viewed", 2, context='{"page":{"path":"/product/18"}}'),
        row("u1", BUY, 3, value=9.0),
        row("u2", "Page Viewed", 0, properties={"path": "/product/5"}),
        row("u2", "Page Lingered", 1, properties={"visible_ms": 1500}),
        row("u3", "Page Viewed", 9_000),
    ]
    got = {page.name: page for page in ask(rows, Linger()).pages}
    page = got["/product/*"]
    assert (page.people, page.views, page.timed, page.converting, page.value) == (2, 3, 3, 1, 9.0)
    assert page.total_s == 40 + 60 + 1.5
    assert got["(no value)"].views == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"of": "site"}, "of: 'site' is none of page, element"),
        ({"top": 500}, "top: 500"),
        ({"longer_than": "soon"}, "longer_than: 'soon' is not a duration"),
        ({"within": "0ms"}, "within"),
    ],
)
def test_a_wrong_question_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(QuestionError, match=why):
        Linger(**fields)


@pytest.mark.parametrize(
    ("pick", "why"),
    [
        ({"page": "/nowhere"}, "unknown page"),
        ({"stay": "medium"}, "unknown stay"),
        ({"stay": "long"}, "from_s: say"),
        ({"outcome": "happy"}, "unknown outcome"),
        ({"row": "1"}, "unknown part of the answer"),
    ],
)
def test_a_wrong_pick_is_refused(pick: dict[str, str], why: str) -> None:
    layout = lay(MEASURE.plan(Linger()), [Visit(0, NOON, 1, page="/a")], N_PEOPLE)
    with pytest.raises(QuestionError, match=why):
        MEASURE.behind(Linger(), layout, pick)
