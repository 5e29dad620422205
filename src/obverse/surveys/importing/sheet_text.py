"""CSV, in whatever encoding and with whatever between its cells: found out by `obverse.collect`."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.compute as pc

from obverse.collect.importing_file import ImportFile, look_at
from obverse.collect.importing_plan import connect
from obverse.collect.importing_read import Reading, reading
from obverse.errors import DataError, QuestionError
from obverse.surveys.importing.sheet import Column, Sheet, SheetOptions, check_size, distinct_names


def read(path: Path, options: SheetOptions) -> Sheet:
    """Read a text of cells."""
    file = look_at(path, delimiter=options.delimiter, header=options.header)
    try:
        if file.format not in ("csv", "words"):
            raise QuestionError(f"{path.name} is {file.format}; surveys are read from CSV, Excel and SPSS")
        check_size(path.name, file.n_rows or 0, len(file.columns))
        return _read(file, path)
    finally:
        file.close()


def _read(file: ImportFile, path: Path) -> Sheet:
    way = reading(file)
    cells, n_unreadable = _cells(way, path)
    names, _ = distinct_names(way.columns)
    columns = {name: Column(name, one) for name, one in zip(names, cells, strict=True)}
    notices = file.notices
    if n_unreadable:
        notices += (
            f"{n_unreadable:,} rows cannot be read: more or fewer cells than columns, or a stray quote",
        )
    between = {"\t": "tabs", "": "white space"}.get(file.delimiter, repr(file.delimiter))
    n_rows = len(cells[0]) if cells else 0
    first_row = 1 + int(file.header)
    return Sheet(
        path, f"CSV apart by {between}", columns, n_rows, first_row, file.digest, notices, n_unreadable
    )


def _cells(way: Reading, path: Path) -> tuple[list[list[str | None]], int]:
    texts = ", ".join(f"{way.text(name)} AS t{at}" for at, name in enumerate(way.columns))
    with connect("UTC") as connection:
        try:
            found = connection.sql(
                f"SELECT {way.broken} IS NOT NULL AS bad, {texts} FROM ({way.scan})"  # noqa: S608  # of quoted literals
            ).to_arrow_table()
        except duckdb.Error as error:
            raise DataError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
        n_rejected = 0
        if way.rejects:
            n_rejected = int(connection.execute("SELECT count(DISTINCT line) FROM rejected").fetchall()[0][0])
    sound = found.filter(pc.invert(found.column("bad"))).drop_columns("bad")
    return [column.to_pylist() for column in sound.columns], found.num_rows - sound.num_rows + n_rejected
