"""Imports beside a running server: chunks handed over, each taken once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from obverse.collect.importing import run
from obverse.collect.importing_spool import Spool, SpoolTaker
from obverse.errors import BusyError
from tests.collect.importing_rig import lake_in, make, plan_of

TEXT = "user_id,time,event\n" + "".join(f"u{n},2024-01-01,X\n" for n in range(1_000))


def test_a_server_takes_what_an_import_hands_over(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        spool = Spool(tmp_path / "spool")
        taker = SpoolTaker(spool, lake.append_to)
        taker.start()
        try:
            planned = plan_of(make(tmp_path, "a.csv", TEXT))
            append = spool.append(planned.app_id, served=lambda: True)
            first = run(planned, append, chunk_rows=300)
            second = run(planned, append, chunk_rows=300)
        finally:
            taker.stop()
        assert (first.n_new, second.n_new) == (1_000, 0)
        assert lake.table.committed(planned.app_id) == 1_000
        assert list((tmp_path / "spool").iterdir()) == []


def test_a_chunk_whose_import_was_killed_is_taken_later_and_only_once(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        spool = Spool(tmp_path / "spool")
        planned = plan_of(make(tmp_path, "a.csv", TEXT))
        ticks = iter(range(100))
        left = spool.append(planned.app_id, served=lambda: False, every_s=0, clock=lambda: next(ticks))
        with pytest.raises(BusyError, match="run the same import again"):
            run(planned, left)
        assert spool.take(lake.append_to) == 1
        assert spool.take(lake.append_to) == 0
        assert lake.table.refresh().n_events == 1_000
        report = run(planned, lambda rows, at: lake.append_to(rows, planned.app_id, at))
        assert report.n_new == 0


def test_a_chunk_that_was_appended_but_not_put_away_is_not_appended_again(tmp_path: Path) -> None:
    class CutError(Exception):
        pass

    with lake_in(tmp_path) as lake:
        spool = Spool(tmp_path / "spool")
        planned = plan_of(make(tmp_path, "a.csv", TEXT))
        ticks = iter(range(100))
        left = spool.append(planned.app_id, served=lambda: False, every_s=0, clock=lambda: next(ticks))
        with pytest.raises(BusyError):
            run(planned, left)

        def cut(rows: pa.Table, app_id: str, position: int) -> tuple[int, int]:
            lake.append_to(rows, app_id, position)
            raise CutError

        with pytest.raises(CutError):
            spool.take(cut)
        assert spool.take(lake.append_to) == 1
        assert lake.table.refresh().n_events == 1_000


def test_a_failed_append_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obverse.collect.importing_spool._WAIT_AFTER_ERROR_S", 0.01)
    with lake_in(tmp_path) as lake:
        failures = iter([OSError("no room"), OSError("no room")])

        def append_to(rows: pa.Table, app_id: str, position: int) -> tuple[int, int]:
            for error in failures:
                raise error
            return lake.append_to(rows, app_id, position)

        spool = Spool(tmp_path / "spool")
        taker = SpoolTaker(spool, append_to)
        taker.start()
        try:
            planned = plan_of(make(tmp_path, "a.csv", TEXT))
            report = run(planned, spool.append(planned.app_id, served=lambda: True))
        finally:
            taker.stop()
        assert report.n_new == 1_000
