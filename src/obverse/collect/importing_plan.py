"""The plan of an import: what each field of an event is taken from, told or guessed, and what would come out.

Nothing is written while planning: a dry run is a plan that is not run.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import msgspec
import pyarrow as pa

from obverse.collect.importing_file import ImportFile, look_at
from obverse.collect.importing_guess import FIELDS, Profile, guess, guess_time
from obverse.collect.importing_map import Mapped, map_rows
from obverse.collect.importing_read import JsonReading, Kind, Reading, quoted, reading
from obverse.collect.importing_sql import Terms
from obverse.collect.importing_time import TimeRule, given, of_type, told
from obverse.collect.limits import Limits
from obverse.collect.privacy import Privacy
from obverse.errors import DataError, QuestionError, unknown

SOURCE = "import"
"""The source of imported events, unless another name is given."""

_SAMPLE_ROWS = 10_000
_MEMORY = "512MB"


class ImportMapping(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What each field of an event is taken from: a column's name, or ``=Text``, the same for every row.

    What is None is guessed; ``=`` alone leaves the field out.

    Attributes:
        person: id of a known user.
        anonymous: id of a device or browser.
        time: when it happened.
        event: the event's name.
        touchpoint: where it happened; ``server`` where nothing says.
        value: money.
        currency: ISO 4217 code.
        account: the organisation that the person acts for.
        session: the client's own session id.
        message_id: an id of the row, the same in every file that has the row.
        order: column that rows are sorted by first; it puts rows of the same time in order.
        time_format: how times are written, in strptime's letters, or iso, s, ms, us, ns.
        zone: time zone of times that name none.
        source: name kept with every event.
        delimiter: what stands between cells; ``tab``, or ``space`` for any white space.
        header: whether the first row names the columns.
    """

    person: str | None = None
    anonymous: str | None = None
    time: str | None = None
    event: str | None = None
    touchpoint: str | None = None
    value: str | None = None
    currency: str | None = None
    account: str | None = None
    session: str | None = None
    message_id: str | None = None
    order: str | None = None
    time_format: str | None = None
    zone: str = "UTC"
    source: str = SOURCE
    delimiter: str | None = None
    header: bool | None = None


@dataclass(frozen=True)
class Choice:
    """What one field is taken from.

    Attributes:
        field: of `FIELDS`.
        column: name of a column; None for a constant.
        constant: text of every row; None for a column.
        why: as given, or what the guess rests on.
    """

    field: str
    column: str | None
    constant: str | None
    why: str


