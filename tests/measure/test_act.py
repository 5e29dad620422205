"""Acts against plain Python, whatever is asked, and the rules by name."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.act import Act, ActAnswer, ActMeasure, ActRow
from obverse.measure.act.question import PARTS
from obverse.measure.picture import Bars
from obverse.measure.protocol import Facts
from obverse.tape.layout import Int32s, Layout, Track
from tests.measure import oracle_act as oracle
from tests.measure.laws import check_laws
from tests.measure.oracle_act import Deed, Rules

MEASURE = ActMeasure()
SECOND = 1_000_000
MINUTE = 60 * SECOND
EPOCH = 1_767_225_600 * SECOND  # 2026-01-01
N_UNITS = 4
PROFILE = settings(
    max_examples=40 if os.environ.get("NUMBA_DISABLE_JIT") else 120,
)
KINDS = ("click", "rage", "dead", "error", "burst")


def lay(deeds: Sequence[Deed], n_units: int = N_UNITS, newest: int | None = None) -> Layout:
    """Lay deeds out as the plan of an `Act` asks: its keys are page, element, form, field."""
    keys = MEASURE.plan(Act()).keys
    fields = ("page", "element", "form", "field")
    ordered = sorted(deeds, key=lambda deed: (deed.unit, deed.time, deed.seq))
    taken = [[deed for deed in ordered if deed.name == part] for part in PARTS]
    labels = []
    for key, field in zip(keys, fields, strict=True):
        values = Counter(getattr(deed, field) for track in key.tracks for deed in taken[track])
        labels.append(tuple(value for value, _ in values.most_common()))

    def codes(track: int) -> tuple[Int32s | None, ...]:
        return tuple(
            np.array([names.index(getattr(deed, field)) for deed in taken[track]], dtype=np.int32)
            if track in key.tracks
            else None
            for key, field, names in zip(keys, fields, labels, strict=True)
        )

    tracks = tuple(
        Track(
            offsets=np.searchsorted([deed.unit for deed in part], np.arange(n_units + 1)).astype(np.int64),
            time=np.array([deed.time for deed in part], dtype=np.int64),
            seq=np.array([deed.seq for deed in part], dtype=np.int64),
            value=np.array([deed.value for deed in part], dtype=np.float64),
            codes=codes(number),
        )
        for number, part in enumerate(taken)
    )
    latest = max((deed.time for deed in deeds), default=0) if newest is None else newest
    return Layout(n_units, tracks, None, n_units, tuple(labels), len(deeds), latest)


def told(
    question: Act, deeds: Sequence[Deed], n_units: int = N_UNITS, newest: int | None = None
) -> ActAnswer:
    layout = lay(deeds, n_units, newest)
    summary = MEASURE.scan(question, layout, range(n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


@st.composite
def worlds(draw: st.DrawFn) -> list[Deed]:
    return [
        Deed(
            unit=draw(st.integers(0, N_UNITS - 1)),
            time=EPOCH + draw(st.integers(0, 40)) * 30 * SECOND,
            seq=seq,
            name=draw(st.sampled_from([*PARTS, "click", "click", "form_field", "form_start"])),
            page=draw(st.sampled_from(["/a", "/b", None])),
            element=draw(st.sampled_from(["Buy", "Help", None])),
            form=draw(st.sampled_from(["Sign-up", "Sign-up", "Pay"])),
            field=draw(st.sampled_from(["Mail", "Name", None])),
            value=float(draw(st.integers(-1, 5))),
        )
        for seq in range(1, draw(st.integers(1, 45)))
    ]


@st.composite
def questions(draw: st.DrawFn) -> Act:
    return Act(
        within=draw(st.sampled_from(["90s", "5m", "1d"])),
        form_within=draw(st.sampled_from(["1m", "5m"])),
        rage_clicks=draw(st.integers(2, 3)),
        rage_gap=draw(st.sampled_from(["29s", "30s", "2m"])),
        rage_by=draw(st.sampled_from(["auto", "sent", "clicks"])),
        start=draw(st.sampled_from([None, "2026-01-01T00:03"])),
        end=draw(st.sampled_from([None, "2026-01-01T00:15"])),
        n_rows=200,
        n_forms=200,
    )


def rules_of(question: Act, newest: int) -> Rules:
    start, end = question.period_us
    return Rules(
        newest=newest,
        within=question.us("within"),
        form_within=question.us("form_within"),
        rage_clicks=question.rage_clicks,
        rage_gap=question.us("rage_gap"),
        start=start,
        end=end,
    )


@PROFILE
@given(questions(), worlds(), st.sampled_from([0, 2, 90]))
def test_every_number_is_what_plain_counting_gives(question: Act, deeds: list[Deed], later: int) -> None:
    newest = max((deed.time for deed in deeds), default=EPOCH) + later * MINUTE
    rules = rules_of(question, newest)
    pages, acts = oracle.pages_and_acts(deeds, rules)
    got = told(question, deeds, newest=newest)
    sent = any(kind == "rage" for _, _, kind in acts)
    burst = question.rage_by == "clicks" or (question.rage_by == "auto" and not sent)
    assert got.rage_by == ("clicks" if burst else "sent")
    assert {page.name for page in got.pages} == set(pages)
    for page in got.pages:
        want = pages[page.name]
        assert (page.people, page.open) == (want["people"], want["open"])
        assert page.conversion.value == pytest.approx(want["converted"] / want["people"])
        assert page.value.value == pytest.approx(want["worth"])
    meant = {
        ("rage" if kind == "burst" else kind, page, element): row
        for (page, element, kind), row in acts.items()
        if kind != ("rage" if burst else "burst")
    }
    rows = [*got.elements, *(act for page in got.pages for act in page.acts)]
    assert {(row.kind, row.page, row.element) for row in rows} == set(meant)
    for row in rows:
        check_act(row, meant[row.kind, row.page, row.element], pages[row.page])


def check_act(row: ActRow, want: oracle.Row, page: oracle.Row) -> None:
    assert (row.times, row.people) == (want["times"], want["people"])
    assert row.share.value == pytest.approx(want["people"] / page["people"])
    if want["did"]:
        assert row.conversion.value == pytest.approx(want["converted"] / want["did"])
        assert row.value.value == pytest.approx(want["worth"])
        assert row.value_per_person.value == pytest.approx(want["worth"] / want["did"])
    rest = page["people"] - want["did"]
    if rest:
        assert row.value_per_other.value == pytest.approx((page["worth"] - want["worth"]) / rest, abs=1e-9)
        assert row.without.value == pytest.approx((page["converted"] - want["converted"]) / rest)


@PROFILE
@given(questions(), worlds(), st.sampled_from([0, 2, 90]))
def test_every_form_is_what_plain_counting_gives(question: Act, deeds: list[Deed], later: int) -> None:
    newest = max((deed.time for deed in deeds), default=EPOCH) + later * MINUTE
    by_form: dict[tuple[str, str], list[oracle.Attempt]] = defaultdict(list)
    rules = rules_of(question, newest)
    converters = oracle.converters(deeds, rules)
    for attempt in oracle.attempts(deeds, rules):
        by_form[attempt.page, attempt.form].append(attempt)
    got = told(question, deeds, newest=newest)
    assert {(form.page, form.name) for form in got.forms} == set(by_form)
    for form in got.forms:
        mine = by_form[form.page, form.name]
        outcomes = Counter(one.outcome for one in mine)
        assert (form.started, form.people) == (len(mine), len({one.unit for one in mine}))
        assert (form.submitted, form.abandoned, form.open) == tuple(
            outcomes[name] for name in ("submitted", "abandoned", "open")
        )
        decided = form.submitted + form.abandoned
        if decided:
            assert form.abandonment.value == pytest.approx(form.abandoned / decided)
        for found, converted in ((form.of_converters, True), (form.of_others, False)):
            theirs = [one.outcome for one in mine if ((one.unit, one.page) in converters) is converted]
            given_up = theirs.count("abandoned")
            known = given_up + theirs.count("submitted")
            assert found.value == (pytest.approx(given_up / known) if known else None)
        touched = Counter(name for one in mine for name, _ in one.touched)
        left = Counter(
            one.touched[-1][0] if one.touched else "(none)" for one in mine if one.outcome == "abandoned"
        )
        assert {field.name: field.left for field in form.fields if field.left} == left
        assert {field.name: field.touched for field in form.fields if field.touched} == touched
        by_converters = Counter(
            one.touched[-1][0] if one.touched else "(none)"
            for one in mine
            if one.outcome == "abandoned" and (one.unit, one.page) in converters
        )
        n_decided = sum(
            one.outcome in {"abandoned", "submitted"} and (one.unit, one.page) in converters for one in mine
        )
        for field in form.fields:
            if n_decided:
                want = by_converters[field.name] / n_decided
                assert field.of_converters.value == pytest.approx(want)
            took = sorted(took for one in mine for name, took in one.touched if name == field.name)
            if took:
                middle = took[(len(took) + 1) // 2 - 1] / SECOND
                assert field.median_s == pytest.approx(middle, rel=0.25, abs=0.001)


@PROFILE
@given(questions(), worlds(), st.lists(st.integers(0, N_UNITS), max_size=4))
def test_summaries_merge_however_people_are_split(question: Act, deeds: list[Deed], cuts: list[int]) -> None:
    layout = lay(deeds)
    check_laws(partial(MEASURE.scan, question, layout), N_UNITS, cuts)


@PROFILE
@given(questions(), worlds())
def test_the_people_behind_a_number_are_as_many_as_it_says(question: Act, deeds: list[Deed]) -> None:
    layout, got = lay(deeds), told(question, deeds)

    def n_behind(pick: Any) -> int:
        return int(MEASURE.behind(question, layout, pick).sum())

    assert n_behind({}) == got.people
    for page in got.pages:
        assert n_behind({"page": page.name}) == page.people
        for act in page.acts:
            assert n_behind({"page": page.name, "kind": act.kind}) == act.people
    for row in got.elements:
        assert n_behind({"page": row.page, "element": row.element, "kind": row.kind}) == row.people
    attempts = oracle.attempts(deeds, rules_of(question, layout.newest))
    for form in got.forms:
        assert n_behind({"page": form.page, "form": form.name}) == form.people
        mine = [one for one in attempts if (one.page, one.form) == (form.page, form.name)]
        for outcome in ("submitted", "abandoned", "open"):
            pick = {"page": form.page, "form": form.name, "outcome": outcome}
            assert n_behind(pick) == len({one.unit for one in mine if one.outcome == outcome})
    for picture in (*got.pictures(), *got.pictures("value")):
        assert isinstance(picture, Bars)
        for bar in picture.rows:
            assert bar.pick is not None or bar.value == 0
            assert bar.pick is None or n_behind(bar.pick) > 0


# -- rules by name ----------------------------------------------------------------------------------------


def deeds_of(*deeds: tuple[float, str], unit: int = 0, **fields: Any) -> list[Deed]:
    """One person's deeds: seconds and names, all on one page."""
    given = {"page": "/cart", "element": "Buy", "form": "Pay", "field": "Card"} | fields
    return [
        Deed(unit, EPOCH + round(second * SECOND), 100 * unit + seq, name, **given)
        for seq, (second, name) in enumerate(deeds, 1)
    ]


