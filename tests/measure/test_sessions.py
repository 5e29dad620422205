"""Sessions: counted as plain Python counts them, cut where they should be, told apart by their origin."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.picture import Lines
from obverse.measure.protocol import Facts
from obverse.measure.sessions import Sessions, SessionsAnswer, SessionsMeasure
from tests.measure.laws import check_laws
from tests.measure.oracle_sessions import BUY, Ways, campaign, entry, exit_, figures, local_day, sessions
from tests.measure.visits import DAY, HOUR, MINUTE, NOON, SECOND, Visit, lay

MEASURE = SessionsMeasure()
BERLIN = ZoneInfo("Europe/Berlin")
N_PEOPLE = 4
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=30 if WITHOUT_JIT else 200)


@st.composite
def worlds(draw: st.DrawFn) -> list[Visit]:
    some = partial(st.sampled_from)
    return [
        Visit(
            person=draw(st.integers(0, N_PEOPLE - 1)),
            time=NOON + draw(st.integers(0, 40)) * 10 * MINUTE + draw(some([0, 0, 1, 9 * SECOND])),
            seq=seq,
            name=draw(some(["Page Viewed", "Page Viewed", "Screen Viewed", "Clicked", BUY])),
            touchpoint=draw(some(["web", "web", "app"])),
            session=draw(some(["", "", "s1", "s2", "s3"])),
            page=draw(some(["/", "/a", "/b", ""])),
            source=draw(some(["", "", "google", "news"])),
            medium=draw(some(["", "cpc", "email"])),
            campaign=draw(some(["", "spring"])),
            device=draw(some(["phone", "desktop", ""])),
            value=float(draw(st.integers(-2, 9))),
        )
        for seq in range(1, draw(st.integers(1, 30)))
    ]


WAYS = st.builds(
    Ways,
    gap=st.sampled_from([10 * MINUTE, 30 * MINUTE, 2 * HOUR]),
    ids=st.booleans(),
    apart=st.booleans(),
    midnight=st.sampled_from([None, BERLIN]),
    campaigns=st.booleans(),
    longest=st.sampled_from([None, None, 20 * MINUTE, HOUR]),
    bounce=st.sampled_from(["page", "event", "short"]),
)


def question_of(ways: Ways, **fields: Any) -> Sessions:
    return Sessions(
        gap=f"{ways.gap // MINUTE}m",
        max_length=None if ways.longest is None else f"{ways.longest // MINUTE}m",
        client_ids=ways.ids,
        per_touchpoint=ways.apart,
        midnight=ways.midnight is not None,
        new_campaign=ways.campaigns,
        bounce=ways.bounce,  # type: ignore[arg-type]
        zone="Europe/Berlin",
        top=100,
        **fields,
    )


def ask(question: Sessions, events: Sequence[Visit], newest: int | None = None) -> SessionsAnswer:
    layout = lay(MEASURE.plan(question), events, N_PEOPLE, newest)
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def told(part: Any) -> dict[str, float]:
    return {name: getattr(part, name) for name in ("sessions", "people", "bounces", "converting", "value")}


def by(found: Sequence[Sequence[Visit]], key: Callable[[Sequence[Visit]], str]) -> dict[str, Any]:
    groups: dict[str, list[Any]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return groups


@PROFILE
@given(worlds(), WAYS, st.integers(-1, 1), st.integers(1, 2))
def test_every_figure_is_what_plain_counting_gives(
    events: list[Visit], ways: Ways, first: int, n_days: int
) -> None:
    day = local_day(NOON, BERLIN).toordinal() + first
    days = [type(local_day(NOON, BERLIN)).fromordinal(day + n) for n in range(n_days + 1)]
    question = question_of(ways, start=days[0].isoformat(), end=days[-1].isoformat(), by="device")
    got = ask(question, events)
    expected = [one for one in sessions(events, ways) if days[0] <= local_day(one[0].time, BERLIN) < days[-1]]
    everything = partial(figures, how=ways.bounce)
    assert told(got.totals) == everything(expected)
    for group in got.groups:
        own = [one for one in expected if (one[0].device or "(no value)") == group.name]
        assert told(group) == everything(own)
        for row in group.rows:
            assert told(row) == everything(
                [one for one in own if local_day(one[0].time, BERLIN).isoformat() == row.name]
            )
    for row in got.totals.rows:
        assert told(row) == everything(
            [one for one in expected if local_day(one[0].time, BERLIN).isoformat() == row.name]
        )
    for places, key in ((got.entry_pages, entry), (got.exit_pages, exit_), (got.campaigns, campaign)):
        groups = by(expected, key)
        assert {place.name: told(place) for place in places} == {
            name: everything(own) for name, own in groups.items()
        }
    assert sum(place.sessions for place in got.channels) == len(expected)
    assert sum(group.sessions for group in got.groups) == len(expected)


@PROFILE
@given(worlds(), WAYS)
def test_lengths_and_depths_are_those_of_the_sessions(events: list[Visit], ways: Ways) -> None:
    got = ask(question_of(ways), events)
    found = sessions(events, ways)
    if not found:
        assert got.totals.length is None
        return
    assert got.totals.length is not None
    lengths = sorted((one[-1].time - one[0].time) / 1e6 for one in found)
    assert got.totals.length.mean_s.value == pytest.approx(np.mean(lengths))
    middle = lengths[(len(lengths) + 1) // 2 - 1]
    assert got.totals.length.median_s.value == pytest.approx(middle, rel=0.01, abs=0.001)
    assert got.totals.events.value == pytest.approx(np.mean([len(one) for one in found]))
    views = [sum(event.name.endswith("Viewed") for event in one) for one in found]
    assert got.totals.pages.value == pytest.approx(np.mean(views))
    deep = [min(n, 21) for n in views]
    assert dict(enumerate(got.depths)) == {n: deep.count(n) for n in range(max(deep) + 1)}
    assert sum(n for _, _, n in got.lengths) == len(found)


@PROFILE
@given(worlds(), WAYS, st.lists(st.integers(0, N_PEOPLE), max_size=4), st.booleans())
def test_summaries_merge_however_people_are_split(
    events: list[Visit], ways: Ways, cuts: list[int], split: bool
) -> None:
    question = question_of(ways, by="device" if split else None)
    layout = lay(MEASURE.plan(question), events, N_PEOPLE)
    check_laws(partial(MEASURE.scan, question, layout), layout.n_units, cuts)


@PROFILE
@given(worlds(), WAYS, st.data())
def test_the_people_behind_a_part_are_those_with_such_a_session(
    events: list[Visit], ways: Ways, data: st.DataObject
) -> None:
    question = question_of(ways, by="device")
    layout = lay(MEASURE.plan(question), events, N_PEOPLE)
    found = sessions(events, ways)
    if not found:
        return
    one = data.draw(st.sampled_from(found))
    pick = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "group": st.just(one[0].device or "(no value)"),
                "row": st.just(local_day(one[0].time, BERLIN).isoformat()),
                "entry": st.just(entry(one)),
                "exit": st.just(exit_(one)),
                "campaign": st.just(campaign(one)),
                "outcome": st.sampled_from(["any", "bounced", "converted"]),
            },
        )
    )

    def fits(session: Sequence[Visit]) -> bool:
        what = figures([session], ways.bounce)
        parts = {
            "group": session[0].device or "(no value)",
            "row": local_day(session[0].time, BERLIN).isoformat(),
            "entry": entry(session),
            "exit": exit_(session),
            "campaign": campaign(session),
        }
        outcome = {"bounced": what["bounces"], "converted": what["converting"]}.get(
            pick.get("outcome", ""), 1
        )
        return bool(outcome) and all(parts[name] == pick[name] for name in pick if name != "outcome")

    expected = {session[0].person for session in found if fits(session)}
    assert set(np.flatnonzero(MEASURE.behind(question, layout, pick)).tolist()) == expected


def views(*minutes: float, person: int = 0, first: int = 1, **fields: Any) -> list[Visit]:
    """Page views of one person at some minutes after noon."""
    return [
        Visit(person, NOON + round(minute * MINUTE), seq, **fields)
        for seq, minute in enumerate(minutes, first)
    ]


def n_sessions(events: Sequence[Visit], **fields: Any) -> int:
    return ask(Sessions(**fields), events).totals.sessions


def test_a_gap_of_exactly_half_an_hour_does_not_end_a_session() -> None:
    assert n_sessions(views(0, 30)) == 1
    events = views(0, 30)
    assert n_sessions([events[0], replace(events[1], time=events[1].time + 1)]) == 2


def test_events_at_the_same_time_are_one_session_of_no_length() -> None:
    got = ask(Sessions(), views(0, 0))
    assert got.totals.sessions == 1
    assert got.totals.length is not None
    assert got.totals.length.mean_s.value == 0
    assert got.totals.length.median_s.value == 0


def test_a_clients_own_id_holds_a_session_together_and_may_be_left_aside() -> None:
    events = views(0, 300, session="x") + views(301, first=9, session="y")
    assert n_sessions(events) == 2
    assert n_sessions(events, client_ids=False) == 2
    assert n_sessions(views(0, 5, session="x") + views(6, first=9, session="y"), client_ids=False) == 1


def test_two_devices_at_once_are_two_sessions_where_the_client_tells_them_apart() -> None:
    events = views(0, 2, 4, session="x") + views(1, 3, 5, first=9, session="y")
    got = ask(Sessions(), events)
    assert got.totals.sessions == 2
    assert got.totals.pages.value == 3


def test_one_id_of_two_people_is_two_sessions() -> None:
    assert n_sessions(views(0, session="x") + views(0, person=1, first=5, session="x")) == 2


def test_many_sessions_of_one_person_are_all_kept_apart() -> None:
    n = 700  # more than the walk's tables have room for at first
    events = [Visit(0, NOON + at * SECOND, at, session=f"s{at % n}") for at in range(3 * n)]
    got = ask(Sessions(), events)
    assert (got.totals.sessions, got.totals.events.value) == (n, 3)
    alone = [Visit(1, NOON + at * HOUR, at) for at in range(n)]
    assert n_sessions([*events, *alone]) == 2 * n


def test_the_ids_of_many_people_do_not_get_in_each_others_way() -> None:
    n = 1_000  # several times the places of the walk's table of ids
    events = [Visit(at % n, NOON + at * SECOND, at, session=f"s{at % (3 * n)}") for at in range(6 * n)]
    layout = lay(MEASURE.plan(Sessions()), events, n)
    summary = MEASURE.scan(Sessions(), layout, range(n))
    got = MEASURE.answer(Sessions(), summary, Facts(layout.last_seq, layout.labels))
    assert (got.totals.sessions, got.totals.people, got.totals.events.value) == (3 * n, n, 2)


@pytest.mark.parametrize("ids", [False, True])
def test_sessions_of_many_events_are_measured_as_those_of_few(ids: bool) -> None:
    sizes = [1, 2, 15, 16, 17, 40]
    events = [
        Visit(0, NOON + day * DAY + at * SECOND, 100 * day + at, session="x" * day * ids, device="phone")
        for day, size in enumerate(sizes, 1)
        for at in range(size)
    ]
    question = Sessions(by="device")
    layout = lay(MEASURE.plan(question), events, 1)
    summary = MEASURE.scan(question, layout, range(1))
    counts = np.array(sizes, float)
    for found, draws in zip(summary.moments[0], (counts - 1, counts, counts), strict=True):
        assert found == pytest.approx((len(draws), np.mean(draws), np.var(draws) * len(draws)))
    assert summary.lengths.sum() == len(sizes)
    assert np.repeat(np.arange(22), summary.depths[0]).tolist() == [min(size, 21) for size in sizes]


def test_touchpoints_have_sessions_of_their_own_unless_told_otherwise() -> None:
    events = views(0, 20) + views(10, first=9, touchpoint="app")
    assert n_sessions(events) == 2
    assert n_sessions(events, per_touchpoint=False) == 1


def test_midnight_is_that_of_the_zone_and_knows_short_days() -> None:
    change = 1_774_746_000_000_000  # 2026-03-29T01:00Z, when clocks in Berlin go from 02:00 to 03:00
    midnight = change - 2 * HOUR  # of the 29th; the 30th begins 23 hours later
    for at in (midnight, midnight + 23 * HOUR):
        events = [Visit(0, at - MINUTE, 1), Visit(0, at, 2)]
        assert n_sessions(events) == 1
        assert n_sessions(events, midnight=True, zone="Europe/Berlin") == 2
        assert n_sessions(events, midnight=True, zone="UTC") == 1
    late = [Visit(0, midnight + 24 * HOUR - MINUTE, 1), Visit(0, midnight + 24 * HOUR, 2)]
    assert n_sessions(late, midnight=True, zone="Europe/Berlin") == 1


@pytest.mark.parametrize("session", ["", "x"])
def test_a_session_ends_after_its_greatest_length(session: str) -> None:
    events = views(*range(0, 121, 20), session=session)
    assert n_sessions(events) == n_sessions(events, max_length="2h") == 1
    assert n_sessions(events, max_length="1h") == 2  # 0 to 60 minutes, 80 to 120
    late = [*events[:-1], replace(events[-1], time=events[-1].time + 1)]
    assert n_sessions(late, max_length="2h") == 2
    assert n_sessions(late, max_length="40m") == 3  # each is counted from its own first event


def test_the_greatest_length_and_midnight_hold_together() -> None:
    events = views(*range(0, 24 * 60, 20))
    assert n_sessions(events, max_length="5h", gap="30m") == 5
    assert n_sessions(events, max_length="5h", midnight=True) == 6  # 12 to 17, 22, 24; 24 to 5, 10, 12


def test_sessions_without_length_are_told_as_such() -> None:
    events = views(0, 100, 100.01, 200, 205) + views(0, person=1, first=9)
    (lengths,) = (one for one in ask(Sessions(), events).pictures() if one.title == "How long sessions are")
    assert isinstance(lengths, Lines)
    shown = dict(zip(lengths.axis, lengths.series[0].values, strict=True))
    assert {name: n for name, n in shown.items() if n} == {
        "0\u202fs": 2.0,
        "1.02\u202fs": 1.0,
        lengths.axis[-1]: 1.0,
    }
    assert lengths.axis[:2] == ("0\u202fs", "1.02\u202fs")


def test_a_new_campaign_begins_a_session_where_that_is_asked_for() -> None:
    one: dict[str, Any] = {"source": "news", "medium": "email"}
    other: dict[str, Any] = {"source": "google", "medium": "cpc"}
    again = views(0, **one) + views(5, first=2) + views(9, first=3, **one)
    assert n_sessions(again, new_campaign=True) == 1
    changed = views(0, **one) + views(5, first=2, **other)
    assert n_sessions(changed) == 1
    assert n_sessions(changed, new_campaign=True) == 2
    first_view = views(0, name="Opened") + views(5, first=2, **one)
    assert n_sessions(first_view, new_campaign=True) == 1
    direct_before = views(0) + views(5, first=2, **one)
    assert n_sessions(direct_before, new_campaign=True) == 2


@pytest.mark.parametrize(
    ("names", "minutes", "bounces"),
    [
        (["Page Viewed"], 0, ("page", "event", "short")),
        (["Page Viewed", "Clicked"], 5, ("page",)),
        (["Page Viewed", "Clicked"], 0, ("page", "short")),
        (["Page Viewed", "Page Viewed"], 0, ()),
        (["Page Viewed", BUY], 0, ()),
        (["Clicked"], 0, ("page", "event", "short")),
        (["Clicked", "Clicked"], 0, ("short",)),
        ([BUY], 0, ()),
    ],
)
def test_what_bounces(names: list[str], minutes: float, bounces: tuple[str, ...]) -> None:
    events = [Visit(0, NOON + round(minutes * at * MINUTE), at, name) for at, name in enumerate(names)]
    found = [how for how in ("page", "event", "short") if ask(Sessions(bounce=how), events).totals.bounces]
    assert tuple(found) == bounces


def test_a_session_belongs_to_the_day_it_begins_in_with_all_its_events() -> None:
    order = Visit(0, NOON + 12 * HOUR + 20 * MINUTE, 9, BUY, value=7.0)
    events = [*views(11 * 60 + 50, 12 * 60 + 10), order]
    got = ask(Sessions(start="2026-03-01", end="2026-03-02"), events)
    assert told(got.totals) == {"sessions": 1, "people": 1, "bounces": 0, "converting": 1, "value": 7.0}
    assert ask(Sessions(start="2026-03-02", end="2026-03-03"), events).totals.sessions == 0


def test_someone_with_sessions_in_two_groups_is_one_person_in_all() -> None:
    events = views(0, device="phone") + views(60, first=2, device="desktop")
    got = ask(Sessions(by="device"), events)
    assert [(group.name, group.people) for group in got.groups] == [("desktop", 1), ("phone", 1)]
    assert got.totals.people == 1


def test_pages_that_have_no_row_are_one_and_nothing_is_lost() -> None:
    events = [Visit(at % N_PEOPLE, NOON + at * HOUR, at, page=f"/{'abcdefgh'[at % 8]}") for at in range(40)]
    got = ask(Sessions(top=3), events)
    assert [place.name for place in got.entry_pages] == ["/a", "/b", "/c", "(other)"]
    assert sum(place.sessions for place in got.entry_pages) == 40
    assert got.entry_pages[-1].people is None


def test_ids_in_addresses_are_one_page_and_patterns_come_first() -> None:
    events = views(0, page="/p/12") + views(60, first=2, page="/p/13") + views(120, first=3, page="/blog/x")
    got = ask(Sessions(patterns=("/blog/* as Blog",)), events)
    assert {place.name: place.sessions for place in got.entry_pages} == {"/p/*": 2, "Blog": 1}


def test_bounce_and_conversion_have_intervals_that_know_people() -> None:
    one_each = [Visit(person, NOON, person) for person in range(N_PEOPLE)]
    got = ask(Sessions(), one_each)
    assert got.totals.bounce_rate.value == 1
    assert got.totals.bounce_rate.low == pytest.approx(1 / (1 + 3.8415 / 4), rel=1e-3)  # Wilson, 4 of 4
    alike = [
        replace(event, time=event.time + again * HOUR, seq=10 * again)
        for again in range(9)
        for event in one_each
    ]
    assert ask(Sessions(), alike).totals.bounce_rate.low == got.totals.bounce_rate.low


def test_an_empty_lake_has_no_sessions_and_says_so() -> None:
    got = ask(Sessions(), [])
    assert (got.totals.sessions, got.totals.length) == (0, None)
    assert got.totals.bounce_rate.reason == "nobody"
    assert got.sentence() == "There were no sessions in the period."
    assert got.table().num_rows == 0
    assert got.pictures()
    assert got.pictures("value")


def test_without_a_conversion_nothing_converts_and_orders_may_bounce() -> None:
    got = ask(Sessions(conversion=None), [Visit(0, NOON, 1, BUY, value=5.0)])
    assert told(got.totals) == {"sessions": 1, "people": 1, "bounces": 1, "converting": 0, "value": 0}
    assert "converted" not in got.sentence()


def test_rows_that_are_not_over_say_so() -> None:
    got = ask(Sessions(start="2026-03-01"), [*views(0), Visit(0, NOON + DAY, 9)])
    assert [(row.name, row.sessions, row.complete) for row in got.totals.rows] == [
        ("2026-03-01", 1, True),
        ("2026-03-02", 1, False),
    ]


def test_what_is_older_than_all_rows_counts_in_all_but_in_no_row() -> None:
    old = views(*(60 * n for n in range(5)), device="phone")
    events = [replace(event, time=event.time - 3_000 * DAY) for event in old] + views(0, 60, first=9)
    got = ask(Sessions(by="device", n_groups=1), events)
    assert (got.totals.sessions, sum(row.sessions for row in got.totals.rows)) == (7, 2)
    assert [(group.sessions, sum(row.sessions for row in group.rows)) for group in got.groups] == [
        (5, 0),
        (2, 2),
    ]


def test_tables_have_a_row_for_every_day_and_every_place() -> None:
    got = ask(Sessions(by="device"), views(0, device="phone") + views(60, first=2, device="tablet"))
    assert got.table().column("group").to_pylist() == ["phone", "tablet"]
    kinds = Counter(got.places().column("kind").to_pylist())
    assert kinds == {"entry page": 1, "exit page": 1, "channel": 1, "source": 1, "campaign": 1}
    assert Sessions.from_json(got.question.to_json()) == got.question


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"max_length": "0.1s"}, "max_length: '0.1s' is not between 1s and 365d"),
        ({"gap": "0.1s"}, "gap: '0.1s' is not between 1s and 365d"),
        ({"bounce": "none"}, "bounce: 'none' is none of page, event, short"),
        ({"grain": "hour"}, "grain: 'hour' is none of day, week, month"),
        ({"top": 0}, "top: 0 is not between 1 and 100"),
        ({"pages": "A > B"}, "pages: 'A > B' has 2 steps"),
        ({"n_groups": 99}, "n_groups: 99"),
        ({"own_sites": ["a"] * 60}, "own_sites: their number"),
    ],
)
def test_a_wrong_question_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(QuestionError, match=why):
        Sessions(**fields)


@pytest.mark.parametrize(
    ("pick", "why"),
    [
        ({"group": "phone"}, "no split"),
        ({"channel": "Carrier pigeon"}, "unknown channel"),
        ({"outcome": "bouncy"}, "unknown outcome 'bouncy'; nearest: 'bounced'|unknown outcome"),
        ({"row": "1999-01-01"}, "unknown row"),
        ({"step": "1"}, "unknown part of the answer"),
    ],
)
def test_a_wrong_pick_is_refused(pick: dict[str, str], why: str) -> None:
    question = Sessions()
    layout = lay(MEASURE.plan(question), views(0), N_PEOPLE)
    with pytest.raises(QuestionError, match=why):
        MEASURE.behind(question, layout, pick)
