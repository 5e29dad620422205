"""The stages of a question up to its scan: narrow rows, sorted, in the partition of their person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from obverse.engine.groups import Groups, Needs
from obverse.engine.spark.accounts import Accounting
from obverse.engine.spark.labels import named
from obverse.engine.spark.laying import Brief
from obverse.engine.spark.narrowing import Narrowing, filled
from obverse.engine.spark.owning import Owning
from obverse.engine.spark.recipe import CLAIM, Recipe
from obverse.engine.spark.scanning import FEW
from obverse.engine.spark.source import Source
from obverse.errors import QuestionError
from obverse.measure.protocol import Plan as Asked
from obverse.settings.segments import Segment
from obverse.tape.columns import Wanted
from obverse.tape.expression import Form, parse
from obverse.tape.people import EVER
from obverse.tape.planning import SESSION, Plan, planned
from obverse.tape.reels import CLAIMING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PARTITION_ROWS = 4_000_000
"""Events of the source that one partition of people is for, at most: what bounds the sort of a partition."""

WORTHWHILE_ROWS = 100_000
"""Events of the source that are worth a partition of their own: for fewer, a task is mostly its own start."""

_WIDTHS = {"int64": "long", "double": "double", "bool": "boolean", "string": "string"}


@dataclass(frozen=True)
class Staged:
    """A question's rows, ready to be scanned.

    Attributes:
        rows: sorted by unit, time and seq in each partition; all rows of a unit are in one.
        n: partitions.
        brief: what executors must know.
    """

    rows: DataFrame
    n: int
    brief: Brief


@contextmanager
def staged(
    session: SparkSession, source: Source, find: Callable[[str], Segment], plan: Asked, segment: str | None
) -> Iterator[Staged]:
    """Prepare a question's rows; what Spark keeps of them meanwhile is let go of afterwards.

    Args:
        session: the Spark session.
        source: of the events.
        find: gives a saved segment by its name.
        plan: the question's.
        segment: the question's.

    Raises:
        QuestionError: the question cannot be asked as it stands.
    """
    needs = Groups(find, _never, _never).needs(plan, segment)
    ready = {one: _planned(one, source) for one in needs.plans}
    recipe = Recipe.of([*ready.values()], _derives([*ready.values()], source), source.tally().claimed)
    segments, snapshots = _snapshots(needs, recipe)
    with ExitStack() as stack:
        stages = _Stages(session, source, recipe, stack)
        narrow = stages.narrow()
        rows = stages.owned(stages.events(narrow), snapshots)
        account = plan.unit == "account"
        if account:
            rows = stages.by_account(rows)
        counted = rows.unionByName(stages.texts(narrow), allowMissingColumns=True) if account else narrow
        labels = {one: (made, named(made, recipe, counted)) for one, made in ready.items()}
        brief = Brief(recipe, labels, segments, source.last_seq, source.tally().newest)
        yield Staged(rows, stages.n, brief)


def _never(_: Any) -> Any:
    raise AssertionError("nothing is laid out on the driver")


class _Stages:
    """The steps, each from a DataFrame to the next.

    Args:
        session: the Spark session.
        source: of the events.
        recipe: what is computed.
        stack: ends what Spark keeps.
    """

    def __init__(self, session: SparkSession, source: Source, recipe: Recipe, stack: ExitStack) -> None:
        self._session = session
        self._source = source
        self._recipe = recipe
        self._stack = stack
        asked = int(session.conf.get("spark.sql.shuffle.partitions") or 1)
        self.n = partitions(asked, source.n_events)

    def narrow(self) -> DataFrame:
        """Evaluate the recipe; the rows are kept where they are needed more than once."""
        events = self._source.frame(self._recipe.fields(), _names(self._recipe))
        wanted = _pushed(self._recipe)
        events = events if wanted is None else events.where(wanted)
        narrow = events.mapInArrow(
            Narrowing(self._recipe, self._source.stream), spelled(self._recipe.schema())
        )
        return self._kept(narrow) if self._recipe.claimed or self._recipe.labelled else narrow

    def _kept(self, rows: DataFrame) -> DataFrame:
        rows.persist()
        self._stack.callback(rows.unpersist)
        return rows

    def events(self, rows: DataFrame) -> DataFrame:
        """Leave out texts."""
        return rows.where("text IS NULL").drop("text") if "text" in rows.columns else rows

    def texts(self, rows: DataFrame) -> DataFrame:
        """Leave only texts."""
        return rows.where("text IS NOT NULL") if self._recipe.labelled else rows

    def owned(self, rows: DataFrame, snapshots: pa.Table | None) -> DataFrame:
        """Bring the rows to their persons; those of a snapshot's people with them."""
        schema = self._recipe.row_schema()
        if snapshots is not None:
            more = self._session.createDataFrame(snapshots, spelled(snapshots.schema))
            rows = rows.unionByName(more.select(*rows.columns))
        if self._recipe.claimed:
            known = rows.where("known").drop("known")
            others = self._sorted(rows.where("NOT known"), "unit", f"bits != {1 << CLAIM}", "time")
            rows = known.unionByName(others.mapInArrow(Owning(schema), spelled(schema)))
        return self._sorted(rows, "unit", "time", "seq")

    def by_account(self, rows: DataFrame) -> DataFrame:
        """Bring rows that are with their persons to their accounts."""
        schema = spelled(self._recipe.row_schema())
        rows = self._sorted(rows.mapInArrow(Accounting(self._recipe), schema), "unit", "time", "seq")
        return self._kept(rows) if self._recipe.labelled else rows

    def _sorted(self, rows: DataFrame, *order: str) -> DataFrame:
        from pyspark.sql import functions as fn

        parted = rows.repartition(self.n, order[0])
        return parted.sortWithinPartitions(*(fn.expr(one) for one in order))


