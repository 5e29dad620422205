"""Reliability against plain counting, on every engine, and at its edges."""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.estimate import Reason
from obverse.measure.fields import field_help
from obverse.measure.picture import Bars
from obverse.measure.protocol import Facts
from obverse.measure.reliability import Reliability, ReliabilityAnswer, ReliabilityMeasure
from obverse.measure.reliability.question import Missing
from tests.engine.lakes import row
from tests.measure import oracle_surveys as oracle
from tests.measure.conftest import Ask
from tests.measure.laws import check_laws
from tests.measure.surveyed import DAY, Said, lay

MEASURE = ReliabilityMeasure()
PROFILE = settings(
    max_examples=40 if os.environ.get("NUMBA_DISABLE_JIT") else 100,
)
START = 1_772_323_200_000_000  # 2026-03-01
PEOPLE = 6
ITEMS = ("a", "b", "c")


@st.composite
def worlds(draw: st.DrawFn) -> list[Said]:
    found = []
    for seq in range(1, draw(st.integers(1, 25))):
        fields: dict[str, str | float] = {}
        for item in ITEMS:
            number = draw(st.sampled_from([1.0, 2, 3, 4, 5, "no", None]))
            if number is not None:
                fields[item] = number
        if (key := draw(st.sampled_from(["s1", "s2", None]))) is not None:
            fields[oracle.ID] = key
        if (moment := draw(st.sampled_from(["bought", "left"]))) is not None:
            fields["moment"] = moment
        found.append(
            Said(
                unit=draw(st.integers(0, PEOPLE - 1)),
                time=START + draw(st.integers(-2, 10)) * DAY // 2,
                seq=seq,
                name=draw(st.sampled_from([oracle.FINAL, oracle.PARTLY])),
                fields=fields,
            )
        )
    return found


def rows_of(events: Sequence[Said]) -> list[list[float]]:
    """Give the items of each answer that counts; c turned round on a scale from 1 to 5."""
    found = []
    for one in oracle.submissions(events, (oracle.FINAL, oracle.PARTLY)):
        said = one.authority
        assert said is not None
        numbers = [said.fields.get(item) for item in ITEMS]
        items = [float(one) if isinstance(one, int | float) else math.nan for one in numbers]
        items[2] = 6 - items[2]
        if said.time >= START and not all(map(math.isnan, items)):
            found.append(items)
    return found


def covariance(rows: Sequence[Sequence[float]], i: int, j: int) -> float:
    both = [(one[i], one[j]) for one in rows if not math.isnan(one[i]) and not math.isnan(one[j])]
    if len(both) < 2:
        return math.nan
    x, y = sum(one[0] for one in both) / len(both), sum(one[1] for one in both) / len(both)
    return sum((one[0] - x) * (one[1] - y) for one in both) / (len(both) - 1)


@PROFILE
@given(worlds(), st.sampled_from(["pairwise", "listwise"]), st.booleans())
def test_alpha_is_what_plain_counting_gives(events: list[Said], missing: Missing, split: bool) -> None:
    question = Reliability(
        items=ITEMS, reverse=("c",), low=1, high=5, missing=missing, start="2026-03-01",
        by="moment" if split else None,
    )  # fmt: skip
    layout = lay(MEASURE.plan(question), events, PEOPLE, START + 9 * DAY)
    summary = MEASURE.scan(question, layout, range(PEOPLE))
    got = MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels))
    rows = rows_of(events)
    assert got.everyone.answers == len(rows)
    complete = [one for one in rows if not any(map(math.isnan, one))]
    assert got.everyone.complete == len(complete)
    assert sum(group.answers for group in got.groups) == (len(rows) if split else 0)
    used = complete if missing == "listwise" else rows
    found = [[covariance(used, i, j) for j in range(3)] for i in range(3)]
    whole = sum(map(sum, found))
    fewest = min(
        sum(not math.isnan(one[i]) and not math.isnan(one[j]) for one in used)
        for i in range(3)
        for j in range(3)
    )
    if fewest < 2:
        assert got.everyone.alpha.reason in (Reason.NOBODY, Reason.TOO_FEW)
    elif whole > 1e-9:
        expected = 1.5 * (1 - (found[0][0] + found[1][1] + found[2][2]) / whole)
        assert got.everyone.alpha.value == pytest.approx(expected, abs=1e-9)
    for at, item in enumerate(got.everyone.items):
        numbers = [one[at] for one in used if not math.isnan(one[at])]
        assert item.answers == len(numbers)
        if numbers:
            assert item.mean == pytest.approx(np.mean(numbers))


