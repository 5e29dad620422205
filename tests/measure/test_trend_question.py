"""What a trend can be asked: series and formulas as text, combinations that mean nothing, JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.fields import field_help
from obverse.measure.trend import Trend
from obverse.measure.trend.formula import read_formula
from obverse.measure.trend.series import read_series
from obverse.tape.layout import Number, Selection


@pytest.mark.parametrize(
    ("text", "counting", "field", "share", "events"),
    [
        ("Product Viewed", "events", None, 0, "Product Viewed"),
        ("events: A or B", "events", None, 0, "A or B"),
        ("people: *", "people", None, 0, "*"),
        ("people : A", "people", None, 0, "A"),
        ("sessions: A", "sessions", None, 0, "A"),
        ("accounts: A", "accounts", None, 0, "A"),
        ("events per person: A", "events per person", None, 0, "A"),
        ("value: A [value > 5]", "value", None, 0, "A [value > 5]"),
        ("sum properties.n: A", "sum", "properties.n", 0, "A"),
        ("average properties.price * 2: A", "average", "properties.price * 2", 0, "A"),
        ('minimum properties."a: b": A', "minimum", 'properties."a: b"', 0, "A"),
        ("maximum value: A", "maximum", "value", 0, "A"),
        ("median n: A", "percentile", "n", 0.5, "A"),
        ("p99.9 n: A", "percentile", "n", 0.999, "A"),
        ("p7 n: A", "percentile", "n", 0.07, "A"),
        ('"people: met"', "events", None, 0, '"people: met"'),
        ("checkout: started", "events", None, 0, "checkout: started"),
        ("value:added", "events", None, 0, "value:added"),
    ],
)
def test_a_series_is_read(text: str, counting: str, field: str | None, share: float, events: str) -> None:
    found = read_series(text, "A")
    assert (found.counting, found.field, found.share, found.events) == (counting, field, share, events)
    assert found.name == text


def test_a_series_may_have_a_name_of_its_own() -> None:
    assert read_series("people: A or B [x > 1] as Fans", "A").name == "Fans"


@pytest.mark.parametrize(
    ("series", "of"),
    [
        ("A", "count"), ("people: A", "people"), ("accounts: A", "people"), ("sessions: A", "count"),
        ("value: A", "money"), ("average value: A", "money"), ("average x: A", "number"),
        ("events per person: A", "number"),
    ],
)  # fmt: skip
def test_a_series_says_what_its_numbers_are_of(series: str, of: str) -> None:
    assert read_series(series, "A").of == of


def test_series_of_the_same_events_share_a_track_and_numbers() -> None:
    question = Trend(
        series=("A", "people: A", "average x: B", "p90 x: B", "sum x: A", "B [y]"), where="z = 1", by="c"
    )
    assert question.selections == (
        Selection(("A",), "z = 1"),
        Selection(("B",), "z = 1"),
        Selection(("B",), "(z = 1) and (y)"),
    )
    assert question.numbers == (Number("x", 1), Number("x", 0))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"series": ()}, "series: 0"),
        ({"series": ("A",) * 11}, "series: 11"),
        ({"series": ("A > B",)}, "series: 'A > B' has 2 steps"),
        ({"series": ("people: A [",)}, "series: a filter or a quote is not closed"),
        ({"series": ("p0 x: A",)}, "series: 'p0' is no percentile"),
        ({"series": ("sum x[: A",)}, "series: 'x\\['"),
        ({"grain": "year"}, "grain: 'year' is none of hour, day, week, month"),
        ({"grain": "hour"}, "grain: hours need a start"),
        ({"compare": True}, "compare: name the start"),
        ({"rolling": 0}, "rolling: 0"),
        ({"rolling": 7, "cumulative": True}, "rolling: a point covers"),
        ({"by": "x", "n_groups": 0}, "n_groups: 0"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "end: '2026-01-01'"),
        ({"formulas": ("A / B",)}, "formulas: there is no series 'B'"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Trend(**fields)


def test_more_rows_than_can_be_shown_are_refused_before_they_are_made() -> None:
    newest = 1_772_366_400_000_000
    with pytest.raises(QuestionError, match="rows, one for each hour; choose a longer one"):
        Trend(start="0001-01-01", grain="hour").windows(newest)
    assert len(Trend(start="0001-01-01", grain="day").windows(newest)[0].edges) == 46_082, "since 1900"
    assert len(Trend(start="2020-01-01", grain="hour").windows(newest)[0].edges) == 54_038


def test_a_question_round_trips_through_json() -> None:
    question = Trend(
        series=("people: A", "p90 x: B"),
        formulas=("A / 2 as Half",),
        rolling=7,
        by="country",
        start="2026-01-01",
    )
    assert Trend.from_json(question.to_json()) == question
    assert Trend.from_json(b'{"type":"trend"}') == Trend()


def test_every_field_has_its_help() -> None:
    assert set(field_help(Trend)) == set(Trend.__struct_fields__)


@pytest.mark.parametrize(
    "text",
    [
        "", "A +", "A ** 2", "A // B", "A if B else A", "f(A)", "A.real", "A[0]", "[A]", "'x'", "True", "1j",
        "A < B", "A and B", "lambda: A", "(A := 1)", "__import__('os')", "C", "a", "A as ", "~A", "+A",
        "A" + " + A" * 60, "A; B", "A\0",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(QuestionError, match="formulas: "):
        read_formula(text, "AB")


NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS)
def test_a_formula_computes_what_it_says(a: float, b: float) -> None:
    series = {"A": np.array([a]), "B": np.array([b])}

    def value(text: str) -> float:
        return float(read_formula(text, "AB").value(series)[0])

    assert value("A + B * 2 - 1") == a + b * 2 - 1
    assert value("-(A - B) / 4 as Quarter") == -(a - b) / 4
    assert value("7") == 7
    if b:
        assert value("A / B") == pytest.approx(a / b) or abs(a / b) > 1e300
    else:
        assert np.isnan(value("A / B"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A", (1, 0)),
        ("-(A - 3) * 2 / 4", (-0.5, 1.5)),
        ("2 * 3 + A - A / 4", (0.75, 6)),
        ("A / (2 - 2)", None),
        ("A * A", None),
        ("1 / A", None),
        ("A + B", None),
        ("2 + 3", None),
    ],
)
def test_a_formula_knows_whether_it_is_a_line_in_one_series(
    text: str, line: tuple[float, float] | None
) -> None:
    formula = read_formula(text, "AB")
    assert formula.line == line
    if line is not None:
        numbers = np.array([-3.0, 0.0, 7.5])
        assert formula.value({"A": numbers}) == pytest.approx(line[0] * numbers + line[1])


def test_a_formula_of_a_missing_number_has_none() -> None:
    found = read_formula("A + B", "AB").value({"A": np.array([1.0, np.nan]), "B": np.array([2.0, 2.0])})
    assert found[0] == 3
    assert np.isnan(found[1])


def test_a_formula_takes_its_name_from_what_stands_after_as() -> None:
    assert read_formula("100 * A / B as Share of A", "AB").name == "Share of A"
    assert read_formula("A / B", "AB").name == "A / B"