def partitions(asked: int, n_events: int) -> int:
    """Say how many partitions of people there are: as many as asked for, within what the events need.

    Args:
        asked: the session's setting, 200 where nobody set it.
        n_events: of the source.

    >>> [partitions(200, n) for n in (1_000, 2_000_000, 50_000_000, 4_000_000_000)]
    [8, 20, 200, 1000]
    """
    worthwhile = max(FEW, -(-n_events // WORTHWHILE_ROWS))
    return max(min(asked, worthwhile), -(-n_events // PARTITION_ROWS))


def spelled(schema: pa.Schema) -> str:
    """Write a schema as Spark reads it."""
    return ", ".join(f"{field.name} {_WIDTHS[str(field.type)]}" for field in schema)


def _planned(plan: Asked, source: Source) -> Plan:
    def wanted(form: Form, text: str, optional: bool) -> Wanted:
        return Wanted.of(form, parse(text, None if optional else source.place, form))

    its = plan.selections, plan.unit, plan.same, plan.value, plan.keys, plan.numbers, plan.marks
    return planned(*its, wanted)


def _derives(plans: list[Plan], source: Source) -> bool:
    """Tell whether a plan counts sessions, and some event it is about has none of its client's."""
    kinds = {kind for plan in plans if plan.unit == "session" for c in plan.choices for kind in c.kinds}
    if not kinds:
        return False
    names = [kind.value for kind in kinds]
    events = source.frame(("event", SESSION.sql)).where(f"{SESSION.sql} IS NULL")
    events = events if "" in names else events.where(events.event.isin(names))
    return bool(events.limit(1).collect())


def _snapshots(needs: Needs, recipe: Recipe) -> tuple[Mapping[str, Segment], pa.Table | None]:
    """Give the segments by name, with a bit in place of a snapshot's people, and rows with those bits.

    A row is an event without a user id, later than any: so it finds the person that its stream is now.
    """
    segments: dict[str, Segment] = {}
    rows: list[pa.RecordBatch] = []
    for found in needs.segments:
        if found.people is not None and found.name not in segments:
            bit = len(recipe.takes) + len(rows)
            if bit >= CLAIM:
                raise QuestionError(f"segment: {len(rows)} snapshots in one question are too many")
            people = np.frombuffer(found.people, np.int64)
            rows += filled(_members(people, bit), recipe.schema())
            found = msgspec.structs.replace(found, people=np.int64(bit).tobytes())
        segments.setdefault(found.name, found)
    schema = pa.schema([field for field in recipe.schema() if field.name != "text"])
    return segments, pa.Table.from_batches(rows).select(schema.names) if rows else None


def _members(people: np.ndarray[tuple[int], np.dtype[np.int64]], bit: int) -> pa.Table:
    n = len(people)
    return pa.table({"unit": people, "time": np.full(n, EVER), "bits": np.full(n, 1 << bit)})


def _names(recipe: Recipe) -> set[str]:
    """Give the top-level fields of properties that a recipe may look at: those of its JSON Pointers."""
    values = (value for one in recipe.wanted() for _, value in one.params)
    pointers = (value for value in values if isinstance(value, str) and value.startswith("/"))
    return {one.split("/")[1].replace("~1", "/").replace("~0", "~") for one in pointers}


def _pushed(recipe: Recipe) -> Column | None:
    """Say which events are wanted at all, so that Spark need not read the others; None for all."""
    from pyspark.sql import functions as fn

    found: dict[str, set[str]] = {}
    for kind in recipe.kinds():
        found.setdefault(kind.column, set()).add(kind.value)
    if "" in found:
        return None
    if recipe.claimed:
        found.setdefault("type", set()).update(CLAIMING)
    each = [fn.col(column).isin(sorted(values)) for column, values in found.items()]
    return reduce(lambda one, other: one | other, each)
