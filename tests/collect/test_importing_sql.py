"""The same rows by a client and by a file are the same events."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from obverse.collect.refusal import Refusal
from obverse.collect.segment import accept
from obverse.collect.source import Source
from tests.collect.importing_rig import NOW, brought_in, make

# (event, userId, anonymousId, timestamp, properties)
ROWS: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("Product Viewed", "u1", "d1", "2024-05-06T07:08:09.123Z", {"price": 12.5, "quantity": 3, "sku": "A"}),
    ("Product Viewed", "", "d1", "2024-05-06T07:08:09+02:00", {"price": 12.5, "sku": 'say "é"\n'}),
    (
        "Order Completed",
        "u1",
        "",
        "2024-05-06T07:08:10Z",
        {"revenue": 30, "total": 35, "value": 1, "price": 9},
    ),
    ("Order Completed", "u1", "", "2024-05-06T07:08:10Z", {"total": 35, "value": 1}),
    ("Order Refunded", "u1", "", "2024-05-06T07:08:10Z", {"value": -4.25}),
    ("Checkout Started", "u1", "", "2024-05-06T07:08:10Z", {"price": 4}),
    ("Signed Up", "u2", "", "2024-05-06", {"value": 2, "revenue": 3, "price": 9}),
    ("Signed Up", "u2", "", "2024-05-06", {"revenue": 3, "currency": "eur"}),
    ("Signed Up", "undefined", "d2", "2024-05-06", {"touchpoint": " Store "}),
    ("Signed Up", "0", "d3", "2024-05-06", {"session_id": "s-1"}),
    ("Page Viewed", "u4", "", "2024-05-06", {"price": 3}),
]
BAD: list[tuple[tuple[str, str, str, str], Refusal]] = [
    (("X", "", "", "2024-05-06"), Refusal.MISSING_ID),
    (("X", "null", "", "2024-05-06"), Refusal.JUNK_ID),
    (("X", " ", "[object Object]", "2024-05-06"), Refusal.JUNK_ID),
    (("", "u", "", "2024-05-06"), Refusal.MISSING_FIELD),
    (("X", "u", "", "yesterday"), Refusal.BAD_TIME),
    (("X", "u", "", "1969-05-06"), Refusal.TIME_OUT_OF_RANGE),
    (("X", "u", "", "2030-05-06"), Refusal.TIME_OUT_OF_RANGE),
    (("X", "u" * 513, "", "2024-05-06"), Refusal.TOO_LONG),
    (("X" * 513, "u", "", "2024-05-06"), Refusal.TOO_LONG),
]
SAME = ("event", "type", "time", "touchpoint", "anonymous_id", "user_id", "session_id", "value", "currency")


def call(event: str, user: str, anonymous: str, timestamp: str, properties: dict[str, Any]) -> dict[str, Any]:
    kind = "page" if event == "Page Viewed" else "track"
    return {
        "type": kind, "event": event, "userId": user, "anonymousId": anonymous, "timestamp": timestamp,
        "properties": properties,
    }  # fmt: skip


def by_collect(calls: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Refusal]]:
    batch = accept(json.dumps({"batch": calls}).encode(), None, Source(name="x"), NOW)
    rows = [msgspec.structs.asdict(event) for event in batch.events]
    return rows, [refused.reason for refused in batch.refused]


def compared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in rows:
        if not isinstance(row["time"], int):
            row["time"] = round(row["time"].timestamp() * 1e6)
    return [{name: row[name] for name in SAME} for row in rows]


def test_json_lines_give_the_events_that_the_same_calls_give(tmp_path: Path) -> None:
    calls = [call(*row) for row in ROWS]
    sent, refused = by_collect(calls)
    assert refused == []
    path = make(tmp_path, "a.jsonl", "".join(json.dumps(one) + "\n" for one in calls))
    read, report = brought_in(
        path,
        session="properties.session_id",
        touchpoint="properties.touchpoint",
        currency="properties.currency",
    )
    assert report.refused == ()
    assert compared(read) == compared(sent)
    for one, other in zip(read, sent, strict=True):
        taken = {"session_id", "touchpoint", "currency"}
        own = {key: value for key, value in json.loads(other["properties"]).items() if key not in taken}
        assert {key: one["properties"].get(key) for key in own} == own


def test_cells_give_the_events_that_the_same_calls_give(tmp_path: Path) -> None:
    names = sorted({name for row in ROWS for name in row[4]})
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["event", "user_id", "anonymous_id", "timestamp", *names])
        for row in ROWS:
            writer.writerow([*row[:4], *(row[4].get(name, "") for name in names)])
    read, report = brought_in(path, anonymous="anonymous_id", value="=")
    assert report.refused == ()
    sent, _ = by_collect([call(*row) for row in ROWS])
    assert compared(read) == compared(sent)
    for one, other in zip(read, sent, strict=True):
        taken = {"session_id", "touchpoint", "currency"}
        own = {key: value for key, value in json.loads(other["properties"]).items() if key not in taken}
        assert one["properties"] == own


@pytest.mark.parametrize(("row", "reason"), BAD)
def test_a_row_is_refused_for_the_reason_that_its_call_is(
    tmp_path: Path, row: tuple[str, str, str, str], reason: Refusal
) -> None:
    _, refused = by_collect([call(*row, {})])
    assert refused == [reason]
    text = "event,user_id,anonymous_id,timestamp\n" + ",".join(row) + "\n"
    good = "Y,u,a,2024-01-01\n" * 3
    _, report = brought_in(make(tmp_path, "a.csv", text + good), anonymous="anonymous_id")
    assert [(part.reason, part.n) for part in report.refused] == [(reason, 1)]