def row_of(got: ActAnswer, kind: str) -> ActRow | None:
    return next((row for row in got.elements if row.kind == kind), None)


def test_three_clicks_one_second_apart_each_are_a_rage_click_and_slower_ones_are_not() -> None:
    rage = row_of(told(Act(), deeds_of((0, "click"), (1, "click"), (2, "click"))), "rage")
    assert rage is not None
    assert (rage.times, rage.people) == (1, 1)
    assert row_of(told(Act(), deeds_of((0, "click"), (1, "click"), (2.1, "click"))), "rage") is None


def test_a_long_burst_counts_once_and_a_click_elsewhere_ends_it() -> None:
    long = told(Act(), deeds_of(*((n / 2, "click") for n in range(9))))
    rage = row_of(long, "rage")
    assert rage is not None
    assert rage.times == 1
    other = [
        *deeds_of((0, "click"), (0.2, "click")),
        Deed(0, EPOCH + 300_000, 50, "click", "/cart", "Help"),
        *deeds_of((0.4, "click"), (0.6, "click"), unit=0),
    ]
    assert row_of(told(Act(), other), "rage") is None


def test_rage_clicks_sent_before_the_period_leave_the_bursts_in_it_and_those_behind_them() -> None:
    question = Act(start="2026-01-01T00:03")
    deeds = deeds_of((0, "rage"), (180, "view"), (181, "click"), (182, "click"), (183, "click"))
    rage = row_of(told(question, deeds), "rage")
    assert rage is not None
    pick = {"page": "/cart", "element": "Buy", "kind": "rage"}
    assert MEASURE.behind(question, lay(deeds), pick).sum() == rage.people == 1


