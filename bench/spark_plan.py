"""What a question costs on a cluster, an event: `python -m bench.spark_plan --size 1000000`.

The steps that the Spark engine sends to executors run here on a lake of made-up events, and their bytes are
counted as Spark moves them. Bytes do not depend on how busy a machine is, so they can be scaled up.

- read: the column chunks of the lake's Parquet files that the question needs, by their footers, of row groups
  whose statistics do not rule out its events;
- shuffled: the rows that the steps leave, as Spark writes rows: a length, a word of null bits and a word for
  each field, in the order of their partitions, LZ4 in blocks of 32 KiB;
- returned: the pickled summary of one partition.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import obverse
from bench.events import COUNTRIES, NAMES, STEPS, make
from obverse.engine.spark.laying import Brief, Named
from obverse.engine.spark.narrowing import Narrowing
from obverse.engine.spark.recipe import Recipe
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.measure import measure_of
from obverse.measure.question import Question
from obverse.tape.columns import Wanted
from obverse.tape.expression import Form, parse
from obverse.tape.planning import Plan, planned
from obverse.tape.reels import CLAIMING

EVENTS = 10_000_000_000
PARTITIONS = 8
BATCH_ROWS = 100_000
BLOCK = 32 << 10
DATA = Path(__file__).parent / "data"

_ROWS = """SELECT event, type, 'm' || row_number() OVER (ORDER BY time) AS message_id,
  make_timestamptz(time) AS time, TIMESTAMPTZ '2026-10-01' AS received_at,
  'web' AS touchpoint, 'bench' AS source, user_id, anonymous_id,
  NULL::VARCHAR AS account_id, NULL::VARCHAR AS session_id,
  CASE WHEN event = $paid THEN price END AS value, CASE WHEN event = $paid THEN 'EUR' END AS currency,
  '{"price":' || price || ',"country":"' || country || '"}' AS properties, '{}' AS context
FROM (
  SELECT *, 'track' AS type, CASE WHEN NOT $claimed OR hash(time) % 10 >= 4 THEN 'u' || person END AS user_id,
    CASE WHEN $claimed THEN 'device-' || person END AS anonymous_id FROM chunk
  UNION ALL
  SELECT person, max(time), 'Identified', any_value(country), 0, 'identify', 'u' || person,
    'device-' || person FROM chunk WHERE $claimed GROUP BY person)
ORDER BY time"""


@dataclass(frozen=True)
class Cost:
    """Bytes that a question costs: read and shuffled in all, returned by each partition."""

    name: str
    read: int
    shuffled: int
    returned: int


def lake(size: int, claimed: bool) -> Path:
    """Make a lake of one large day; with `claimed` 4 events of 10 have no user id, and all identify."""
    folder = DATA / f"spark-{size}-{'claimed' if claimed else 'known'}"
    if (folder / "loaded").exists():
        return folder
    table = EventTable.open(Folder.open(folder, create=True).events, create=True)
    file = pq.ParquetFile(make(DATA, size))
    for number in range(file.num_row_groups):
        with duckdb.connect() as base:
            base.execute("SET TimeZone = 'UTC'")
            base.register("chunk", file.read_row_group(number))
            rows = base.sql(_ROWS, params={"paid": STEPS[-1], "claimed": claimed}).to_arrow_table()
        table.append(rows, "bench", number + 1)
    table.seal(date(2100, 1, 1))
    table.vacuum()
    (folder / "loaded").touch()
    return folder


def questions() -> dict[str, Question]:
    """Name the questions: of some events, with filter and split, of all events."""
    text = " > ".join(STEPS)
    split = obverse.Funnel.parse(text, where="properties.price > 20", by="properties.country")
    return {
        "funnel of 4 events of 9": obverse.Funnel.parse(text),
        "the same, filtered and split by a property": split,
        "overview of all events": obverse.Overview(conversion=NAMES[3]),
    }


def cost(name: str, question: Question, folder: Path, claimed: bool) -> Cost:
    """Count a question's bytes."""
    asked = measure_of(question).plan(question)
    its = (asked.selections, asked.unit, asked.same, asked.value, asked.keys, asked.numbers, asked.marks)
    ready = planned(*its, _wanted)
    recipe = Recipe.of([ready], derives=False, claimed=claimed)
    read = shuffled = 0
    left = []
    for file in EventTable.open(Folder.open(folder).events).snapshot.files:
        with pq.ParquetFile(file.path) as parquet:
            groups = [*_groups(parquet, recipe)]
            read += sum(_bytes(parquet, group, recipe) for group in groups)
            batches = parquet.iter_batches(BATCH_ROWS, groups, recipe.fields())
            left += [*Narrowing(recipe, "stream")(_pushed(batch, recipe) for batch in batches)]
    rows = pa.Table.from_batches(left, recipe.schema())
    if recipe.labelled:
        rows = rows.filter(pc.is_null(rows["text"])).drop_columns("text")
    if claimed:
        shuffled += _shuffled(rows.filter(pc.invert(rows["known"])))
        rows = rows.filter(pc.less(rows["bits"], 1 << 62))
    shuffled += _shuffled(rows.select(recipe.row_schema().names))
    return Cost(name, read, shuffled, _returned(question, ready, recipe))


