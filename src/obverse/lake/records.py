"""From the inbox's lines to the lake's rows, parsed in Arrow: compiled, and without holding Python's lock."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from obverse.errors import DataError
from obverse.event import SCHEMA
from obverse.lake.table import conform

INSTANTS = ("time", "received_at")

ROWS = pa.schema([field for field in SCHEMA if field.name not in ("seq", "day", "stream")])
"""What a line holds, as the lake keeps it."""

_LINE = pa.schema(
    [pa.field(field.name, pa.int64() if field.name in INSTANTS else field.type) for field in ROWS]
)
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999


def parse(bodies: Sequence[bytes]) -> pa.Table:
    """Turn lines of JSON, one `obverse.event.Event` each, into rows for `EventTable.append`.

    Args:
        bodies: each some lines. Fields that an event does not have are ignored.

    Raises:
        DataError: some line is not an event; nothing says which, so ask `sound_lines`.
    """
    text = b"\n".join(bodies)
    if not text.lstrip().startswith(b"{"):  # Arrow's parser takes the process down on a leading `null`
        raise DataError("not an object")
    try:
        lines = pj.read_json(
            pa.BufferReader(text),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=pj.ParseOptions(explicit_schema=_LINE, unexpected_field_behavior="ignore"),
        )
        lines.validate(full=True)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise DataError(str(error)) from error
    return _rows(lines)


def _rows(lines: pa.Table) -> pa.Table:
    for name in INSTANTS:
        span = pc.min_max(lines[name]).as_py()
        if span["min"] is not None and not _EARLIEST <= span["min"] <= span["max"] <= _LATEST:
            raise DataError(f"{name} is not in the years 1 to 9999")
    if pc.any(pc.and_(lines["user_id"].is_null(), lines["anonymous_id"].is_null())).as_py():
        raise DataError("neither a user id nor an anonymous id")
    for name in ("properties", "context"):
        at = lines.schema.get_field_index(name)
        lines = lines.set_column(at, name, pc.fill_null(lines[name], "{}"))
    return conform(lines, ROWS)


def sound_lines(body: bytes) -> tuple[list[bytes], list[tuple[bytes, str]]]:
    """Part the lines of a body that does not parse into those that do, and the others with what is wrong."""
    sound: list[bytes] = []
    unsound: list[tuple[bytes, str]] = []
    for line in body.split(b"\n"):
        if not line.strip():
            continue
        try:
            if parse([line]).num_rows != 1:
                raise DataError("not one event on a line")
            sound.append(line)
        except DataError as error:
            unsound.append((line, str(error)))
    return sound, unsound
