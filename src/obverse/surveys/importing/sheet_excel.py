"""Excel workbooks (.xlsx): the values that the cells show, bounded in what they may unpack to."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import zip_longest
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
_DAMAGED = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, ParseError, TypeError)
_MAX_EMPTY_ROWS = 10_000


def read(path: Path, options: SheetOptions) -> Sheet:
    """Read one sheet of a workbook.

    A formula is what it came to when the workbook was last saved.
    """
    _check_packing(path)
    try:
        values, name, others = _grid(path, options.sheet, formulas=False)
        formulas, _, _ = _grid(path, options.sheet, formulas=True)
    except _DAMAGED as error:
        raise DataError(f"{path.name} is no workbook that can be read: {error}") from error
    if not values:
        raise QuestionError(f"{path.name}: the sheet {name!r} is empty")
    head, *rows = values
    width = max(len(row) for row in values)
    names, made = distinct_names([text_of(cell) for cell in (*head, *[None] * (width - len(head)))])
    check_size(path.name, len(rows), width)
    columns = {
        one: Column(one, [_cell(row[at]) if at < len(row) else None for row in rows])
        for at, one in enumerate(names)
    }
    notices = renamed_notice(made)
    if others:
        notices += (f"other sheets are not read: {', '.join(map(repr, others[:5]))}",)
    if n_lost := _n_without_value(rows, formulas[1:]):
        notices += (
            f"{n_lost:,} formulas have no value in the file and count as empty: "
            "open and save it once with a spreadsheet program",
        )
    digest = blake2b(path.read_bytes(), digest_size=16).hexdigest()
    return Sheet(path, f"Excel, sheet {name!r}", columns, len(rows), 2, digest, notices)


def _check_packing(path: Path) -> None:
    """Refuse what is no workbook, or unpacks to too much; a part cannot give more than it declares."""
    try:
        with zipfile.ZipFile(path) as archive:
            names, n_bytes = set(archive.namelist()), sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path.name} is a damaged archive: {error}") from error
    if "xl/workbook.xml" not in names:
        raise QuestionError(f"{path.name} is an archive, but no workbook (.xlsx): unpack it first")
    if n_bytes > MAX_UNPACKED_BYTES // 4:
        raise QuestionError(
            f"{path.name} unpacks to {n_bytes >> 20:,} MiB; at most {MAX_UNPACKED_BYTES >> 22} MiB are read: "
            "save it as CSV"
        )


def _grid(path: Path, wanted: str | None, *, formulas: bool) -> tuple[list[Sequence[Any]], str, list[str]]:
    """Give a sheet's rows up to the last filled one, its name, and the other sheets' names."""
    book = load_workbook(path, read_only=True, data_only=not formulas, keep_links=False)
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        titles = [sheet.title for sheet in book.worksheets]
        if wanted is not None and wanted not in titles:
            raise QuestionError("sheet: " + unknown("sheet", wanted, titles))
        sheet = sheets[0] if wanted is None else book[wanted]
        sheet.reset_dimensions()  # what a file says of its size need not be so
        rows = _filled(sheet.iter_rows(values_only=True), path.name)
        return rows, sheet.title, [title for title in titles if title != sheet.title]
    finally:
        book.close()


def _filled(found: Iterable[Sequence[Any]], name: str) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = []
    n_cells = n_empty = 0
    for row in found:
        if all(cell is None for cell in row):
            n_empty += 1
            if n_empty > _MAX_EMPTY_ROWS:
                break
            continue
        rows += [()] * n_empty if rows else []
        n_empty = 0
        rows.append(row)
        n_cells += len(row)
        if n_cells > MAX_CELLS:
            raise QuestionError(f"{name} has more than {MAX_CELLS:,} cells; split it, or save it as CSV")
    return rows


def _cell(value: object) -> str | None:
    return None if value in _ERRORS else text_of(value)


def _n_without_value(values: Sequence[Sequence[Any]], formulas: Sequence[Sequence[Any]]) -> int:
    return sum(
        value is None and isinstance(formula, str) and formula.startswith("=")
        for row, other in zip_longest(values, formulas, fillvalue=())
        for value, formula in zip_longest(row, other)
    )
