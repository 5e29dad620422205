"""Several columns that are one question: SPSS's multiple-response sets, and rankings."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from obverse.surveys.importing.mapping import SurveyMapping, parse_question
from obverse.surveys.importing.planning import plan
from obverse.surveys.importing.ranks import is_ranking
from obverse.surveys.importing.sheet import ColumnSet, read_sheet
from obverse.surveys.question import Multiple, Ranking
from tests.surveys.importing.rig import MONDAY, answers, bring_in, csv, run, survey

NONE = float("nan")


def sav(path: Path, columns: dict[str, list[Any]], sets: str, **more: Any) -> Path:
    """Write a file with multiple-response sets.

    pyreadstat reads these and does not write them. So the record of them (type 7, subtype 7: its length, then
    lines such as ``$used=D1 1 4 Used a b``) is put before the record that ends the dictionary.
    """
    pyreadstat.write_sav(pd.DataFrame(columns), str(path), **more)
    body, end, text = path.read_bytes(), struct.pack("<2i", 999, 0), sets.encode()
    at = body.index(end)
    path.write_bytes(body[:at] + struct.pack("<4i", 7, 7, 1, len(text)) + text + body[at:])
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ticks where 2 means chosen, mentions of coded options, and a column that belongs to none."""
    return sav(
        tmp_path / "used.sav",
        {
            "UsedOnTheWeb": [2.0, 1, 2, NONE, 9],
            "UsedInTheApp": [1.0, 1, 2, NONE, 2],
            "CAR1": [3.0, 1, 2, 1, NONE],
            "CAR2": [1.0, NONE, 3, 2, NONE],
            "AGE": [30.0, 40, 50, 60, 70],
        },
        "$used=D1 2 24 What did you use of it? usedonth usedinth\n$car=C 9 Your cars car1 car2\n"
        "$gone=C 4 Gone car1 nothing\n",
        column_labels={"UsedOnTheWeb": "The website", "UsedInTheApp": "The app"},
        variable_value_labels={
            "UsedOnTheWeb": {1: "no", 2: "yes", 9: "Refused"},
            "CAR1": {1: "Saab", 2: "Volvo", 3: "Lada"},
            "CAR2": {1: "Saab", 2: "Volvo", 3: "Lada"},
        },
    )


def test_sets_are_read_as_the_file_has_them(file: Path) -> None:
    used, car = read_sheet(file).sets
    assert used == ColumnSet("used", "What did you use of it?", ("UsedOnTheWeb", "UsedInTheApp"), "2")
    assert (car.label, car.columns, car.counted) == ("Your cars", ("CAR1", "CAR2"), None)


def test_a_set_is_one_multiple_choice(tmp_path: Path, file: Path) -> None:
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "Cars", "--save-mapping", tmp_path / "m.json", file)
    reasons = plan(file, SurveyMapping(time=MONDAY), {}).guessed.reasons
    assert reasons["used"] == reasons["car"] == "2 columns that the file names as one set"
    used, car = survey(tmp_path / "d", "Cars").questions
    assert isinstance(used, Multiple)
    assert isinstance(car, Multiple)
    assert (used.text, [one.text for one in used.options]) == (
        "What did you use of it?",
        ["The website", "The app"],
    )
    assert (car.text, {one.text for one in car.options}) == ("Your cars", {"Saab", "Volvo", "Lada"})
    found = answers(tmp_path / "d")
    assert [one.get("used") for one in found] == [
        ["the_website"], [], ["the_website", "the_app"], None, ["the_app"],
    ]  # fmt: skip
    assert [set(one.get("car", ())) for one in found] == [
        {"saab", "lada"}, {"saab"}, {"volvo", "lada"}, {"saab", "volvo"}, set(),
    ]  # fmt: skip
    bring_in(tmp_path / "e", "--mapping", tmp_path / "m.json", file)
    assert answers(tmp_path / "e") == found


def ranks(folder: Path, header: str, rows: list[str]) -> Path:
    """Write a file of rankings."""
    return csv(folder, "\n".join([header, *rows]) + "\n")


WHOLE = [
    "Price,Taste,Speed",
    "Taste,Price,Speed",
    "Speed,Taste,Price",
    "Price,Speed,Taste",
    "Taste,Speed,Price",
]


def test_columns_of_places_that_hold_options_are_a_ranking(tmp_path: Path) -> None:
    file = ranks(tmp_path, "rank_1,rank_2,rank_3", [*WHOLE, "Price,,", ",,"])
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "Ranks", file)
    [asked] = survey(tmp_path / "d", "Ranks").questions
    assert isinstance(asked, Ranking)
    assert [one["rank"] for one in answers(tmp_path / "d")] == [
        [word.lower() for word in row.split(",")] for row in WHOLE
    ]
    [found] = plan(file, SurveyMapping(time=MONDAY), {}).answers
    assert (found.misfits.why, found.misfits.examples) == (
        "not all 3 options, each once",
        [("Price, -, -", 1)],
    )


def test_columns_of_options_that_hold_places_are_a_ranking(tmp_path: Path) -> None:
    header = "Rank these [Price],Rank these [Taste],Rank these [Speed]"
    rows = [
        ",".join(str(row.split(",").index(word) + 1) for word in ("Price", "Taste", "Speed")) for row in WHOLE
    ]
    file = ranks(tmp_path, header, [*rows, "2,2,1", ",1,2"])
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "Ranks", file)
    [asked] = survey(tmp_path / "d", "Ranks").questions
    assert isinstance(asked, Ranking)
    assert [one.text for one in asked.options] == ["Price", "Taste", "Speed"]
    assert [one["rank_these"] for one in answers(tmp_path / "d")] == [
        [word.lower() for word in row.split(",")] for row in WHOLE
    ]


def test_a_ranking_can_be_named_and_its_codes_have_words(tmp_path: Path) -> None:
    file = ranks(tmp_path, "rank_1,rank_2,rank_3", ["1,2,3", "3,2,1"])
    codes = ("--map", "rank_*: 1 = Price, 2 = Taste, 3 = Speed")
    bring_in(
        tmp_path / "d",
        "--time",
        MONDAY,
        "--name",
        "Ranks",
        "--question",
        "order: ranking = rank_*",
        *codes,
        file,
    )
    assert [one["order"] for one in answers(tmp_path / "d")] == [
        ["price", "taste", "speed"],
        ["speed", "taste", "price"],
    ]


def test_the_best_of_many_are_no_order_of_all(tmp_path: Path) -> None:
    file = ranks(tmp_path, "rank_1,rank_2", ["a,b", "c,d", "b,a"])
    done = run(tmp_path / "d", "--time", MONDAY, "--question", "order: ranking = rank_*", file)
    assert done.exit_code == 2
    assert "2 columns cannot hold an order of 4 options" in " ".join(done.output.split())
    assert parse_question("order: ranking = rank_*").type == "ranking"


def test_ratings_are_no_ranking() -> None:
    orders = [["1", "2", "3"], ["3", "1", "2"], ["2", "1", "3"], ["1", "3", "2"], ["3", "2", "1"]]
    columns = [list(column) for column in zip(*orders, strict=True)]
    assert is_ranking(columns)
    assert not is_ranking([column[:4] for column in columns])
    assert not is_ranking([*columns[:2], ["3", "2", "3", "1", "2"]])
