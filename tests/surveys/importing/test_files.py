"""Workbooks and SPSS files, and files that are not what they should be."""

# ruff: noqa: DTZ001 - cells of files have no time zone

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import msgspec
import pandas as pd
import pyreadstat
import pytest
from openpyxl import Workbook

from obverse.folder import Folder
from obverse.settings.store import Settings
from obverse.surveys.importing import sheet_excel
from obverse.surveys.question import Csat, Multiple, Single
from obverse.surveys.survey import Survey
from tests.conftest import Server
from tests.surveys.importing.rig import MONDAY, answers, bring_in, cells, csv, events, run, survey


def _workbook(path: Path, *rows: list[object], title: str = "Answers") -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbooks_cells_are_text_whatever_they_were(tmp_path: Path) -> None:
    path = _workbook(
        tmp_path / "a.xlsx",
        ["when", "score", "ticked", "note", "note", None],
        [datetime(2026, 3, 2, 10, 30), 5.0, True, "  spaced ", "#N/A", 1],
        [date(2026, 3, 3), 4.5, False, None, "x", None],
    )
    assert cells(path) == {
        "when": ["2026-03-02 10:30:00", "2026-03-03 00:00:00"],
        "score": ["5", "4.5"],
        "ticked": ["true", "false"],
        "note": ["spaced", None],
        "note_2": [None, "x"],
        "column6": ["1", None],
    }


def test_a_workbook_comes_in_with_its_dates(tmp_path: Path) -> None:
    rows = [[datetime(2026, 3, 2 + k % 5, 8), k % 11] for k in range(22)]
    path = _workbook(tmp_path / "Spring.xlsx", ["Answered on", "Would you recommend us?"], *rows)
    bring_in(tmp_path / "d", path)
    assert sum(one["would_you_recommend_us"] for one in answers(tmp_path / "d")) == 110
    assert {str(row["time"])[:16] for row in events(tmp_path / "d")} == {
        f"2026-03-0{d} 08:00" for d in range(2, 7)
    }


def test_formulas_without_a_value_are_named(tmp_path: Path) -> None:
    path = _workbook(
        tmp_path / "a.xlsx", ["Rate us please", "n"], ["=1+4", 1], [3, 2], [5, 3], [4, 4], [1, 5]
    )
    said = bring_in(tmp_path / "d", "--time", MONDAY, path)
    assert "1 formulas have no value" in said
    assert len(events(tmp_path / "d")) == 4


def test_a_sheet_is_chosen_by_its_name(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "About"
    book.active.append(["nothing"])
    other = book.create_sheet("Data")
    for row in (["Rate us please"], [5], [4]):
        other.append(row)
    book.save(tmp_path / "a.xlsx")
    wrong = run(tmp_path / "d", "--sheet", "Dat", tmp_path / "a.xlsx")
    assert "did you mean 'Data'?" in wrong.output
    said = bring_in(
        tmp_path / "d",
        "--time",
        MONDAY,
        "--sheet",
        "Data",
        "--question",
        "q = Rate us please",
        tmp_path / "a.xlsx",
    )
    assert "other sheets are not read: 'About'" in said


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", ["a"], [1])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/big.bin", "w") as out,
    ):
        for _ in range(260):
            out.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    said = run(tmp_path / "d", "--time", MONDAY, path)
    assert said.exit_code == 2
    assert "unpacks to 260 MiB" in said.output


def test_a_workbook_with_too_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_excel, "MAX_CELLS", 5)
    said = run(tmp_path / "d", _workbook(tmp_path / "a.xlsx", ["a", "b"], [1, 2], [3, 4]))
    assert said.exit_code == 2
    assert "more than 5 cells" in said.output


@pytest.mark.parametrize(
    ("name", "content", "said", "code"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "save it as .xlsx or CSV", 2),
        ("a.xlsx", b"PK\x03\x04" + bytes(60), "damaged archive", 1),
        ("a.sav", b"$FL2@(#) SPSS DATA FILE" + bytes(40), "no SPSS file", 1),
        ("a.por", b"nothing of the kind", "no SPSS file", 1),
        ("a.csv", b"", "is empty", 2),
        ("a.csv", b"%PDF-1.7 whatever", "is a PDF", 2),
        ("a.json", b'{"a": 1}\n{"a": 2}\n', "CSV, Excel and SPSS", 2),
    ],
)
def test_what_is_no_file_of_answers_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str, code: int
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = run(tmp_path / "d", "--time", MONDAY, path)
    assert done.exit_code == code, done.output
    assert said in done.output.replace("\n", " ")


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
    assert "no workbook" in run(tmp_path / "d", tmp_path / "a.xlsx").output