def _wanted(form: Form, text: str, optional: bool) -> Wanted:
    return Wanted.of(form, parse(text, None, form))


def _names(recipe: Recipe, claimed: bool) -> set[str] | None:
    names = {kind.value for kind in recipe.kinds()} | ({"Identified"} if claimed else set())
    return None if "" in names else names


def _groups(parquet: pq.ParquetFile, recipe: Recipe) -> Iterator[int]:
    """Give the row groups that may have events of the question."""
    names = _names(recipe, recipe.claimed)
    at = parquet.schema_arrow.get_field_index("event")
    for group in range(parquet.num_row_groups):
        held = parquet.metadata.row_group(group).column(at).statistics
        if names is None or any(held.min <= name <= held.max for name in names):
            yield group


def _bytes(parquet: pq.ParquetFile, group: int, recipe: Recipe) -> int:
    columns = parquet.schema_arrow
    meta = parquet.metadata.row_group(group)
    at = {columns.get_field_index(name) for name in recipe.fields()}
    return sum(meta.column(index).total_compressed_size for index in at)


def _pushed(batch: pa.RecordBatch, recipe: Recipe) -> pa.RecordBatch:
    """Leave out events that Spark's own filter leaves out."""
    names = _names(recipe, False)
    if names is None:
        return batch
    kept = pc.is_in(batch["event"], pa.array(sorted(names)))
    if recipe.claimed:
        kept = pc.or_(kept, pc.is_in(batch["type"], pa.array(CLAIMING)))
    return batch.filter(kept)


def _shuffled(rows: pa.Table) -> int:
    """Count the bytes of rows as Spark shuffles them by unit."""
    n = rows.num_rows
    words = np.zeros((n, 2 + rows.num_columns), np.int64)
    words[:, 0] = 8 * (1 + rows.num_columns)
    for at, column in enumerate(rows.columns):
        filled = column.cast(pa.int64()) if pa.types.is_boolean(column.type) else column
        words[:, 2 + at] = filled.to_numpy().view(np.int64)
    mixed = (words[:, 2].view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
    words = words[np.argsort(mixed % PARTITIONS, kind="stable")]
    raw = np.ascontiguousarray(words).view(np.uint8)[:, 4:].tobytes()  # the length has four bytes
    blocks = (raw[at : at + BLOCK] for at in range(0, len(raw), BLOCK))
    return sum(21 + len(pa.compress(block, "lz4_raw", asbytes=True)) for block in blocks)


def _returned(question: Question, ready: Plan, recipe: Recipe) -> int:
    """Count the bytes of a partition's summary: they are the same for nobody and for millions."""
    measure = measure_of(question)
    asked = measure.plan(question)
    named = Named(COUNTRIES, tuple(range(len(COUNTRIES))))
    brief = Brief(recipe, {asked: (ready, (named,) * len(ready.keys))}, {}, 1, 1_790_000_000_000_000)
    layout = brief.layout(brief.nobody(), asked, None)
    return len(pickle.dumps(measure.scan(question, layout, range(0))))


def main() -> None:
    """Print the table of `docs/spark.md`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1_000_000)
    size = parser.parse_args().size
    columns = ("read, B an event", "shuffled, B an event", "a summary", "read", "shuffled")
    print(f"| question | {' | '.join(columns)} |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for claimed in (False, True):
        folder = lake(size, claimed)
        for name, question in questions().items():
            found = cost(name + ("; 40 % anonymous" if claimed else ""), question, folder, claimed)
            each = (found.read / size, found.shuffled / size)
            whole = (f"{one * EVENTS / 1e9:,.0f} GB".replace(",", " ") for one in each)
            figures = (f"{each[0]:.1f}", f"{each[1]:.1f}", f"{found.returned / 1e3:.0f} kB", *whole)
            print(f"| {found.name} | {' | '.join(figures)} |", flush=True)


if __name__ == "__main__":
    main()
