"""The events of any table that Spark can read, by a mapping of its columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from obverse.engine.spark.fields import Fields
from obverse.engine.spark.source import Tally
from obverse.errors import QuestionError, unknown
from obverse.event import SCHEMA, STREAM_SQL
from obverse.tape.catalogue import placed
from obverse.tape.expression import Path

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

Columns = Mapping[str, "str | Column"]

MAPPED = tuple(name for name in SCHEMA.names if name not in ("day", "stream", "received_at", "message_id"))
"""What columns may be mapped to."""

_TEXTS = {"type": "track", "touchpoint": "other", "source": "table"}
_IDS = ("user_id", "anonymous_id")
MAX_CURRENCIES = 1_000


class TableSource:
    """All rows of a table that have an event, a time and a user id or anonymous id.

    Args:
        read: gives the table, anew for each question.
        columns: for each of the lake's columns the table's, by name or as an expression. ``event``, ``time``
            and one of ``user_id`` and ``anonymous_id`` are needed. Without ``properties`` every column of the
            table is a field of its name. Without ``seq`` events of one person and instant are taken in an
            order of their own, always the same.

    Raises:
        QuestionError: a column is not there, is of a wrong type, or a needed one is not mapped.
    """

    stream = STREAM_SQL

    def __init__(self, read: Callable[[], DataFrame], columns: Columns) -> None:
        self._read = read
        self._columns = dict(columns)
        self._table = read()
        _check(self._columns, self._table)
        self._types = {field.name: field.dataType for field in self._table.schema.fields}
        self._fields = Fields(self.frame)
        self._tally: Tally | None = None
        self._left_out = self._version = self._last_seq = 0

    @property
    def last_seq(self) -> int:
        """Number of the last event where events are numbered, else how many there are."""
        self.tally()
        return self._last_seq

    @property
    def n_events(self) -> int:
        """How many events there are."""
        return sum(self.tally().counts.values())

    def refresh(self) -> None:
        """Read the table anew, unless it is given as it is."""
        table = self._read()
        if table is not self._table:
            self._table, self._tally = table, None
            self._version += 1

    def tally(self) -> Tally:
        """Count all events."""
        if self._tally is None:
            from pyspark.sql import functions as fn

            found = Tally()
            found.add(self.frame(("event", "type", "time")))
            n_events = sum(found.counts.values())
            self._left_out = self._table.count() - n_events
            numbered = "seq" in self._columns
            last = self.frame(("seq",)).agg(fn.max("seq")).collect()[0][0] if numbered else n_events
            self._last_seq = int(last or 0)
            self._tally = found
        return self._tally

    def frame(self, fields: Sequence[str], names: Collection[str] = ()) -> DataFrame:
        """Give columns of all events; unmapped properties have only the fields that are named."""
        ids = [self._mapped(name).isNotNull() for name in _IDS if name in self._columns]
        whole = self._table.where(reduce(lambda one, other: one | other, ids))
        whole = whole.where(self._mapped("event").isNotNull() & self._mapped("time").isNotNull())
        wanted = [name for name in MAPPED if name in fields or ("stream" in fields and name in _IDS)]
        return whole.select(*(self._cast(name, names).alias(name) for name in wanted))

    def place(self, path: Path) -> Path:
        """Say where a field lies that is not a column."""
        if "properties" in self._columns:
            return self._fields.place(path, self._version)
        return placed(path, self._exists, lambda: [("properties", name) for name in self._types])

    def currencies(self) -> tuple[str, ...]:
        """List the currencies of the events' values."""
        if "currency" not in self._columns:
            return ()
        found = self.frame(("currency",)).where("currency IS NOT NULL").distinct().limit(MAX_CURRENCIES)
        return tuple(sorted(row.currency for row in found.collect()))

    def notes(self) -> tuple[str, ...]:
        """Say how many rows are no events."""
        n = self._left_out
        return (f"{n} rows of the table have no event, time or person and are left out.",) if n else ()

    def retrying(self, error: Exception) -> bool:
        """Leave it to Spark."""
        return False

    def _exists(self, path: Path) -> bool:
        if path[0] == "context":
            return "context" in self._columns
        return path[1] in self._types and _has(self._types[path[1]], path[2:])

    def _mapped(self, name: str) -> Column:
        return _column(self._columns[name])

    def _cast(self, name: str, names: Collection[str]) -> Column:
        """Give one of the lake's columns, with the lake's type."""
        from pyspark.sql import functions as fn

        if name == "seq" and name not in self._columns:
            named = [self._mapped(one) for one in ("event", "time", *_IDS) if one in self._columns]
            return fn.xxhash64(*named).bitwiseAND(fn.lit((1 << 63) - 1))
        if name in ("properties", "context"):
            return self._json(name, names)
        if name not in self._columns:
            kind = "double" if name == "value" else "string"
            return fn.lit(_TEXTS.get(name)).cast(kind)
        column = self._mapped(name)
        if name == "time":
            return _instant(column, self._table)
        text = column.cast({"seq": "long", "value": "double"}.get(name, "string"))
        return fn.coalesce(text, fn.lit(_TEXTS[name])) if name in _TEXTS else text

    def _json(self, name: str, names: Collection[str]) -> Column:
        from pyspark.sql import functions as fn

        if name in self._columns:
            column = self._mapped(name)
            text = column if _type(column, self._table) == "string" else fn.to_json(column, _JSON)
            return fn.coalesce(text, fn.lit("{}"))
        packed = [fn.col(_quoted(one)) for one in self._types if one in names]
        return fn.to_json(fn.struct(*packed), _JSON) if packed and name == "properties" else fn.lit("{}")


_JSON = {"timeZone": "UTC"}


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _has(kind: DataType, path: Sequence[str]) -> bool:
    """Tell whether a column of a type may have a field inside."""
    from pyspark.sql.types import MapType, StructType

    if not path:
        return True
    if isinstance(kind, StructType):
        return path[0] in kind.names and _has(kind[path[0]].dataType, path[1:])
    return isinstance(kind, MapType)


def _type(column: Column, table: DataFrame) -> str:
    return table.select(column).schema.fields[0].dataType.typeName()


def _instant(column: Column, table: DataFrame) -> Column:
    """Give a time as an instant; one without a time zone is taken as UTC."""
    from pyspark.sql import functions as fn

    if _type(column, table) == "timestamp":
        return column
    began = fn.lit("1970-01-01").cast("timestamp_ntz")
    return fn.timestamp_micros(fn.timestamp_diff("MICROSECOND", began, column))


def _check(columns: Columns, table: DataFrame) -> None:
    """Refuse a mapping that cannot be read.

    Raises:
        QuestionError: naming the column.
    """
    from pyspark.errors import AnalysisException

    for name, column in columns.items():
        if name not in MAPPED:
            raise QuestionError(f"columns: {unknown('column', name, MAPPED)}")
        try:
            kind = _type(_column(column), table)
        except AnalysisException:
            raise QuestionError(f"columns: {name}: {unknown('column', str(column), table.columns)}") from None
        if name == "time" and kind not in ("timestamp", "timestamp_ntz"):
            raise QuestionError(f"columns: time: {column} is of type {kind}; it must be a timestamp")
    missing = [name for name in ("event", "time") if name not in columns]
    missing += [] if set(_IDS) & set(columns) else ["user_id or anonymous_id"]
    if missing:
        raise QuestionError(f"columns: say which column is the {' and which the '.join(missing)}")


def _column(column: str | Column) -> Column:
    from pyspark.sql import functions as fn

    return fn.col(_quoted(column)) if isinstance(column, str) else column
