"""Published figures of real surveys, through the importer and the lake.

The files come in as they are, codes for "blank" and "not used" and all; only a day is put beside each answer
first, as an event needs a time. What is on no scale is refused by the score itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import obverse
from obverse.folder import Folder
from obverse.measure.reliability import Reliability, ReliabilityAnswer
from obverse.measure.score import Score, ScoreAnswer
from tests.collect.importing_rig import data_set, lake_in

pytestmark = pytest.mark.data

Opened = Callable[[str, str], obverse.Lake]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Imports a survey, each row an event ``Answered`` of the person that a column names, on one day."""
    lakes: list[obverse.Lake] = []

    def open_(name: str, person: str) -> obverse.Lake:
        dated = tmp_path / "dated.csv"
        with duckdb.connect() as base:
            read = "read_csv($path, all_varchar = true, normalize_names = false)"
            base.execute(
                f"COPY (SELECT *, '2026-03-01T12:00:00Z' AS answered_on FROM {read}) TO '{dated}' (HEADER)",
                {"path": str(data_set(name))},
            )
        root = tmp_path / "data"
        Folder.open(root, create=True)
        with lake_in(root) as lake:
            report = lake.bring_in(dated, person=person, time="answered_on", event="=Answered")
        assert report.refused == ()
        lakes.append(obverse.open(root))
        return lakes[-1]

    yield open_
    for one in lakes:
        one.close()


def score(lake: obverse.Lake, question: Score) -> ScoreAnswer:
    answer = lake.ask(question)
    assert isinstance(answer, ScoreAnswer)
    return answer


def test_the_airports_nps_of_2017_is_39_8(opened: Opened) -> None:
    lake = opened("sfo_survey/2017_SFO_Customer_Survey.csv.gz", "RESPNUM")
    found = score(lake, Score(kind="nps", field="properties.NETPRO", events="Answered"))
    everyone = found.everyone
    assert (everyone.answers, everyone.refused) == (2_746, 84)  # 11 stands for "blank"
    assert everyone.score.value == pytest.approx(39.8, abs=0.05)
    assert "84 answers are no whole number from 0 to 10, and counted nowhere." in found.notes


def test_the_airports_security_is_rated_lower_by_people_with_a_problem(opened: Opened) -> None:
    lake = opened("sfo_survey/2017_SFO_Customer_Survey.csv.gz", "RESPNUM")
    question = Score(
        kind="rating", field="properties.Q14PASSTHRU", events="Answered", by="properties.Q15PROBLEM"
    )
    groups = {group.name: group for group in score(lake, question).groups}
    assert [groups[name].answers for name in "12"] == [285, 2_066]
    means = [groups[name].score.value for name in "12"]
    assert means == pytest.approx([3.860, 4.382], abs=0.0005)  # 4.39 with codes counted as ratings
    high, low = groups["1"].score.high, groups["2"].score.low
    assert high is not None
    assert low is not None
    assert high < low


def test_the_airport_as_a_whole_was_rated_4_06_in_2017(opened: Opened) -> None:
    lake = opened("sfo_survey/2017_SFO_Customer_Survey.csv.gz", "RESPNUM")
    found = score(lake, Score(kind="rating", field="properties.Q7ALL", events="Answered"))
    assert found.everyone.score.value == pytest.approx(4.064, abs=0.0005)


def test_sidabis_mean_sus_is_82_99(opened: Opened) -> None:
    lake = opened("sus_sidabi/usability-db-en.csv", "evaluator")
    first = data_set("sus_sidabi/usability-db-en.csv").read_text().splitlines()[0]
    items = [f'properties."{name}"' for name in first.split(";")[4:]]
    assert len(items) == 10
    parts = [f"({one} - 1)" if at % 2 == 0 else f"(5 - {one})" for at, one in enumerate(items)]
    found = score(lake, Score(kind="sus", field=f"2.5 * ({' + '.join(parts)})", events="Answered"))
    assert found.everyone.answers == 36
    assert found.everyone.score.value == pytest.approx(82.99, abs=0.005)
    assert found.everyone.standing is not None
    assert found.everyone.standing.grade == "A"


REVERSED = {"A1", "C4", "C5", "E1", "E2", "O2", "O5"}


@pytest.mark.parametrize(
    ("scale", "published"), [("A", 0.70), ("C", 0.72), ("E", 0.76), ("N", 0.81), ("O", 0.60)]
)
def test_the_alpha_of_a_personality_scale_is_that_of_psych(
    opened: Opened, scale: str, published: float
) -> None:
    lake = opened("bfi_personality/bfi.csv.gz", "column00")
    names = [f"{scale}{number}" for number in range(1, 6)]
    question = Reliability(
        items=tuple(f"properties.{name}" for name in names),
        reverse=tuple(f"properties.{name}" for name in names if name in REVERSED),
        low=1,
        high=6,
        events="Answered",
    )
    found = lake.ask(question)
    assert isinstance(found, ReliabilityAnswer)
    value = found.everyone.alpha.value
    assert value is not None
    assert int(value * 100) / 100 == published  # psych's manual cuts .727 off to .72
    assert round(value, 3) == {"A": 0.703, "C": 0.727, "E": 0.762, "N": 0.814, "O": 0.600}[scale]