def test_rage_clicks_that_were_sent_go_before_bursts_unless_asked_otherwise() -> None:
    deeds = [
        *deeds_of((0, "click"), (1, "click"), (2, "click")),
        *deeds_of((9, "rage"), unit=1, element="Help"),
    ]
    for question, element, by in ((Act(), "Help", "sent"), (Act(rage_by="clicks"), "Buy", "clicks")):
        got = told(question, deeds)
        rage = row_of(got, "rage")
        assert rage is not None
        assert (rage.element, got.rage_by) == (element, by)
        assert any("bursts" in note for note in got.notes) == (by == "clicks")


def test_a_click_after_converting_is_not_what_led_to_it() -> None:
    got = told(Act(), deeds_of((0, "view"), (1, "conversion"), (2, "click"), value=5.0))
    click = row_of(got, "click")
    assert click is not None
    assert (click.people, click.conversion.reason, click.without.value) == (1, "nobody", 1.0)
    assert got.pages[0].value.value == 5.0


def test_a_conversion_at_the_end_of_the_time_counts_and_one_after_it_does_not() -> None:
    for second, share in ((60, 1.0), (60.001, 0.0)):
        got = told(Act(within="1m"), deeds_of((0, "view"), (second, "conversion")))
        assert got.pages[0].conversion.value == share
        assert got.pages[0].open == 0


