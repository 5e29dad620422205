"""No row comes in twice: not by a second run, another name, a cut-off run, or a lost record."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from obverse.collect.importing import ImportReport
from obverse.collect.importing_history import History, run_once
from obverse.collect.importing_plan import ImportPlan
from obverse.errors import QuestionError
from tests.collect.importing_rig import Lake, lake_in, make, plan_of

HEAD = "user_id,time,event,amount\n"
TEXT = HEAD + "".join(f"u{n},2024-01-01,X,{n}\n" if n % 10 else f"u{n}\n" for n in range(1_000))


def once(lake: Lake, history: History, planned: ImportPlan, again: bool = False) -> ImportReport:
    return run_once(
        planned,
        lambda rows, position: lake.append_to(rows, planned.app_id, position),
        history,
        committed=lake.table.committed(planned.app_id),
        again=again,
    )


def test_the_same_file_twice_adds_nothing_by_any_name(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        history = History(tmp_path / "imports")
        first = once(lake, history, plan_of(make(tmp_path, "a.csv", TEXT)))
        second = once(lake, history, plan_of(make(tmp_path, "b.txt", TEXT)))
        assert (first.n_new, first.n_refused) == (900, 100)
        assert (second.n_rows, second.n_new, second.done) == (0, 0, 900)
        assert lake.table.refresh().n_events == 900


def test_without_its_record_the_same_file_still_adds_nothing(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        planned = plan_of(make(tmp_path, "a.csv", TEXT))
        once(lake, History(tmp_path / "imports"), planned)
        report = once(lake, History(tmp_path / "elsewhere"), planned)
        assert report.n_new == 0
        assert lake.table.refresh().n_events == 900


def test_without_record_and_transaction_the_message_ids_keep_rows_out(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        planned = plan_of(make(tmp_path, "a.csv", TEXT))
        once(lake, History(tmp_path / "imports"), planned)
        report = run_once(
            planned,
            lambda rows, position: lake.append_to(rows, "another", position),
            History(tmp_path / "elsewhere"),
        )
        assert (report.n_new, report.n_known) == (0, 900)


@pytest.mark.parametrize("noted", [True, False], ids=["record kept", "record lost"])
def test_an_import_that_is_cut_off_goes_on_where_it_stopped(tmp_path: Path, noted: bool) -> None:
    class CutError(Exception):
        pass

    lines = "".join(f"u{n},2024-01-01,X,{n}\n" for n in range(2_000))
    with lake_in(tmp_path) as lake:
        history = History(tmp_path / "imports")
        planned = plan_of(make(tmp_path, "a.csv", HEAD + lines))
        n_appends = 0

        def cut(rows: pa.Table, position: int) -> tuple[int, int]:
            nonlocal n_appends
            n_appends += 1
            if n_appends == 2:
                raise CutError
            return lake.append_to(rows, planned.app_id, position)

        with pytest.raises(CutError):
            run_once(planned, cut, history, chunk_rows=500)
        so_far = lake.table.refresh().n_events
        assert 0 < so_far < 2_000
        report = once(lake, history if noted else History(tmp_path / "elsewhere"), planned)
        assert report.n_new == report.n_rows == 2_000 - so_far
        people = lake.read("seq", "user_id").sort_by("seq").column("user_id").to_pylist()
        assert people == [f"u{n}" for n in range(2_000)]


def test_the_same_content_with_other_choices_is_asked_about_first(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        history = History(tmp_path / "imports")
        once(lake, history, plan_of(make(tmp_path, "a.csv", TEXT)))
        corrected = plan_of(make(tmp_path, "b.csv", TEXT), event="=Paid")
        with pytest.raises(QuestionError, match=r"as a\.csv, .*\(event was event, is =Paid\).*--again"):
            once(lake, history, corrected)
        assert lake.table.refresh().n_events == 900
        assert once(lake, history, corrected, again=True).n_new == 900
        assert lake.counts() == {"X": 900, "Paid": 900}
        assert once(lake, history, corrected).n_new == 0


def test_the_record_says_what_became_of_the_rows(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        history = History(tmp_path / "imports")
        once(lake, history, plan_of(make(tmp_path, "a.csv", TEXT)))
        record = history.all()[0]
    assert (record.name, record.finished, record.done, record.n_new) == ("a.csv", True, 900, 900)
    assert record.refused == {"bad_row: fewer cells than columns": 100}
    assert record.choices["value"] == "amount"


def test_a_record_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "x.json").write_text("{")
    assert History(folder).all() == []


def test_a_message_id_of_its_own_keeps_a_row_out_of_a_second_file(tmp_path: Path) -> None:
    head = "user_id,time,event,message_id\n"
    with lake_in(tmp_path) as lake:
        lake.bring_in(make(tmp_path, "january.csv", head + "a,2024-01-01,X,m1\na,2024-01-02,X,m2\n"))
        report = lake.bring_in(
            make(tmp_path, "february.csv", head + "a,2024-01-02,X,m2\na,2024-02-01,X,m3\n")
        )
        assert (report.n_new, report.n_known) == (1, 1)
