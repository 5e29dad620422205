"""How rows are read from each kind of file: the scan, and each column as text or JSON, in DuckDB's SQL.

A scan gives raw columns, still as they are in the file. What a row means is worked out a chunk at a time
over the table ``raw`` (see `obverse.collect.importing_sql`), with the snippets that a `Reading` gives.
"""

# ruff: noqa: D102, S608 - methods are documented in `Reading`; all that enters SQL is quoted by `quoted`

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from obverse.collect.importing_file import ImportFile
from obverse.collect.importing_survey import MARK, MAX_LINE_BYTES, TOO_LONG, UNCLOSED
from obverse.collect.refusal import Refusal

Kind = Literal["text", "number", "boolean"]

_JSON_NUMBER = r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?"
"""A number that a double holds: longer ones are ids, or amounts that would lose digits, and stay text."""

_BUFFERS = f"max_line_size={2 * MAX_LINE_BYTES}, buffer_size={8 * MAX_LINE_BYTES}"
_MAX_OBJECT_BYTES = 16 << 20  # of JSON over several lines

_SPACE = " ' \t\r\n'"


def quoted(text: str) -> str:
    """Write text as a literal of SQL.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def name_of(column: str) -> str:
    """Write a column's name in SQL."""
    return '"' + column.replace('"', '""') + '"'


class Reading(ABC):
    """One way to read a file.

    Attributes:
        columns: names that a mapping may use.
    """

    def __init__(self, file: ImportFile) -> None:
        self.file = file
        self.columns: Sequence[str] = file.columns

    @property
    @abstractmethod
    def scan(self) -> str:
        """SQL that gives the raw rows in the file's order."""

    @abstractmethod
    def text(self, column: str) -> str:
        """SQL for a column as text; NULL where the cell is empty."""

    @abstractmethod
    def properties(self, without: Collection[str], kinds: Mapping[str, Kind]) -> str:
        """SQL for all columns but some, as the text of a JSON object; empty cells are left out."""

    def own(self, name: str) -> str | None:
        """Give the SQL for the property of a name as text; None where there is no such column."""
        return self.text(name) if name in self.columns else None

    @property
    @abstractmethod
    def broken(self) -> str:
        """SQL for what makes a row unreadable, ``reason: detail``; NULL where nothing does."""

    @property
    def context(self) -> str:
        """SQL for the context, as the text of a JSON object."""
        return "'{}'"

    def typed(self, column: str, types: Mapping[str, str]) -> tuple[str, str]:
        """Give the SQL for a column in its own type, and that type as DuckDB names it."""
        del types
        return self.text(column), "VARCHAR"

    @property
    def rejects(self) -> bool:
        """The scan itself turns rows away, into the table ``rejected``."""
        return False


def _marked(column: str) -> str:
    """SQL for the reason of a line that `mend` marked."""
    long = quoted(f"{Refusal.EVENT_TOO_LARGE}: the line is longer than {MAX_LINE_BYTES >> 20} MiB")
    unclosed = quoted(f"{Refusal.BAD_ROW}: a quote is opened and never closed")
    return (
        f"WHEN starts_with({column}, {quoted(f'{MARK}{TOO_LONG}')}) THEN {long} "
        f"WHEN starts_with({column}, {quoted(f'{MARK}{UNCLOSED}')}) THEN {unclosed}"
    )


def _lines(file: ImportFile, header: bool) -> str:
    """SQL for the lines of a file, one column ``line``, empty ones left out."""
    return (
        f"SELECT line FROM read_csv({quoted(str(file.readable))}, auto_detect=false, header={header}, "
        f"delim='\x1f', quote='', escape='', comment='', compression='{file.compression}', "
        f"{_BUFFERS}, columns={{'line': 'VARCHAR'}}) "
        f"WHERE trim(line, {_SPACE}) <> ''"
    )


