"""An answer as a file: its table as CSV or Parquet, its pictures as PNG or SVG, all of it as JSON.

Text in a CSV that a spreadsheet would run as a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a
line end) gets an apostrophe in front; numbers are left as they are. Pictures are drawn by a process of their
own, `obverse.web.printing`: what draws them takes more memory than the server.
"""

from __future__ import annotations

import csv
import io
import logging
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from obverse.errors import ObverseError, QuestionError, unknown

if TYPE_CHECKING:
    import pyarrow as pa

    from obverse.measure.picture import Side
    from obverse.measure.question import Answer

_LOG = logging.getLogger(__name__)
FORMATS: dict[str, str] = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "svg": "image/svg+xml",
    "json": "application/json",
}
"""The formats and their media types."""

PRINT_LIMIT_S = 60.0
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def export(answer: Answer, format_: str, side: Side = "people") -> bytes:
    """Write an answer as a file.

    Args:
        answer: of any measure.
        format_: one of `FORMATS`.
        side: which side of the coin pictures show.

    Raises:
        QuestionError: there is no such format or side.
        ObverseError: the picture could not be drawn.
    """
    check(format_, side)
    if format_ == "json":
        return answer.to_json()
    if format_ == "csv":
        return as_csv(answer.table())
    if format_ == "parquet":
        return as_parquet(answer.table())
    return _print(answer, format_, side)


def check(format_: str, side: str) -> None:
    """Refuse a format or a side that there is not, before anything is asked.

    Raises:
        QuestionError: there is no such format or side.
    """
    if format_ not in FORMATS:
        raise QuestionError(f"format: {unknown('format', format_, FORMATS)}")
    if side not in ("people", "value"):
        raise QuestionError(f"side: {unknown('side', side, ('people', 'value'))}")


def as_csv(table: pa.Table) -> bytes:
    """Write a table as CSV: UTF-8, commas, a row of names first, lines ended as RFC 4180 says."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(name) for name in table.column_names])
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        writer.writerow([_harmless(value) for value in row])
    return out.getvalue().encode()


def _harmless(value: Any) -> Any:
    """Keep a spreadsheet from running text as a formula.

    >>> _harmless("=1+1"), _harmless(-1.5), _harmless("a=b")
    ("'=1+1", -1.5, 'a=b')
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_RISKY) else value
    if isinstance(value, list | dict):
        return _harmless(str(value))
    return value


def as_parquet(table: pa.Table) -> bytes:
    """Write a table as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _print(answer: Answer, format_: str, side: Side) -> bytes:
    """Let a process of its own draw the answer's pictures."""
    command = [sys.executable, "-m", "obverse.web.printing", format_, side]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, nothing of the reader's in its arguments
            command, input=pickle.dumps(answer), capture_output=True, timeout=PRINT_LIMIT_S, check=True
        )
    except subprocess.TimeoutExpired:
        raise ObverseError(f"the picture took longer than {PRINT_LIMIT_S:g} s to draw") from None
    except subprocess.CalledProcessError as error:
        _LOG.error("a picture could not be drawn: %s", error.stderr.decode(errors="replace")[-2000:])
        raise ObverseError("the picture could not be drawn; the server's log says why") from None
    return done.stdout