def _spss(path: Path) -> Path:
    frame = pd.DataFrame(
        {
            "q1": [5.0, 4, 99, 1, 3, 2, 5, 4],
            "q2": [1.0, 2, 1, 2, 1, 2, 1, 9],
            "m_1": [1.0, 0, 1, 0, 1, 0, 1, 0],
            "m_2": [0.0, 0, 1, 0, 1, 0, 1, 1],
            "done": [datetime(2026, 3, 2, 10)] * 8,
            "why": ["Zuverlässig und schnell, jedes Mal wieder, ohne eine einzige Ausnahme.", *[""] * 7],
        }
    )
    labels: dict[str, str | None] = {
        "q1": "How satisfied are you with our service?", "q2": "Did you find it?", "m_1": "Used: web",
        "m_2": "Used: app", "done": "Finished", "why": "Why?",
    }  # fmt: skip
    named: dict[str, dict[int | float, str]] = {
        "q1": {1: "Very dissatisfied", 5: "Very satisfied", 99: "No answer"},
        "q2": {1: "Yes, at once", 2: "Yes, in the end", 9: "Refused"},
    }
    packed = path.suffix == ".zsav"
    pyreadstat.write_sav(
        frame,
        path,
        column_labels=labels,
        variable_value_labels=named,
        missing_ranges={"q2": [9]},
        compress=packed,
    )
    return path


@pytest.mark.parametrize("ending", ["sav", "zsav"])
def test_spss_labels_are_words_and_missing_values_missing(tmp_path: Path, ending: str) -> None:
    bring_in(tmp_path / "d", "--name", "Panel", _spss(tmp_path / f"a.{ending}"))
    satisfied, found, used, _ = survey(tmp_path / "d", "Panel").questions
    assert isinstance(satisfied, Csat)
    assert (satisfied.points, satisfied.text) == (5, "How satisfied are you with our service?")
    assert isinstance(found, Single)
    assert {one.text for one in found.options} == {"Yes, at once", "Yes, in the end"}
    assert isinstance(used, Multiple)
    assert [one.text for one in used.options] == ["web", "app"]
    said = answers(tmp_path / "d")
    assert [one.get("q1") for one in said] == [5, 4, None, 1, 3, 2, 5, 4]
    assert [one.get("q2") for one in said][-1] is None
    assert said[2]["used"] == ["web", "app"]
    assert said[0]["why"].startswith("Zuverlässig")
    assert str(events(tmp_path / "d")[0]["time"]).startswith("2026-03-02 10:00")