class CsvReading(Reading):
    """Cells apart by a character, perhaps quoted. Cells that a row lacks or has too many refuse it."""

    rejects = True

    @property
    def scan(self) -> str:
        columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(self.columns)))
        return (
            f"SELECT * FROM read_csv({quoted(str(self.file.readable))}, auto_detect=false, "
            f"header={self.file.header}, delim={quoted(self.file.delimiter)}, quote='\"', "
            f"escape={quoted(self.file.escape)}, compression='{self.file.compression}', comment='', "
            f"{_BUFFERS}, columns={{{columns}}}, store_rejects=true, "
            "rejects_table='rejected', rejects_scan='rejected_scan', rejects_limit=0, "
            "rejects_line_size_limit=400)"
        )

    def _cell(self, column: str) -> str:
        return f"c{list(self.columns).index(column)}"

    def text(self, column: str) -> str:
        return f"nullif(trim({self._cell(column)}, {_SPACE}), '')"

    def properties(self, without: Collection[str], kinds: Mapping[str, Kind]) -> str:
        members = [
            _member(name, self._cell(name), kinds.get(name, "text"))
            for name in self.columns
            if name not in without
        ]
        return f"'{{' || concat_ws(',', {', '.join(members) or 'NULL'}) || '}}'"

    @property
    def broken(self) -> str:
        return f"CASE {_marked('c0')} END"


class WordsReading(CsvReading):
    """Cells apart by white space, as in fixed-width tables."""

    rejects = False

    @property
    def scan(self) -> str:
        return (
            f"SELECT line, string_split_regex(trim(line, {_SPACE}), '\\s+') AS words "
            f"FROM ({_lines(self.file, self.file.header)})"
        )

    def _cell(self, column: str) -> str:
        return f"words[{list(self.columns).index(column) + 1}]"

    @property
    def broken(self) -> str:
        ragged = quoted(f"{Refusal.BAD_ROW}: not {len(self.columns)} cells, as the first rows have")
        return f"CASE {_marked('line')} WHEN len(words) <> {len(self.columns)} THEN {ragged} END"


def _member(name: str, cell: str, kind: Kind) -> str:
    """SQL for one member of a JSON object, NULL where the cell is empty."""
    key = quoted(json.dumps(name, ensure_ascii=False) + ":")
    as_text = f"{key} || to_json({cell})"
    if kind == "number":
        fits = f"regexp_full_match(trim({cell}), {quoted(_JSON_NUMBER)})"
        as_kind = f"WHEN {fits} THEN {key} || trim({cell})"
    elif kind == "boolean":
        as_kind = f"WHEN lower(trim({cell})) IN ('true', 'false') THEN {key} || lower(trim({cell}))"
    else:
        as_kind = ""
    return f"CASE WHEN {cell} IS NULL OR {cell} = '' THEN NULL {as_kind} ELSE {as_text} END"