@PROFILE
@given(worlds(), st.lists(st.integers(0, PEOPLE), max_size=4), st.sampled_from(["pairwise", "listwise"]))
def test_summaries_keep_the_laws(events: list[Said], cuts: list[int], missing: Missing) -> None:
    question = Reliability(items=ITEMS, missing=missing, by="moment")
    layout = lay(MEASURE.plan(question), events, PEOPLE, START + 9 * DAY)
    check_laws(lambda units: MEASURE.scan(question, layout, units), PEOPLE, cuts)


def test_alpha_of_answers_in_a_lake_is_that_of_their_covariances(ask: Ask) -> None:
    random = np.random.default_rng(1)
    answers = np.clip(np.round(3 + random.normal(size=(60, 1)) + random.normal(size=(60, 3)) * 0.6), 1, 5)
    answers[:, 2] = 6 - answers[:, 2]
    rows = [
        row(f"u{n}", "Studied", n, properties=dict(zip("abc", map(int, one), strict=True)))
        for n, one in enumerate(answers)
    ]
    rows.append(row("idle", "Studied", 70, properties={"a": "many"}))
    fields = tuple(f"properties.{name}" for name in "abc")
    question = Reliability(items=fields, reverse=fields[2:], low=1, high=5, events="Studied")
    found = ask(rows, question)
    assert isinstance(found, ReliabilityAnswer)
    turned = answers * [1, 1, -1]
    covariances = np.cov(turned.T)
    expected = 1.5 * (1 - np.trace(covariances) / covariances.sum())
    assert found.everyone.alpha.value == pytest.approx(expected)
    assert found.everyone.answers == 60
    assert not any("Against" in note for note in found.notes)
    forgotten = ask(rows, Reliability(items=fields, events="Studied"))
    assert any("properties.c. Is one worded the other way round?" in note for note in forgotten.notes)
    assert {len(picture.rows) for picture in found.pictures() if isinstance(picture, Bars)} == {3}
    assert found.table().num_rows == 3


def test_answers_that_are_all_alike_have_a_reason(ask: Ask) -> None:
    rows = [row(f"u{n}", "Studied", n, properties={"a": 3, "b": 3}) for n in range(5)]
    found = ask(rows, Reliability(items=("properties.a", "properties.b"), events="Studied"))
    assert found.everyone.alpha.reason is Reason.ALIKE
    assert found.sentence() == "5 answers do not give an alpha in the period."


def test_the_question_round_trips_and_its_fields_are_explained() -> None:
    question = Reliability(items=("a", "b"), reverse=("b",), low=1, high=7, missing="listwise")
    assert read_question(question.to_json()) == question
    assert pickle.loads(pickle.dumps(question)) == question
    assert all(field_help(Reliability).get(name) for name in Reliability.__struct_fields__)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"items": ("a",)}, "items: 1 is not between 2 and 100"),
        ({"items": ("a", "a")}, "items: 'a' is blank or there twice"),
        ({"items": ("a", "b"), "reverse": ("c",)}, "reverse: 'c' is none of the items"),
        ({"items": ("a", "b"), "low": 1}, "low: name the lowest and the highest number"),
        ({"items": ("a", "b"), "missing": "never"}, "missing: 'never' is none of pairwise, listwise"),
    ],
)
def test_a_wrong_question_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Reliability(**fields)
