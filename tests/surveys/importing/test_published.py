"""Published figures of real surveys come out of the imported events."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, variance

import duckdb
import pytest

from tests.collect.importing_rig import DATA
from tests.surveys.importing.rig import answers, bring_in, events, sql, survey

SFO = DATA / "sfo_survey"
SUS = DATA / "sus_sidabi" / "usability-db-en.csv"
BFI = DATA / "bfi_personality" / "bfi.csv.gz"

needs_sfo = pytest.mark.skipif(not SFO.exists(), reason="the airport's survey is not here")
needs_sus = pytest.mark.skipif(not SUS.exists(), reason="the evaluation by SUS is not here")
needs_bfi = pytest.mark.skipif(not BFI.exists(), reason="the personality items are not here")

CODES = ("--map", "Q6*: 0 = missing, 6 = missing", "--map", "Q7*: 0 = missing, 6 = missing")
ONE_NAME = ("--name", "SFO", "--question", "overall: rating = Q7ALL | Q6N", "--rest", "properties")


@needs_sfo
def test_the_airports_nps_of_2017_is_39_8(tmp_path: Path) -> None:
    codes = ("--map", "NETPRO: 11 = missing")
    bring_in(tmp_path / "d", "--time", "=2017-05-15", *codes, SFO / "2017_SFO_Customer_Survey.csv.gz")
    [(n, nps)] = sql(
        tmp_path / "d",
        """WITH said AS (SELECT (properties->>'$.answers.netpro')::INT AS v FROM events)
        SELECT count(v), 100.0 * (count(*) FILTER (v >= 9) - count(*) FILTER (v <= 6)) / count(v)
        FROM said""",
    )
    assert n == 2746
    assert nps == pytest.approx(39.8, abs=0.05)


@needs_sfo
def test_security_is_rated_lower_by_people_who_had_a_problem(tmp_path: Path) -> None:
    """3.86 against 4.38: the codes 0 (blank) and 6 (never used) are no ratings."""
    bring_in(
        tmp_path / "d", "--time", "=2017-05-15", "--rest", "properties",
        "--question", "security: rating = Q14PASSTHRU", "--map", "Q14PASSTHRU: 0 = missing, 6 = missing",
        SFO / "2017_SFO_Customer_Survey.csv.gz",
    )  # fmt: skip
    found = sql(
        tmp_path / "d",
        """SELECT (properties->>'$.Q15PROBLEM')::INT AS problem, count(v), avg(v) FROM (
            SELECT properties, (properties->>'$.scores.security')::DOUBLE AS v FROM events)
        WHERE problem IN (1, 2) AND v IS NOT NULL GROUP BY 1 ORDER BY 1""",
    )
    assert [(problem, n) for problem, n, _ in found] == [(1, 285), (2, 2066)]
    assert [score for _, _, score in found] == pytest.approx([3.860, 4.382], abs=0.0005)


@needs_sfo
def test_the_4_39_that_is_printed_elsewhere_counts_codes_as_ratings() -> None:
    """A deck on this file prints 3.86 and 4.39.

    With 0 and 6 left in, the means are 3.869 and 4.394, which cut to two places are both its figures. No
    other reading tried gives both: weighted 3.865 and 4.397, everybody who did not name a problem 4.367.
    """
    file = SFO / "2017_SFO_Customer_Survey.csv.gz"
    found = duckdb.execute(
        f"""SELECT count(*), avg(Q14PASSTHRU), avg(Q14PASSTHRU) FILTER (Q14PASSTHRU BETWEEN 1 AND 5)
        FROM read_csv('{file}', normalize_names = true) WHERE Q15PROBLEM IN (1, 2)
        GROUP BY Q15PROBLEM ORDER BY Q15PROBLEM"""
    ).fetchall()
    assert [n for n, _, _ in found] == [320, 2358]
    assert [with_codes for _, with_codes, _ in found] == pytest.approx([3.8688, 4.3944], abs=0.0001)
    assert [ratings for _, _, ratings in found] == pytest.approx([3.8596, 4.3824], abs=0.0001)


@needs_sfo
def test_the_same_question_of_several_years_is_one_question(tmp_path: Path) -> None:
    for year in (2010, 2014, 2017):
        file = SFO / f"{year}_SFO_Customer_Survey.csv.gz"
        bring_in(tmp_path / "d", "--time", f"={year}-05-15", *CODES, *ONE_NAME, file)
    found = sql(
        tmp_path / "d",
        "SELECT year(time), round(avg((properties->>'$.scores.overall')::DOUBLE), 3) FROM events "
        "GROUP BY 1 ORDER BY 1",
    )
    assert found == [(2010, 3.925), (2014, 3.996), (2017, 4.064)]
    assert [one.id for one in survey(tmp_path / "d", "SFO").questions] == ["overall"]


@needs_sus
def test_sus_of_36_evaluators_is_82_99(tmp_path: Path) -> None:
    said = bring_in(tmp_path / "d", "--time", "=2015-01-01", SUS)
    assert "sus" in said
    scores = [row["properties"]["scores"]["system_usability_scale"] for row in events(tmp_path / "d")]
    assert (len(scores), round(mean(scores), 2)) == (36, 82.99)


@needs_bfi
def test_cronbachs_alpha_of_five_traits(tmp_path: Path) -> None:
    turned = ("A1", "C4", "C5", "E1", "E2", "O2", "O5")
    flags = [part for name in turned for part in ("--reverse", name)]
    bring_in(tmp_path / "d", "--time", "=2010-01-01", *flags, BFI)
    rows = answers(tmp_path / "d")
    assert len(rows) == 2800
    alphas = {trait: round(_alpha([f"{trait}{n}" for n in range(1, 6)], rows), 3) for trait in "aceno"}
    assert alphas == {"a": 0.703, "c": 0.727, "e": 0.762, "n": 0.814, "o": 0.600}


def _alpha(items: list[str], rows: list[dict[str, int]]) -> float:
    """Cronbach's alpha from pairwise complete covariances."""
    total = sum(_covariance(a, b, rows) for a in items for b in items)
    own = sum(_covariance(a, a, rows) for a in items)
    return len(items) / (len(items) - 1) * (1 - own / total)


def _covariance(a: str, b: str, rows: list[dict[str, int]]) -> float:
    both = [(row[a], row[b]) for row in rows if a in row and b in row]
    if a == b:
        return variance(x for x, _ in both)
    mean_a, mean_b = mean(x for x, _ in both), mean(y for _, y in both)
    return sum((x - mean_a) * (y - mean_b) for x, y in both) / (len(both) - 1)