def test_a_form_at_the_end_of_its_time_is_sent_and_an_undecided_one_is_not_abandoned() -> None:
    for second, outcome in ((60, "submitted"), (60.001, "abandoned")):
        got = told(Act(form_within="1m"), deeds_of((0, "form_start"), (second, "form_submit")))
        assert getattr(got.forms[0], outcome) == 1
    undecided = told(Act(), deeds_of((0, "form_start"), (5, "form_field")))
    assert (undecided.forms[0].open, undecided.forms[0].abandoned) == (1, 0)
    assert undecided.forms[0].abandonment.reason == "nobody"


def test_a_form_is_left_after_the_field_that_was_filled_in_last() -> None:
    form: dict[str, Any] = {"form": "Pay", "page": "/cart"}
    deeds = [
        Deed(0, EPOCH, 1, "form_start", **form),
        Deed(0, EPOCH + 4 * SECOND, 2, "form_field", field="Name", **form),
        Deed(0, EPOCH + 64 * SECOND, 3, "form_field", field="Card", **form),
        Deed(1, EPOCH, 4, "form_start", **form),
    ]
    got = told(Act(), deeds, newest=EPOCH + 3_600 * SECOND)
    assert [(field.name, field.left, field.touched) for field in got.forms[0].fields] == [
        ("Card", 1, 1),
        ("(none)", 1, 0),
        ("Name", 0, 1),
    ]
    assert got.forms[0].fields[0].median_s == pytest.approx(60, rel=0.25)
    assert got.sentence().endswith("100.0\u202f% of attempts at Pay on /cart were given up, most after Card.")
    layout = lay(deeds, newest=EPOCH + 3_600 * SECOND)
    for field, who in (("Card", [True, False]), ("(none)", [False, True])):
        pick = {"page": "/cart", "form": "Pay", "field": field}
        assert MEASURE.behind(Act(), layout, pick)[:2].tolist() == who


