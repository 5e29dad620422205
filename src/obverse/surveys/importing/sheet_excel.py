"""Excel workbooks (.xlsx): the values that the cells show, bounded in what they may unpack to."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from obverse.errors import DataError, QuestionError, unknown
from obverse.surveys.importing.sheet import (
    MAX_CELLS,
    MAX_UNPACKED_BYTES,
    Column,
    Sheet,
    SheetOptions,
    check_size,
    distinct_names,
    renamed_notice,
    text_of,
)

_ERRORS = ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!")
_DAMAGED = (
    zipfile.BadZipFile,
    InvalidFileException,
    KeyError,
    ValueError,
    OSError,
    ParseError,
    TypeError,
    zlib.error,
)
_MAX_EMPTY_ROWS = 10_000


def read(path: Path, options: SheetOptions) -> Sheet:
    """Read one sheet of a workbook.

    A formula is what it came to when the workbook was last saved.
    """
    has_formulas = _check_packing(path)
    try:
        grid = _grid(path, options.sheet, has_formulas)
    except _DAMAGED as error:
        raise DataError(f"{path.name} is no workbook that can be read: {error}") from error
    if not grid.rows:
        raise QuestionError(f"{path.name}: the sheet {grid.name!r} is empty")
    head, *rows = grid.rows
    width = max(len(row) for row in grid.rows)
    names, made = distinct_names([text_of(cell) for cell in (*head, *[None] * (width - len(head)))])
    check_size(path.name, len(rows), width)
    columns = {
        one: Column(one, [_cell(row[at]) if at < len(row) else None for row in rows])
        for at, one in enumerate(names)
    }
    notices = renamed_notice(made)
    if grid.others:
        notices += (f"other sheets are not read: {', '.join(map(repr, grid.others[:5]))}",)
    if grid.n_lost:
        notices += (
            f"{grid.n_lost:,} formulas have no value in the file and count as empty: "
            "open and save it once with a spreadsheet program",
        )
    digest = blake2b(path.read_bytes(), digest_size=16).hexdigest()
    return Sheet(path, f"Excel, sheet {grid.name!r}", columns, len(rows), grid.first_row + 1, digest, notices)


@dataclass
class _Grid:
    """A sheet's rows from the first to the last filled one.

    Attributes:
        name: of the sheet.
        others: names of the other sheets.
        rows: the values.
        first_row: number of the first of them.
        n_lost: formulas without a value.
    """

    name: str
    others: list[str]
    rows: list[Sequence[Any]] = field(default_factory=list)
    first_row: int = 1
    n_lost: int = 0


def _check_packing(path: Path) -> bool:
    """Refuse what is no workbook, or unpacks to too much; tell whether it has formulas.

    A part of an archive cannot give more than it declares.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise QuestionError(f"{path.name} is an archive, but no workbook (.xlsx): unpack it first")
            n_bytes = sum(part.file_size for part in parts)
            if n_bytes > MAX_UNPACKED_BYTES // 4:
                raise QuestionError(
                    f"{path.name} unpacks to {n_bytes >> 20:,} MiB; at most {MAX_UNPACKED_BYTES >> 22} MiB "
                    "are read: save it as CSV"
                )
            sheets = [part for part in parts if part.filename.startswith("xl/worksheets/")]
            return any(b"<f" in archive.read(part) for part in sheets)
    except (zipfile.BadZipFile, OSError, zlib.error) as error:
        raise DataError(f"{path.name} is a damaged archive: {error}") from error


def _grid(path: Path, wanted: str | None, has_formulas: bool) -> _Grid:
    """Read a sheet; where there are formulas, beside what they came to."""
    with ExitStack() as stack:
        sheet, titles = _sheet(path, wanted, stack, formulas=False)
        grid = _Grid(sheet.title, [title for title in titles if title != sheet.title])
        values = sheet.iter_rows(values_only=True)
        if has_formulas:
            written, _ = _sheet(path, wanted, stack, formulas=True)
            values = _counted(values, written.iter_rows(values_only=True), grid)
        _fill(grid, values, path.name)
    return grid


def _sheet(path: Path, wanted: str | None, stack: ExitStack, *, formulas: bool) -> tuple[Any, list[str]]:
    """Open a workbook's sheet, and give the names of all."""
    book = load_workbook(path, read_only=True, data_only=not formulas, keep_links=False)
    stack.callback(book.close)
    titles = [sheet.title for sheet in book.worksheets]
    if wanted is not None and wanted not in titles:
        raise QuestionError("sheet: " + unknown("sheet", wanted, titles))
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    sheet = shown[0] if wanted is None else book[wanted]
    sheet.reset_dimensions()  # what a file says of its size need not be so
    return sheet, titles


def _counted(
    values: Iterable[Sequence[Any]], written: Iterable[Sequence[Any]], grid: _Grid
) -> Iterator[Sequence[Any]]:
    """Give the values, and count those that formulas lack."""
    for row, formulas in zip(values, written, strict=False):
        for value, formula in zip(row, formulas, strict=False):
            grid.n_lost += value is None and isinstance(formula, str) and formula.startswith("=")
        yield row


def _fill(grid: _Grid, found: Iterable[Sequence[Any]], name: str) -> None:
    n_cells = n_empty = 0
    for number, row in enumerate(found, start=1):
        if all(cell is None for cell in row):
            n_empty += 1
            if n_empty > _MAX_EMPTY_ROWS:
                return
            continue
        if grid.rows:
            grid.rows += [()] * n_empty
        else:
            grid.first_row = number
        n_empty = 0
        grid.rows.append(row)
        n_cells += len(row)
        if n_cells > MAX_CELLS:
            raise QuestionError(f"{name} has more than {MAX_CELLS:,} cells; split it, or save it as CSV")


def _cell(value: object) -> str | None:
    return None if value in _ERRORS else text_of(value)
