"""What only a cluster can show: lost executors, what comes back to the driver, tables of others."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as fn

import obverse
from obverse.engine.spark.lake import SparkLake
from obverse.errors import DataError, QuestionError
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.measure import MEASURES
from obverse.measure.funnel import Funnel
from tests.engine.gated import GatedFunnel, wait_for_one
from tests.engine.lakes import add, fill, row, spread, table_of
from tests.engine.metering import metered

pytestmark = pytest.mark.spark

FUNNEL = Funnel.parse("View > Buy")


def shoppers(n: int) -> list[dict[str, Any]]:
    """Everyone views, every third buys; the events of one person lie far apart."""
    views = [row(f"u{i}", "View", i % 50) for i in range(n)]
    return views + [row(f"u{i}", "Buy", 60 + i % 50) for i in range(0, n, 3)]


def steps(lake: SparkLake, question: Funnel = FUNNEL) -> list[int]:
    return [step.people for step in lake.ask(question).steps]


@pytest.fixture
def open_lake(spark_session: SparkSession, tmp_path: Path) -> Callable[[list[pa.Table]], SparkLake]:
    def opened(batches: list[pa.Table]) -> SparkLake:
        return obverse.open(fill(tmp_path / "data", batches), engine="spark", session=spark_session)

    return opened


# -- executors ------------------------------------------------------------------------------------------


def executor_of(worker: int, session: SparkSession) -> int:
    """Find the executor that a Python worker belongs to: an ancestor of its, and a child of the driver's."""
    driver = session.sparkContext._gateway.proc.pid  # type: ignore[union-attr]
    pid = worker
    while (parent := _parent(pid)) != driver:
        assert parent > 1
        pid = parent
    assert b"CoarseGrainedExecutorBackend" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return pid


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_an_executor_lost_in_mid_question_changes_nothing(
    spark_session: SparkSession,
    open_lake: Callable[[list[pa.Table]], SparkLake],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = tmp_path / "gate"
    gate.mkdir()
    with open_lake(spread(shoppers(300))) as lake, ThreadPoolExecutor(1) as beside:
        expected = lake.ask(FUNNEL)
        monkeypatch.setitem(MEASURES, "funnel", GatedFunnel(gate))
        with metered(spark_session) as meter:
            answer = beside.submit(lake.ask, FUNNEL)
            os.kill(executor_of(wait_for_one(gate), spark_session), signal.SIGKILL)
            (gate / "open").touch()
            assert answer.result(timeout=280) == expected
        assert meter.sum("numFailedTasks") + meter.sum("numKilledTasks") > 0
    assert [step.people for step in expected.steps] == [300, 100]


# -- the driver -----------------------------------------------------------------------------------------


def test_what_comes_to_the_driver_does_not_grow_with_people(
    spark_session: SparkSession, tmp_path: Path
) -> None:
    returned = []
    for n in (100, 2_000):
        root = fill(tmp_path / f"of-{n}", spread(shoppers(n)))
        with obverse.open(root, engine="spark", session=spark_session) as lake:
            question = Funnel.parse("View > Buy", by="touchpoint")
            with metered(spark_session) as meter:
                assert steps(lake, question) == [n, -(-n // 3)]
                assert lake.people(question, {"step": "2"}, limit=3).n == -(-n // 3)
            returned.append(meter.sum("resultSize"))
    assert returned[1] < 1.2 * returned[0]


def test_a_small_lake_is_not_parted_into_as_many_tasks_as_a_session_asks_for_and_summaries_merge_in_stages(
    spark_session: SparkSession,
    open_lake: Callable[[list[pa.Table]], SparkLake],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = spark_session.conf.get("spark.sql.shuffle.partitions") or ""
    tasks = []
    with open_lake(spread(shoppers(60))) as lake:
        lake.names()
        spark_session.conf.set("spark.sql.shuffle.partitions", "20")
        try:
            for worthwhile in (100_000, 1):
                monkeypatch.setattr("obverse.engine.spark.staging.WORTHWHILE_ROWS", worthwhile)
                with metered(spark_session) as meter:
                    assert steps(lake) == [60, 20]
                tasks.append(meter.sum("numCompleteTasks"))
        finally:
            spark_session.conf.set("spark.sql.shuffle.partitions", before)
    reading, merging = tasks[0] - 8, tasks[1] - tasks[0] - (20 - 8)
    assert reading < 8
    assert merging == 3  # twenty summaries, an eighth of them on each


# -- the lake -------------------------------------------------------------------------------------------


def test_a_file_that_is_merged_away_meanwhile_is_read_where_its_rows_are_now(
    spark_session: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fill(tmp_path / "data", [table_of([one]) for one in shoppers(12)])
    with obverse.open(root, engine="spark", session=spark_session) as lake:
        monkeypatch.setattr(lake._source, "refresh", lambda: monkeypatch.undo())
        writer = EventTable.open(Folder.open(root).events, create=True)
        assert writer.compact() + writer.seal(date(2100, 1, 1)) > 0
        assert writer.vacuum(0) > 0
        assert steps(lake) == [12, 4]


def test_a_version_that_comes_later_is_counted_without_what_was_counted(
    open_lake: Callable[[list[pa.Table]], SparkLake], tmp_path: Path
) -> None:
    with open_lake(spread(shoppers(9))) as lake:
        assert lake.names() == [("View", 9), ("Buy", 3)]
        writer = EventTable.open(Folder.open(tmp_path / "data").events, create=True)
        writer.append(table_of([row("u1", "Buy", 99), row("u1", "Sing", 99)]), "more", 1)
        assert lake.names() == [("View", 9), ("Buy", 4), ("Sing", 1)]


def test_sql_is_sparks_over_the_events(open_lake: Callable[[list[pa.Table]], SparkLake]) -> None:
    with open_lake(spread(shoppers(9))) as lake:
        found = lake.sql("SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY n")
        assert found.to_pylist() == [{"event": "Buy", "n": 3}, {"event": "View", "n": 9}]
        with pytest.raises(QuestionError, match="SQL: "):
            lake.sql("SELECT nothing FROM events")


def test_segments_are_saved_in_the_folder(open_lake: Callable[[list[pa.Table]], SparkLake]) -> None:
    with open_lake(spread(shoppers(9))) as lake:
        lake.save_segment("Buyers", FUNNEL, {"step": "2"})
        assert steps(lake, Funnel.parse("View", segment="Buyers")) == [3]
        with pytest.raises(QuestionError, match="step: 3"):
            lake.save_segment("Nobody", FUNNEL, {"step": "3"})


def test_a_snapshot_is_the_people_of_then_and_a_segment_those_of_now(
    open_lake: Callable[[list[pa.Table]], SparkLake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_lake(spread(shoppers(9))) as lake, obverse.open(tmp_path / "data") as local:
        lake.save_segment("Buyers", FUNNEL, {"step": "2"})
        lake.save_segment("Buyers of then", FUNNEL, {"step": "2"}, snapshot=True)
        local.save_segment("The same", FUNNEL, {"step": "2"}, snapshot=True)
        kept, same = (local.segments.get(name).people for name in ("Buyers of then", "The same"))
        assert np.array_equal(
            np.frombuffer(kept or b"", np.int64), np.sort(np.frombuffer(same or b"", np.int64))
        )
        add(tmp_path / "data", [row("u1", "Buy", 300)], 7)
        for name, n in (("Buyers", 4), ("Buyers of then", 3)):
            assert steps(lake, Funnel.parse("View", segment=name)) == [n]
            assert [step.people for step in local.ask(Funnel.parse("View", segment=name)).steps] == [n]
        monkeypatch.setattr("obverse.engine.spark.lake.MAX_SNAPSHOT", 3)
        with pytest.raises(QuestionError, match="4 people are more than the 3 that one keeps"):
            lake.save_segment("Too many", FUNNEL, {"step": "2"}, snapshot=True)


# -- any table ------------------------------------------------------------------------------------------

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = {"event": "what", "time": "at", "user_id": "who", "anonymous_id": "cookie", "value": "paid"}


@pytest.fixture
def warehouse(spark_session: SparkSession) -> DataFrame:
    """Events as a warehouse has them: numbers for users, columns for properties, one of them a struct."""

    def one(
        what: str | None, minute: int, who: int | None, cookie: str | None, **more: Any
    ) -> tuple[Any, ...]:
        at = BEGIN + timedelta(minutes=minute)
        return what, at, who, cookie, more.get("paid"), more.get("plan"), {"city": more.get("city")}, "eur"

    rows = [
        one("view", 0, 1, None, plan="gold", city="Bonn"),
        one("buy", 5, 1, None, paid=Decimal(20), city="Bonn"),
        one("view", 0, 2, None, plan="tin", city="Ulm"),
        one("view", 0, None, "c9", plan="tin"),
        one("buy", 9, None, "c9", paid=Decimal(5)),
        one("view", 0, None, None),
        one(None, 0, 3, None),
    ]
    schema = (
        "what string, at timestamp, who long, cookie string, paid decimal(9,2), plan string, "
        "address struct<city string>, currency string"
    )
    return spark_session.createDataFrame(rows, schema).repartition(3)


def test_a_warehouses_own_events_are_asked_by_their_mapped_columns(
    warehouse: DataFrame, spark_session: SparkSession
) -> None:
    with obverse.open(
        warehouse, engine="spark", columns={**COLUMNS, "currency": fn.upper("currency")}
    ) as lake:
        answer = lake.ask(Funnel.parse("view > buy"))
        assert [step.people for step in answer.steps] == [3, 2]
        assert answer.steps[1].value_reached.value == 25
        assert answer.currency == "EUR"
        assert answer.notes == ("2 rows of the table have no event, time or person and are left out.",)
        assert steps(lake, Funnel.parse("view [plan = 'tin'] > buy")) == [2, 1]
        split = lake.ask(Funnel.parse("view > buy", by="address.city"))
        assert {one.name: one.steps[1].people for one in split.groups} == {
            "Bonn": 1,
            "Ulm": 0,
            "(no value)": 1,
        }
        found = lake.people(Funnel.parse("view > buy"), {"step": "2"}).people
        assert {(one.user_id, one.anonymous_ids) for one in found} == {("1", ()), (None, ("c9",))}
        with pytest.raises(QuestionError, match="did you mean 'plan'"):
            steps(lake, Funnel.parse("view [plans = 'tin']"))
        with pytest.raises(QuestionError, match="unless it is opened with segments=FOLDER"):
            steps(lake, Funnel.parse("view", segment="Buyers"))
        with pytest.raises(QuestionError, match="'Buyers' cannot be saved"):
            lake.save_segment("Buyers", Funnel.parse("view > buy"), {"step": "2"})


def test_segments_of_a_table_are_kept_in_a_data_folder_beside_it(
    warehouse: DataFrame, tmp_path: Path
) -> None:
    beside = tmp_path / "beside"
    with obverse.open(warehouse, engine="spark", columns=COLUMNS, segments=beside) as lake:
        lake.save_segment("Buyers", Funnel.parse("view > buy"), {"step": "2"})
        lake.save_segment("Viewers of tin", Funnel.parse("view [plan = 'tin']"), snapshot=True)
    with obverse.open(warehouse, engine="spark", columns=COLUMNS, segments=beside) as lake:
        assert steps(lake, Funnel.parse("view", segment="Buyers")) == [2]
        assert steps(lake, Funnel.parse("view > buy", segment="Viewers of tin")) == [2, 1]
        split = lake.ask(Funnel.parse("view", by="segment: Buyers"))
        assert {one.name: one.steps[0].people for one in split.groups} == {"in Buyers": 2, "not in Buyers": 1}
    with pytest.raises(QuestionError, match="a data folder has its own"):
        obverse.open(beside, engine="spark", session=warehouse.sparkSession, segments=beside)


def test_a_table_by_name_is_read_anew_and_its_claims_hold(
    warehouse: DataFrame, spark_session: SparkSession
) -> None:
    calls = fn.when(fn.col("what") == "login", "identify").otherwise("track")
    login = warehouse.limit(1).select(
        *(
            fn.lit({"what": "login", "cookie": "c9", "who": "7"}.get(name)).cast(kind).alias(name)
            if name in ("what", "cookie", "who", "paid")
            else fn.col(name)
            for name, kind in warehouse.dtypes
        )
    )
    warehouse.createOrReplaceTempView("their_events")
    columns = {**COLUMNS, "type": calls, "time": fn.col("at").cast("timestamp_ntz")}
    with obverse.open("their_events", engine="spark", session=spark_session, columns=columns) as lake:
        before = lake.people(Funnel.parse("view > buy"), {"step": "2"}).people
        warehouse.unionByName(login).createOrReplaceTempView("their_events")
        after = lake.people(Funnel.parse("view > buy"), {"step": "2"}).people
    spark_session.catalog.dropTempView("their_events")
    assert sorted(str(one.user_id) for one in before) == ["1", "None"]
    assert sorted(str(one.user_id) for one in after) == ["1", "7"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"event": "what", "time": "at"}, "which column is the user_id or anonymous_id"),
        ({"user_id": "who"}, "which column is the event and which the time"),
        ({**COLUMNS, "event": "whta"}, "columns: event: unknown column 'whta'; did you mean 'what'"),
        ({**COLUMNS, "evnt": "what"}, "unknown column 'evnt'; did you mean 'event'"),
        ({**COLUMNS, "time": "plan"}, "time: plan is of type string; it must be a timestamp"),
        (None, "say which columns"),
    ],
)
def test_a_mapping_that_cannot_be_read_is_refused(
    warehouse: DataFrame, columns: dict[str, str] | None, message: str
) -> None:
    with pytest.raises(QuestionError, match=message):
        obverse.open(warehouse, engine="spark", columns=columns)


def test_json_that_executors_cannot_read_is_said(spark_session: SparkSession) -> None:
    rows = [("view", BEGIN, "ann", '{"plan": "gold"}'), ("view", BEGIN, "ben", "{")]
    table = spark_session.createDataFrame(rows, "what string, at timestamp, who string, more string")
    columns = {"event": "what", "time": "at", "user_id": "who", "properties": "more"}
    lake = obverse.open(table, engine="spark", columns=columns)
    with lake, pytest.raises(DataError, match="cannot be read"):
        steps(lake, Funnel.parse("view [properties.plan = 'gold']"))


# -- the guide ------------------------------------------------------------------------------------------


def test_the_examples_of_the_guide_run(
    warehouse: DataFrame, spark_session: SparkSession, tmp_path: Path
) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "spark.md").read_text()
    blocks = re.findall(r"^```\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    theirs = {"what": "event_name", "at": "occurred_at", "who": "customer_id", "cookie": "cookie_id"}
    warehouse.withColumnsRenamed({**theirs, "paid": "amount_eur"}).createOrReplaceTempView("shop_events")
    rows = [row("ann", "Product Viewed", 0), row("ann", "Order Completed", 1)]
    names: dict[str, Any] = {"session": spark_session}
    for block in blocks:
        text = block.replace("/shared/obverse-data", str(fill(tmp_path / "data", spread(rows))))
        exec(compile(text, "spark.md", "exec"), names)
    assert [step.people for step in names["answer"].steps] == [1, 1]