def test_spss_portable_files_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"SCORE": [1.0, 2, 5], "NOTE": ["a", "b", "c"]})
    pyreadstat.write_por(frame, tmp_path / "a.por", column_labels=["Rate us please", "Note"])
    assert cells(tmp_path / "a.por") == {"SCORE": ["1", "2", "5"], "NOTE": ["a", "b", "c"]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_texts_of_any_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Größe bitte bewerten;n\r\n3,0;a\r\n5;ü\r\n".encode(encoding))
    assert cells(path) == {"Größe bitte bewerten": ["3,0", "5"], "n": ["a", "ü"]}


def test_two_thousand_columns_become_a_hundred_questions_and_properties(tmp_path: Path) -> None:
    head = ",".join(f"q{n}" for n in range(2000))
    rows = "".join(",".join(str(1 + (n + k) % 5) for n in range(2000)) + "\n" for k in range(20))
    said = bring_in(tmp_path / "d", "--time", MONDAY, "--name", "Wide", csv(tmp_path, head + "\n" + rows))
    assert "100 questions at most" in said.replace("\n", " ")
    assert len(survey(tmp_path / "d", "Wide").questions) == 100
    first = events(tmp_path / "d")[0]["properties"]
    assert first["q1999"] == 5
    assert len(first["answers"]) == 100


def test_a_huge_cell_is_no_answer_and_the_row_is_kept(tmp_path: Path) -> None:
    file = csv(tmp_path, f"Rate us please,why\n5,{'x' * 50_000}\n4,short\n")
    said = bring_in(tmp_path / "d", "--time", MONDAY, "--question", "why: long_text = why",
                    "--question", "rate: rating5 = Rate us please", file)  # fmt: skip
    assert "over 10,000 characters" in said
    assert [one.get("why") for one in answers(tmp_path / "d")] == [None, "short"]


def test_the_same_file_twice_adds_nothing(tmp_path: Path) -> None:
    file = csv(tmp_path, "Rate us please,n\n5,1\n4,2\n3,3\n1,4\n2,5\n")
    assert "5 answers added" in bring_in(tmp_path / "d", "--time", MONDAY, file)
    assert "nothing to add" in bring_in(tmp_path / "d", "--time", MONDAY, file)
    assert len(events(tmp_path / "d")) == 5
    other = run(tmp_path / "d", "--time", MONDAY, "--reverse", "Rate*", file)
    assert other.exit_code == 2
    assert "another mapping" in other.output
    assert "5 answers added" in bring_in(
        tmp_path / "d", "--time", MONDAY, "--reverse", "Rate*", "--name", "B", file
    )


def test_ids_of_answers_hold_across_files(tmp_path: Path) -> None:
    one = csv(tmp_path, "id,Rate us please\n1,5\n2,4\n3,1\n", "one.csv")
    two = csv(tmp_path, "id,Rate us please\n2,4\n3,1\n4,2\n5,5\n", "two.csv")
    how = (
        "--time",
        MONDAY,
        "--name",
        "Both",
        "--submission",
        "id",
        "--question",
        "q: rating5 = Rate us please",
    )
    assert "3 answers added" in bring_in(tmp_path / "d", *how, one)
    assert "2 answers added to 'Both', 2 known already" in bring_in(tmp_path / "d", *how, two)


def test_another_file_adds_options_and_a_version_and_keeps_ids(tmp_path: Path) -> None:
    one = csv(tmp_path, "n,best\n1,Tea\n2,Coffee\n3,Tea\n", "one.csv")
    two = csv(tmp_path, "n,favourite\n1,Water\n2,Coffee\n3,Water\n", "two.csv")
    how = ("--time", MONDAY, "--name", "Drinks", "--question", "best: single = best | favourite")
    bring_in(tmp_path / "d", *how, one)
    bring_in(tmp_path / "d", *how, two)
    [asked] = survey(tmp_path / "d", "Drinks").questions
    assert isinstance(asked, Single)
    assert [option.id for option in asked.options] == ["tea", "coffee", "water"]
    said = [
        (row["properties"]["version"], row["properties"]["answers"]["best"]) for row in events(tmp_path / "d")
    ]
    assert sorted(said) == [(1, "coffee"), (1, "tea"), (1, "tea"), (2, "coffee"), (2, "water"), (2, "water")]


def test_a_scale_that_the_survey_has_holds_for_its_next_file(tmp_path: Path) -> None:
    five = csv(tmp_path, "n,Rate us please\n1,5\n2,1\n3,3\n", "five.csv")
    seven = csv(tmp_path, "n,Rate us please\n1,7\n2,1\n3,3\n", "seven.csv")
    how = ("--time", MONDAY, "--name", "R")
    bring_in(tmp_path / "d", *how, five)
    other = run(tmp_path / "d", *how, "--question", "rate_us_please: rating7 = Rate us please", seven)
    assert other.exit_code == 2
    assert "points: 7 here, 5 in the survey" in other.output.replace("\n", " ")
    assert "'7' (1 times)" in bring_in(tmp_path / "d", *how, seven)
    assert len(events(tmp_path / "d")) == 5


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    said = bring_in(
        tmp_path / "d", "--dry-run", "--time", MONDAY, csv(tmp_path, "n,Rate us please\n1,5\n2,1\n")
    )
    assert "dry run" in said
    assert not (tmp_path / "d").exists()


def test_a_running_server_takes_the_answers(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server().start()
    file = csv(tmp_path, "n,Rate us please\n1,5\n2,1\n3,3\n4,5\n")
    assert "4 answers added" in bring_in(server.data, "--time", MONDAY, file)
    assert "nothing to add" in bring_in(server.data, "--time", MONDAY, file)
    assert len(events(server.data)) == 4


def test_a_survey_that_was_renamed_is_left_alone(tmp_path: Path) -> None:
    file = csv(tmp_path, "n,Rate us please\n1,5\n2,1\n3,3\n4,5\n")
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "A", file)
    with Settings.open(Folder.open(tmp_path / "d").settings) as settings:
        [one] = settings.surveys.all()
        changed = msgspec.structs.replace(Survey.from_json(one.body), name="B")
        settings.surveys.edit(one.id, "B", changed.to_json())
    assert "4 answers added to 'A'" in bring_in(tmp_path / "d", "--time", MONDAY, "--name", "A", file)
    assert len({row["properties"]["survey_id"] for row in events(tmp_path / "d")}) == 2


def test_rows_are_numbered_as_the_sheet_numbers_them(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", [], [], ["date", "Rate us please"], ["2026-03-02", 5], [None, 4])
    said = bring_in(tmp_path / "d", "--question", "q: rating5 = Rate us please", "--time", "date", path)
    assert "row 5" in said
