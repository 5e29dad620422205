"""What can be asked about: the fields seen in events, and where a field lies that is named by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.tape.expression import COLUMNS, Path
from obverse.tape.reading import Reader

SAMPLED = 200
"""Newest events of each name whose fields are looked at."""

RECENT = 100_000
"""Newest events in which the samples are looked for first."""

MAX_NAMES = 500
MAX_EXAMPLES = 5
MAX_CHARS = 60
MAX_DEPTH = 6

JSON_COLUMNS = ("properties", "context")

ASKED = frozenset(
    (
        *("survey_id", "survey", "version", "submission_id", "place", "moment", "language"),
        *("answers", "scores", "others", "seconds", "variants"),
    )
)
"""Properties of a survey's events. To name one before anybody was asked is no mistake."""

_RECENT = (
    "SELECT properties, context, event FROM {source} "
    "QUALIFY row_number() OVER (PARTITION BY event ORDER BY seq DESC) <= $n"
)
_OF_NAME = "SELECT properties, context, event FROM {source} WHERE event = $event LIMIT $n"
_EXISTS = {
    column: f"SELECT 1 AS found FROM {{source}} WHERE json_exists({column}, $pointer) LIMIT 1"  # noqa: S608
    for column in JSON_COLUMNS
}


@dataclass(frozen=True)
class Field:
    """Something to filter or split by.

    Attributes:
        name: as it is written in an expression.
        type: text, number, boolean, time, or mixed.
        examples: a few of its values.
    """

    name: str
    type: str
    examples: tuple[str, ...] = ()


@dataclass
class _Seen:
    types: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    examples: dict[str, None] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return next(iter(self.types)) if len(self.types) == 1 else "mixed"

    def add(self, value: object, event: str) -> None:
        self.events.add(event)
        number = "number" if isinstance(value, int | float) else "text"
        kind = "boolean" if isinstance(value, bool) else number
        self.types.add(kind)
        if len(self.examples) < MAX_EXAMPLES:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            self.examples[text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "…"] = None


class Catalogue:
    """Fields found in samples of each name's events, taken anew when the lake has grown by a tenth."""

    def __init__(self, reader: Reader, counts: Callable[[], dict[str, int]]) -> None:
        self._reader = reader
        self._counts = counts
        self._lock = threading.Lock()
        self._fields: dict[Path, _Seen] = {}
        self._missing: dict[Path, int] = {}
        self._sampled: set[str] = set()
        self._sampled_at = -1

    def fields(self, event: str | None = None) -> list[Field]:
        """List the lake's columns and the paths found, by name; of one event only those that it has."""
        with self._lock:
            self._sample()
            if event is not None and event not in self._sampled and event in self._counts():
                self._add(self._reader.arrow(_OF_NAME, {"n": SAMPLED, "event": event}).to_pylist())
            paths = sorted(
                (path, seen) for path, seen in self._fields.items() if event is None or event in seen.events
            )
        columns = [Field(name, kind) for name, kind in COLUMNS.items()]
        return columns + [Field(written(path), seen.type, (*seen.examples,)) for path, seen in paths]

    @property
    def edition(self) -> int:
        """Changes when samples are taken anew."""
        return self._sampled_at

    def place(self, path: Path) -> Path:
        """Say where a field lies that is not a column: in properties, else in context.

        Raises:
            QuestionError: no event has it, or it was named without its place and lies in both.
        """
        return placed(path, self._exists, lambda: self._fields)

    def _exists(self, path: Path) -> bool:
        with self._lock:
            self._sample()
            last_seq = self._reader.table.snapshot.last_seq
            if path in self._fields or any(known[: len(path)] == path for known in self._fields):
                return True
            after = self._missing.get(path, 0)
            if self._reader.arrow(_EXISTS[path[0]], {"pointer": pointer(path)}, after, last_seq).num_rows:
                self._fields.setdefault(path, _Seen())
                return True
            if len(self._missing) < 10_000:
                self._missing[path] = last_seq
            return False

    def _sample(self) -> None:
        last_seq = self._reader.table.snapshot.last_seq
        if self._sampled_at >= 0 and last_seq < 1.1 * self._sampled_at + 100:
            return
        found = self._reader.arrow(_RECENT, {"n": SAMPLED}, max(0, last_seq - RECENT), last_seq).to_pylist()
        common = sorted(self._counts().items(), key=lambda pair: -pair[1])[:MAX_NAMES]
        for name in {name for name, _ in common} - {row["event"] for row in found}:
            found += self._reader.arrow(_OF_NAME, {"n": SAMPLED, "event": name}).to_pylist()
        self._add(found)
        self._sampled_at = last_seq

    def _add(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self._sampled.add(row["event"])
            for column in JSON_COLUMNS:
                for path, value in leaves((column,), decoded(row[column])):
                    self._fields.setdefault(path, _Seen()).add(value, row["event"])


def placed(path: Path, exists: Callable[[Path], bool], known: Callable[[], Iterable[Path]]) -> Path:
    """Say where a field lies that is not a column: in properties, else in context.

    Args:
        path: as it is written.
        exists: tells whether some event has a field, by its whole path.
        known: gives fields that there are, to suggest one of.

    Raises:
        QuestionError: no event has it, or it was named without its place and lies in both.
    """
    found = [one for one in candidates(path) if exists(one)]
    if len(found) > 1:
        raise QuestionError(
            f"{written(path)} is both {written(found[0])} and {written(found[1])}; write which is meant"
        )
    if found:
        return found[0]
    if path[0] == "properties" and path[1] in ASKED:
        return path
    fields = [*known()]
    names = {*COLUMNS, *map(written, fields)}
    if path[0] not in JSON_COLUMNS:
        names |= {written(field[1:]) for field in fields}
    raise QuestionError(unknown("field", written(path), names))


def pointer(path: Path) -> str:
    """Write a path inside a JSON column as a JSON Pointer (RFC 6901).

    >>> pointer(("properties", "a/b", "c"))
    '/a~1b/c'
    """
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path[1:])


def written(path: Path) -> str:
    """Write a path as an expression names it.

    >>> written(("properties", "total price"))
    'properties."total price"'
    """
    plain = (part.isascii() and part.isidentifier() for part in path)
    return ".".join(
        part if word else '"' + part.replace('"', '""') + '"' for part, word in zip(path, plain, strict=True)
    )


def candidates(path: Path) -> tuple[Path, ...]:
    """Give the places where a field may lie.

    >>> candidates(("cart",))
    (('properties', 'cart'), ('context', 'cart'))
    """
    return (path,) if path[0] in JSON_COLUMNS else tuple((column, *path) for column in JSON_COLUMNS)


def decoded(text: str) -> Any:
    """Read JSON; None of what is none."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def leaves(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    """Give the fields inside a value with their paths; lists and nulls have none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if len(path) <= MAX_DEPTH:
                yield from leaves((*path, name), inner)
    elif value is not None and not isinstance(value, list) and len(path) > 1:
        yield path, value
