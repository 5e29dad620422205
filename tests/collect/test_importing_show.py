"""What an import says on the terminal."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console, RenderableType

from obverse.collect.importing import run
from obverse.collect.importing_show import plan_text, progress_bar, report_text
from tests.collect.importing_rig import Rows, make, plan_of

TEXT = "user_id,time,event,[b]amount\nu1,2024-01-01,Order [Completed],1.5\nu2,never,X,2\n"


def shown(part: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=160).print(part)
    return out.getvalue()


def test_a_plan_shows_each_choice_with_its_reason_and_the_first_events(tmp_path: Path) -> None:
    with plan_of(make(tmp_path, "a.csv", TEXT)) as planned:
        text = shown(plan_text(planned))
    assert "a.csv: CSV apart by ',', about 2 rows, 4 columns" in text
    assert "by its name" in text
    assert "written as ISO 8601" in text or "as ISO 8601" in text
    assert "Order [Completed]" in text
    assert '{"[b]amount":1.5}' in text
    assert "of the first 2 rows, refused:" in text


def test_a_report_counts_every_row_and_names_reasons_with_examples(tmp_path: Path) -> None:
    with plan_of(make(tmp_path, "a.csv", TEXT)) as planned:
        text = shown(report_text(run(planned, Rows().append)))
        again = shown(report_text(run(planned, Rows().append, done=2)))
    assert "2 rows: 1 events added, 1 rows refused" in text
    assert "bad_time" in text
    assert "row 3: u2 | never | X | 2" in text
    assert "nothing to add: all 2 rows were imported before" in again


def test_a_progress_bar_takes_what_a_run_tells(tmp_path: Path) -> None:
    out = io.StringIO()
    with (
        plan_of(make(tmp_path, "a.csv", TEXT)) as planned,
        progress_bar(planned, Console(file=out, force_terminal=True, width=100)) as progress,
    ):
        run(planned, Rows().append, progress=progress)
    assert "a.csv" in out.getvalue()
