"""What the Spark engine sends to executors, run here without Spark."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import obverse
from obverse.engine.spark.chunks import chunks
from obverse.engine.spark.laying import Named
from obverse.engine.spark.narrowing import Narrowing
from obverse.engine.spark.owning import Owning
from obverse.engine.spark.query import rewritten
from obverse.engine.spark.recipe import CLAIM, Recipe
from obverse.engine.spark.session import lenient_java, session_of
from obverse.errors import DataError, MissingExtraError, QuestionError
from obverse.tape.columns import Wanted
from obverse.tape.expression import Form, parse
from obverse.tape.layout import Key, Selection
from obverse.tape.planning import Plan, planned
from tests.engine.lakes import row, table_of

PACKAGE = Path(obverse.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def ready(*selections: Selection, keys: tuple[Key, ...] = ()) -> Plan:
    def wanted(form: Form, text: str, optional: bool) -> Wanted:
        return Wanted.of(form, parse(text, None, form))

    return planned(selections, "person", None, False, keys, (), False, wanted)


def events(*rows: dict[str, object]) -> pa.RecordBatch:
    table = table_of(rows)
    table = table.append_column("seq", pa.array(range(1, len(rows) + 1), pa.int64()))
    for name in ("user_id", "anonymous_id"):
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(rows), pa.string()))
    return table.combine_chunks().to_batches()[0]


# -- chunks ---------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 9), max_size=60).map(sorted),
    st.lists(st.integers(0, 60), max_size=6).map(sorted),
    st.integers(1, 20),
)
def test_a_chunk_has_all_rows_of_its_units_wherever_batches_are_cut(
    units: list[int], cuts: list[int], n_rows: int
) -> None:
    edges = [0, *(min(cut, len(units)) for cut in cuts), len(units)]
    batches = [pa.record_batch({"unit": pa.array(units[a:b], pa.int64())}) for a, b in pairwise(edges)]
    found = [chunk["unit"].tolist() for chunk in chunks(batches, n_rows)]
    assert [unit for chunk in found for unit in chunk] == units
    assert all(one[-1] < other[0] for one, other in pairwise(found))
    longest = max((units.count(unit) for unit in units), default=0)
    largest = max((batch.num_rows for batch in batches), default=0)
    assert all(len(chunk) <= 2 * max(n_rows, longest) + largest for chunk in found)


# -- narrowing ------------------------------------------------------------------------------------------


def test_only_events_that_some_selection_wants_are_left_with_a_bit_for_each() -> None:
    plan = ready(Selection(("A", "B")), Selection(("A",), "properties.x > 1"))
    recipe = Recipe.of([plan], derives=False, claimed=False)
    batch = events(
        row("u", "A", 0, properties={"x": 2}),
        row("u", "C", 0, properties={"x": 2}),
        row("v", "B", 1, properties={"x": 2}),
        row("v", "A", 2),
    )
    found = pa.Table.from_batches(Narrowing(recipe, "seq")([batch]))
    assert found["seq"].to_pylist() == [1, 3, 4]
    assert found["bits"].to_pylist() == [0b11, 0b01, 0b01]
    assert found.column_names == ["unit", "time", "seq", "bits"]


def test_a_value_is_spelled_out_once_a_task() -> None:
    plan = ready(Selection(("A",)), keys=(Key("properties.x"),))
    recipe = Recipe.of([plan], derives=False, claimed=False)
    batch = events(
        row("u", "A", 0, properties={"x": "one"}),
        row("u", "A", 0, properties={"x": "two"}),
        row("u", "A", 0, properties={"x": "one"}),
        row("u", "A", 0),
    )
    found = pa.Table.from_batches(Narrowing(recipe, "seq")([batch, batch]))
    spelled = found.filter(pa.compute.is_valid(found["text"]))
    assert sorted(spelled["text"].to_pylist()) == ["one", "two"]
    keys = dict(zip(found["seq"].to_pylist(), found["c0"].to_pylist(), strict=True))
    assert sorted(spelled["unit"].to_pylist()) == sorted({keys[1], keys[2]})
    assert keys[4] == -1


def test_an_executor_of_another_version_is_refused() -> None:
    recipe = Recipe.of([ready(Selection(("A",)))], derives=False, claimed=False)
    other = Recipe(recipe.takes, recipe.columns, False, (), False, "obverse 0, duckdb 0")
    with pytest.raises(DataError, match="install the same"):
        list(Narrowing(other, "seq")([]))


def test_broken_json_is_said() -> None:
    recipe = Recipe.of([ready(Selection((), "properties.x = 1"))], derives=False, claimed=False)
    batch = events(row("u", "A", 0))
    at = batch.schema.get_field_index("properties")
    broken = batch.set_column(at, "properties", pa.array(["{"]))
    with pytest.raises(DataError, match="cannot be read"):
        list(Narrowing(recipe, "seq")([broken]))


def test_a_question_has_a_bound_number_of_selections() -> None:
    many = ready(*(Selection((f"e{i}",)) for i in range(61)))
    with pytest.raises(QuestionError, match="in 60 ways, not in 61"):
        Recipe.of([many], derives=False, claimed=False)


# -- owning ---------------------------------------------------------------------------------------------


def owner(stream: int, time: int, claims: list[tuple[int, int, int]]) -> int:
    """Say who an event belongs to, by the rule alone."""
    mine = sorted((at, user) for of, at, user in claims if of == stream)
    later = [(at, user) for at, user in mine if at >= time]
    if later:
        return later[0][1]
    last = [user for at, user in mine if at == mine[-1][0]]
    return last[0] if last else stream


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=25),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(10, 12)), max_size=8),
    st.integers(1, 7),
)
def test_events_find_their_person_however_batches_are_cut(
    seen: list[tuple[int, int]], claims: list[tuple[int, int, int]], size: int
) -> None:
    rows = [(stream, 0, time, user, 1 << CLAIM) for stream, time, user in claims]
    rows += [(stream, 1, time, number, 1) for number, (stream, time) in enumerate(seen)]
    rows.sort(key=lambda one: one[:3])
    columns = {"unit": 0, "time": 2, "seq": 3, "bits": 4}
    table = pa.table({name: pa.array([one[at] for one in rows], pa.int64()) for name, at in columns.items()})
    found = {
        number: person
        for batch in Owning(table.schema)(table.to_batches(max_chunksize=size))
        for number, person in zip(batch["seq"].to_pylist(), batch["unit"].to_pylist(), strict=True)
    }
    assert found == {number: owner(*one, claims) for number, one in enumerate(seen)}


# -- labels ---------------------------------------------------------------------------------------------


def test_a_key_without_a_label_has_the_code_after_the_last() -> None:
    named = Named(("b", None, "a"), (30, -1, 10))
    assert named.codes(np.array([10, 20, 30, -1, 40])).tolist() == [2, 3, 0, 1, 3]
    assert Named().codes(np.array([5])).tolist() == [0]


# -- ad-hoc SQL -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("SELECT events.event FROM events", "SELECT events.event FROM e1 AS events"),
        ("SELECT e.event FROM events e", "SELECT e.event FROM e1 AS e"),
        ("WITH x AS (SELECT 1 AS n FROM events) SELECT n FROM x", None),
        ("SELECT 1 FROM events UNION ALL SELECT 2 FROM events", None),
    ],
)
def test_events_is_written_as_the_view_that_it_is(text: str, written: str | None) -> None:
    found = rewritten(text, "e1")
    assert found == written if written else ("e1" in found and "FROM events" not in found)


@pytest.mark.parametrize(
    "text",
    [
        *("DROP TABLE events", "SELECT 1; SELECT 2", "", "SELECT * FROM other", "SELECT * FROM db.events"),
        *(
            "INSERT INTO events SELECT 1",
            "SELECT * FROM parquet.`/etc`",
            "CACHE TABLE events",
            "SELECT FROM (",
        ),
    ],
)
def test_what_is_not_a_query_of_the_events_is_refused(text: str) -> None:
    with pytest.raises(QuestionError, match="SQL: "):
        rewritten(text, "e1")


# -- what it needs --------------------------------------------------------------------------------------


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'obverse\[spark\]'"):
        session_of(None)
    with pytest.raises(MissingExtraError):
        obverse.open(tmp_path, engine="spark")


def _imported(node: ast.stmt) -> str:
    if isinstance(node, ast.ImportFrom):
        return node.module or ""
    return ",".join(one.name for one in node.names) if isinstance(node, ast.Import) else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pyspark_is_imported_by_its_engine_alone_and_only_when_it_is_used(path: Path) -> None:
    tree = ast.parse(path.read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    if "spark" in path.relative_to(PACKAGE).parts:
        nodes = tree.body  # at the top; in a function or for types it may be
    assert not [node.lineno for node in nodes if "pyspark" in _imported(node)]


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    opened: Callable[..., object] = obverse.open
    with pytest.raises(QuestionError, match="did you mean 'spark'"):
        opened(tmp_path, engine="sparc")


def test_java_is_started_without_the_module_that_it_may_not_have(tmp_path: Path) -> None:
    real = tmp_path / "real home" / "bin" / "java"
    real.parent.mkdir(parents=True)
    real.write_text('#!/bin/sh\nfor one do echo "<$one>"; done\n')
    real.chmod(0o755)
    java = lenient_java(tmp_path / "real home") / "bin" / "java"
    arguments = ["-a b", "--add-modules=jdk.incubator.vector", "", "c*"]
    said = subprocess.run([java, *arguments], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["<-a b>", "<>", "<c*>"]