class JsonReading(Reading):
    """One object a row. A column is a key, or keys with points between for what lies deeper."""

    @property
    def scan(self) -> str:
        if self.file.format == "jsonl":
            return _lines(self.file, header=False)
        return (
            f"SELECT json::VARCHAR AS line FROM read_json_objects({quoted(str(self.file.readable))}, "
            f"format='auto', compression='{self.file.compression}', "
            f"maximum_object_size={_MAX_OBJECT_BYTES})"
        )

    _OBJECT = "CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN line END"

    def keys(self, column: str) -> list[str]:
        """Give the way to a column: itself where the rows have that key, else cut at its points."""
        return [column] if column in self.columns else column.split(".")

    def _at(self, keys: Sequence[str]) -> str:
        return quoted("$" + "".join('."' + key.replace('"', '\\"') + '"' for key in keys))

    def text(self, column: str) -> str:
        at = self._at(self.keys(column))
        return f"nullif(trim(json_extract_string({self._OBJECT}, {at}), {_SPACE}), '')"

    def _object(self, key: str) -> str:
        """SQL for a key's object, NULL where it is none."""
        at = self._at([key])
        return (
            f"CASE WHEN json_type({self._OBJECT}, {at}) = 'OBJECT' "
            f"THEN json_extract({self._OBJECT}, {at}) END"
        )

    @property
    def _spread(self) -> list[str]:
        return [key for key in ("properties", "context") if key in self.columns]

    def properties(self, without: Collection[str], kinds: Mapping[str, Kind]) -> str:
        del kinds
        taken: dict[str, object] = {}
        for column in [*without, *self._spread]:
            inner = taken
            *way, last = self.keys(column)
            for key in way:
                deeper = inner.setdefault(key, {})
                inner = deeper if isinstance(deeper, dict) else {}
            inner[last] = None
        rest = f"json_merge_patch({self._OBJECT}, {quoted(json.dumps(taken, ensure_ascii=False))})"
        if "properties" not in self.columns:
            return f"coalesce({rest}::VARCHAR, '{{}}')"
        own = self._object("properties")
        return f"coalesce(json_merge_patch({rest}, {own})::VARCHAR, {rest}::VARCHAR, '{{}}')"

    def own(self, name: str) -> str | None:
        inner = self._at(["properties", name])
        nested = [f"json_extract_string({self._OBJECT}, {inner})"] if "properties" in self.columns else []
        outer = [self.text(name)] if name in self.columns else []
        return f"coalesce({', '.join(nested + outer)})" if nested or outer else None

    @property
    def context(self) -> str:
        if "context" not in self.columns:
            return "'{}'"
        # Like collect, which does not keep an address.
        own = self._object("context")
        return f"coalesce(json_merge_patch({own}, '{{\"ip\":null}}')::VARCHAR, '{{}}')"

    @property
    def broken(self) -> str:
        bad = quoted(f"{Refusal.BAD_ROW}: not a JSON object")
        return f"CASE {_marked('line')} WHEN {self._OBJECT} IS NULL THEN {bad} END"


class ParquetReading(Reading):
    """Columns with types of their own."""

    @property
    def scan(self) -> str:
        columns = ", ".join(f"{name_of(name)} AS c{position}" for position, name in enumerate(self.columns))
        return f"SELECT {columns} FROM read_parquet({quoted(str(self.file.readable))})"

    def _cell(self, column: str) -> str:
        return f"c{list(self.columns).index(column)}"

    def text(self, column: str) -> str:
        cell = self._cell(column)
        # Whole numbers with gaps are often kept as doubles: an id 157.0 is 157.
        whole = f"regexp_replace({cell}::VARCHAR, '^(-?[0-9]+)\\.0$', '\\1')"
        as_text = f"CASE WHEN typeof({cell}) IN ('DOUBLE', 'FLOAT') THEN {whole} ELSE {cell}::VARCHAR END"
        return f"nullif(trim({as_text}, {_SPACE}), '')"

    def typed(self, column: str, types: Mapping[str, str]) -> tuple[str, str]:
        kind = types[column]
        return (self.text(column), kind) if kind == "VARCHAR" else (self._cell(column), kind)

    def properties(self, without: Collection[str], kinds: Mapping[str, Kind]) -> str:
        del kinds
        members = [self._member(name) for name in self.columns if name not in without]
        return f"'{{' || concat_ws(',', {', '.join(members) or 'NULL'}) || '}}'"

    def _member(self, name: str) -> str:
        cell = self._cell(name)
        key = quoted(json.dumps(name, ensure_ascii=False) + ":")
        # JSON has no word for what is not a number; such a cell counts as empty.
        gone = f"{cell} IS NULL OR {cell}::VARCHAR IN ('', 'nan', '-nan', 'inf', '-inf')"
        return f"CASE WHEN {gone} THEN NULL ELSE {key} || to_json({cell})::VARCHAR END"

    @property
    def broken(self) -> str:
        return "NULL::VARCHAR"


def reading(file: ImportFile) -> Reading:
    """Give the way to read a file."""
    kinds: dict[str, type[Reading]] = {
        "csv": CsvReading,
        "words": WordsReading,
        "jsonl": JsonReading,
        "json": JsonReading,
        "parquet": ParquetReading,
    }
    return kinds[file.format](file)
