"""The newest events of a lake: right after each change, and read once for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from obverse.lake.table import EventTable
from obverse.web.pages.latest import latest
from tests.lake.lake_rows import rows


def test_the_newest_events_are_read_again_only_where_the_lake_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = EventTable.open(tmp_path / "events", create=True)
    assert latest(table, 2) == []
    table.append(rows(["a", "b", "c"], event=["A", "B", "C"]), "shop", 1)
    assert [row["event"] for row in latest(table, 2)] == ["C", "B"]
    with monkeypatch.context() as patch:
        patch.delattr(EventTable, "read")
        assert [row["event"] for row in latest(table, 2)] == ["C", "B"]
    assert [row["event"] for row in latest(table, 3)] == ["C", "B", "A"]
    table.append(rows(["d"], event=["D"]), "shop", 2)
    assert [row["event"] for row in latest(table, 2)] == ["D", "C"]