@dataclass(frozen=True)
class ImportPlan:
    """An import that is ready to run. Close it, or use it in a ``with`` statement.

    Attributes:
        file: what is read.
        mapping: as given.
        choices: what each field is taken from; fields that nothing gives are not here.
        rule: how times are written.
        properties: columns that become properties, and their kinds.
        terms: what the SQL is made of.
        received_at: when the import happens, µs since 1970 UTC.
        sample: what comes out of the first rows.
        digest: of the content and of the choices: 32 hex digits.
    """

    file: ImportFile
    mapping: ImportMapping
    choices: tuple[Choice, ...]
    rule: TimeRule
    properties: Mapping[str, str]
    terms: Terms
    received_at: int
    sample: Mapped
    digest: str

    @property
    def app_id(self) -> str:
        """Name of the import in the lake's transactions."""
        return f"import:{self.digest}"

    def column(self, field: str) -> str | None:
        """Give the column of a field, None where it has none."""
        return next((choice.column for choice in self.choices if choice.field == field), None)

    def close(self) -> None:
        """Delete what planning has left on disk."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def plan(
    path: Path | str,
    mapping: ImportMapping | None = None,
    *,
    received_at: int,
    limits: Limits | None = None,
    privacy: Privacy | None = None,
) -> ImportPlan:
    """Look at a file and plan its import.

    Args:
        path: the file.
        mapping: what is known of its columns; all is guessed where None.
        received_at: now, µs since 1970 UTC.
        limits: as for collect; the defaults where None.
        privacy: what is not kept; the default where None.

    Raises:
        NotFoundError: there is no such file.
        QuestionError: it is no table, a named column is not there, or something needed cannot be guessed.
        DataError: it is damaged.
    """
    mapping = mapping or ImportMapping()
    _check(mapping)
    file = look_at(Path(path), delimiter=mapping.delimiter, header=mapping.header)
    try:
        with connect(mapping.zone) as connection:
            return _Planner(file, mapping, connection, limits or Limits(), privacy or Privacy()).plan(
                received_at
            )
    except BaseException:
        file.close()
        raise


def connect(zone: str) -> duckdb.DuckDBPyConnection:
    """Open a database in memory, bounded, in which times without a zone are in the given one."""
    connection = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": tempfile.gettempdir()})
    connection.execute(f"SET TimeZone = {quoted(zone)}")
    connection.execute("SET preserve_insertion_order = true")
    return connection


def _check(mapping: ImportMapping) -> None:
    """Refuse a mapping that is wrong whatever the file."""
    try:
        ZoneInfo(mapping.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise QuestionError(
            f"zone: {mapping.zone!r} is not a time zone; write one such as Europe/Berlin"
        ) from None
    if not mapping.source.strip():
        raise QuestionError("source: give a name")
    currency = mapping.currency or ""
    if currency.startswith("=") and len(currency) > 1 and not (len(currency) == 4 and currency[1:].isalpha()):
        raise QuestionError(f"currency: {currency[1:]!r} is not a code of three letters, such as EUR")


class _Planner:
    """What is found out on the way to a plan."""

    def __init__(
        self,
        file: ImportFile,
        mapping: ImportMapping,
        connection: duckdb.DuckDBPyConnection,
        limits: Limits,
        privacy: Privacy,
    ) -> None:
        self.file = file
        self.mapping = mapping
        self.connection = connection
        self.limits = limits
        self.privacy = privacy
        self.choices: dict[str, Choice] = {}

    def plan(self, received_at: int) -> ImportPlan:
        raw = self.rows()
        way = self.way(raw)
        profiles, types = self.profiles(way)
        self.read_mapping(way)
        rule = self.choose(profiles, way, types)
        self.need()
        terms, digest = self.terms(way, rule, profiles, types)
        sample = map_rows(self.connection, terms, raw, 1, received_at)
        gone = {*terms.columns.values(), *terms.drop}
        return ImportPlan(
            file=self.file,
            mapping=self.mapping,
            choices=tuple(self.choices[field] for field in FIELDS if field in self.choices),
            rule=rule,
            properties={one.name: self.shown_kind(one) for one in profiles if one.name not in gone},
            terms=terms,
            received_at=received_at,
            sample=sample,
            digest=digest,
        )

    def shown_kind(self, profile: Profile) -> str:
        """Say what a property's values are: in Parquet its column's type, else what its cells show."""
        if self.file.format != "parquet":
            return profile.kind
        return "text" if profile.sql_type == "VARCHAR" else profile.sql_type.lower()

    def rows(self) -> pa.Table:
        """Read the first rows."""
        name = self.file.path.name
        try:
            rows = self.connection.sql(
                f"SELECT * FROM ({reading(self.file).scan}) LIMIT {_SAMPLE_ROWS}"  # noqa: S608  # of quoted literals
            ).to_arrow_table()
        except duckdb.Error as error:
            raise DataError(f"{name} cannot be read: {str(error).splitlines()[0]}") from error
        self.connection.execute("DROP TABLE IF EXISTS rejected")
        self.connection.execute("DROP TABLE IF EXISTS rejected_scan")
        if not rows.num_rows:
            raise QuestionError(
                f"{name} has no rows that can be read as {len(self.file.columns)} cells apart by "
                f"{self.file.delimiter!r}; say what stands between cells with --delimiter"
                if self.file.n_rows
                else f"{name} has no rows"
            )
        return rows

    def way(self, raw: pa.Table) -> Reading:
        """Give the way to read the file, finding the keys of JSON objects over several lines."""
        if self.file.format == "json":
            keys: dict[str, None] = {}
            for text in raw.column("line").to_pylist()[:2_000]:
                row = json.loads(text) if text else None
                keys |= dict.fromkeys(row if isinstance(row, dict) else ())
            self.file = replace(self.file, columns=tuple(keys))
        self.connection.register("raw", raw)
        return reading(self.file)

    def profiles(self, way: Reading) -> tuple[list[Profile], dict[str, str]]:
        """Say what the first rows show of each column."""
        types = dict.fromkeys(way.columns, "VARCHAR")
        if self.file.format == "parquet":
            described = self.connection.execute("DESCRIBE raw").fetchall()
            types = {name: str(row[1]) for name, row in zip(way.columns, described, strict=True)}
        cells = ", ".join(f"{way.text(name)} AS t{at}" for at, name in enumerate(way.columns))
        if not cells:
            raise QuestionError(f"{self.file.path.name} has no columns")
        texts = self.connection.sql(f"SELECT {cells} FROM raw").to_arrow_table()  # noqa: S608  # as above
        profiles = [
            Profile(name, types[name], column.drop_null().to_pylist(), texts.num_rows)
            for name, column in zip(way.columns, texts.columns, strict=True)
        ]
        return profiles, types

    def read_mapping(self, way: Reading) -> None:
        """Take over what the mapping says, checking that each column is there."""
        for field in (*FIELDS, "order"):
            said = getattr(self.mapping, field)
            if said is None:
                continue
            if field != "order" and said.startswith("="):
                if said[1:].strip():
                    self.choices[field] = Choice(field, None, said[1:].strip(), "as given")
                continue
            deeper = isinstance(way, JsonReading) and said.split(".")[0] in way.columns
            if said not in way.columns and not deeper:
                raise QuestionError(f"--{field.replace('_', '-')}: " + unknown("column", said, way.columns))
            if field != "order":
                self.choices[field] = Choice(field, said, None, "as given")

    def choose(self, profiles: Sequence[Profile], way: Reading, types: Mapping[str, str]) -> TimeRule:
        """Guess what the mapping leaves open; gives how times are written."""
        taken = {choice.column for choice in self.choices.values() if choice.column is not None}
        rule = given(self.mapping.time_format) if self.mapping.time_format else None
        if self.mapping.time is None:
            found = guess_time(profiles, taken, self.connection, rule)
            if found is None:
                raise QuestionError(self.no_column("time", profiles))
            one, rule = found
            self.choices["time"] = Choice("time", one.column, None, one.why)
            taken.add(one.column)
        elif rule is None:
            rule = self.rule_of(profiles, way, types)
        wanted = {
            field
            for field in FIELDS
            if field not in self.choices and field != "time" and getattr(self.mapping, field) is None
        }
        if "person" in self.choices:
            wanted.discard("anonymous")
        for field, one in guess(profiles, taken, wanted).items():
            self.choices[field] = Choice(field, one.column, None, one.why)
        return rule

    def rule_of(self, profiles: Sequence[Profile], way: Reading, types: Mapping[str, str]) -> TimeRule:
        """Tell how the times of the named column, or of the constant, are written."""
        choice = self.choices.get("time")
        if choice is None:
            raise QuestionError("--time: every event needs a time; name a column, or write =2026-01-31")
        if choice.constant is not None:
            texts = [choice.constant]
        else:
            name = str(choice.column)
            typed = of_type(types.get(name, "VARCHAR"))
            if typed is not None:
                return typed
            texts = self.texts(profiles, way, name)
        rule = told(texts, self.connection, 0.5)
        if rule is None:
            shown = ", ".join(map(repr, texts[:3])) or "nothing"
            raise QuestionError(
                f"--time: {choice.column or choice.constant!r} holds {shown}, which is not a time "
                "that is known; say how it is written with --time-format, such as '%d.%m.%y %H:%M'"
            )
        return rule

    def texts(self, profiles: Sequence[Profile], way: Reading, name: str) -> list[str]:
        for profile in profiles:
            if profile.name == name:
                return list(profile.texts)
        found = self.connection.sql(f"SELECT {way.text(name)} AS t FROM raw").to_arrow_table()  # noqa: S608  # as above
        return list(found.column("t").drop_null().to_pylist())

    def need(self) -> None:
        """Refuse a plan without a person or without an event."""
        columns = ", ".join(self.file.columns[:12])
        if "person" not in self.choices and "anonymous" not in self.choices:
            raise QuestionError(
                f"which column says who it was? give --person COLUMN or --anonymous COLUMN; "
                f"there are: {columns}"
            )
        if "event" not in self.choices:
            raise QuestionError(
                "what happened in a row? give --event COLUMN, or one name for all rows: "
                f"--event '=Order Completed'; there are: {columns}"
            )

    def no_column(self, field: str, profiles: Sequence[Profile]) -> str:
        names = ", ".join(profile.name for profile in profiles[:12])
        return (
            f"no column is a {field} as far as the first rows show; name one with --{field}, "
            f"and how it is written with --{field}-format; there are: {names}"
        )

    def terms(
        self, way: Reading, rule: TimeRule, profiles: Sequence[Profile], types: Mapping[str, str]
    ) -> tuple[Terms, str]:
        """Put together what the SQL is made of, and the digest of it."""
        columns = {one.field: one.column for one in self.choices.values() if one.column is not None}
        constants = {one.field: one.constant for one in self.choices.values() if one.constant is not None}
        if "time" in columns and columns["time"] in types:
            cell, _ = way.typed(columns["time"], types)
            text = way.text(columns["time"])
        else:
            cell = text = way.text(columns["time"]) if "time" in columns else quoted(constants["time"])
        untyped = self.file.format in ("csv", "words")
        kinds: dict[str, Kind] = {one.name: one.kind for one in profiles} if untyped else {}
        seed = msgspec.json.encode(
            [self.file.digest, columns, constants, rule.template, self.mapping.zone, self.mapping.source,
             self.mapping.order, self.file.delimiter, self.file.header],
            order="sorted",
        )  # fmt: skip
        digest = blake2b(seed, digest_size=16).hexdigest()
        terms = Terms(
            reading=way,
            columns=columns,
            constants=constants,
            time=(rule.sql(cell), text),
            time_name=rule.name,
            kinds=kinds,
            drop=self.privacy.drop_properties,
            message_prefix=f"{SOURCE}:{digest[:16]}:",
            source=self.mapping.source,
            limits=self.limits,
        )
        return terms, digest