def test_enough_people_are_compared_and_the_answer_says_that_it_is_association() -> None:
    deeds = []
    for unit in range(200):
        clicked, bought = unit < 100, unit < 60 or unit >= 180
        steps = [
            (0.0, "view"),
            *([(1.0, "click")] if clicked else []),
            *([(9.0, "conversion")] if bought else []),
        ]
        deeds += deeds_of(*steps, unit=unit, value=2.0)
    got = told(Act(), deeds, 200)
    click = row_of(got, "click")
    assert click is not None
    assert (click.conversion.value, click.without.value) == (0.6, 0.2)
    assert click.versus.difference == pytest.approx(0.4)
    assert click.versus.low is not None
    assert 0.25 < click.versus.low < 0.4
    assert click.value.value == pytest.approx(120)
    assert any("need not come from it" in note for note in got.notes)
    assert any("together with it" in picture.title for picture in got.pictures())


def test_ids_in_pages_are_folded_unless_asked_otherwise() -> None:
    deeds = [*deeds_of((0, "view"), page="/p/1"), *deeds_of((0, "view"), page="/p/2", unit=1)]
    assert [(page.name, page.people) for page in told(Act(), deeds).pages] == [("/p/*", 2)]
    assert len(told(Act(pages=False), deeds).pages) == 2


def test_nobody_at_all() -> None:
    got = told(Act(), [])
    assert (got.people, got.pages, got.elements, got.forms) == (0, (), (), ())
    assert got.sentence() == "Nobody was on any page."
    assert got.table().num_rows == got.pages_table().num_rows == got.forms_table().num_rows == 0


def test_names_that_only_the_defaults_know_are_not_noted() -> None:
    layout = lay(deeds_of((0, "view")))
    question = Act(dead="Tote Klicks")
    summary = MEASURE.scan(question, layout, range(N_UNITS))
    words = ("unknown event 'Rage Clicked'; known: x", "unknown event 'Tote Klicks'; known: x")
    got = MEASURE.answer(question, summary, Facts(1, layout.labels, (), words))
    assert got.notes[0] == words[1]
    assert words[0] not in got.notes


def test_tables_have_a_row_for_each_act_and_each_field() -> None:
    deeds = deeds_of((0, "click"), (1, "error"), (2, "form_start"), (3, "form_field"), (4, "form_submit"))
    got = told(Act(), deeds)
    assert got.table()["kind"].to_pylist() == ["click", "error"]
    assert got.forms_table().to_pylist()[0]["submitted"] == 1
    assert got.pages_table()["element"].to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"click": "A > B"}, "click"),
        ({"page": " "}, "page"),
        ({"rage_by": "guess"}, "rage_by"),
        ({"rage_clicks": 1}, "rage_clicks"),
        ({"within": "soon"}, "within"),
        ({"n_rows": 0}, "n_rows"),
        ({"n_forms": 201}, "n_forms"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(QuestionError, match=rf"^{field}: "):
        Act(**fields)


@pytest.mark.parametrize(
    ("pick", "word"),
    [
        ({"page": "/nowhere"}, "nowhere"),
        ({"element": "None such"}, "None such"),
        ({"kind": "hover"}, "hover"),
        ({"form": "Pay", "outcome": "lost"}, "lost"),
        ({"row": "1"}, "row"),
    ],
)
def test_a_pick_of_nothing_is_refused(pick: dict[str, str], word: str) -> None:
    with pytest.raises(QuestionError, match=word):
        MEASURE.behind(Act(), lay(deeds_of((0, "click"), (1, "form_start"))), pick)


def test_a_question_survives_json() -> None:
    question = Act(click="$autocapture [properties.kind = 'click']", rage_by="sent", within="1d")
    assert Act.from_json(question.to_json()) == question
