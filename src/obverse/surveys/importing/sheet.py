"""A file of answers as columns of text: one shape for CSV, Excel and SPSS.

Whatever a cell was, it is text here, written so that equal values are equal texts: ``5`` for 5 and 5.0,
``2026-03-01 10:00:00`` for an instant, ``true`` for a tick. Nothing is taken for an answer yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from obverse.errors import NotFoundError, QuestionError

MAX_CELLS = 10_000_000
"""A file with more cells is refused: it is held in memory, and no survey is so large."""
MAX_COLUMNS = 5_000
MAX_UNPACKED_BYTES = 1 << 30
"""What an Excel or SPSS file may unpack to."""


@dataclass(frozen=True)
class Column:
    """A column of a file.

    Attributes:
        name: its name, different from all others'.
        cells: a text each row; None where it is empty.
        label: what was asked, where the file says more than the name.
        labels: words for values, where the file has them.
    """

    name: str
    cells: Sequence[str | None]
    label: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Give what was asked, as far as the file tells."""
        return self.label or self.name


@dataclass(frozen=True)
class ColumnSet:
    """Columns that a file says are one question of which several options can be chosen.

    Attributes:
        name: of the set.
        label: what was asked; empty where the file does not say.
        columns: by name.
        counted: the cell that means chosen, each column being an option; None where columns hold options.
        by_value: an option's words are those of the counted value, not the column's.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    counted: str | None
    by_value: bool = False


@dataclass(frozen=True)
class Sheet:
    """A file that was read.

    Attributes:
        path: the file, as it was named.
        kind: for the summary, such as ``Excel, sheet 'Answers'``.
        columns: by name, in order.
        n_rows: length of each.
        first_row: number that a spreadsheet gives the first of them.
        digest: of the file's content.
        notices: what the reader of the summary should know.
        n_unreadable: rows that are not there as they cannot be read.
        sets: columns that belong together.
    """

    path: Path
    kind: str
    columns: Mapping[str, Column]
    n_rows: int
    first_row: int
    digest: str
    notices: tuple[str, ...] = ()
    n_unreadable: int = 0
    sets: tuple[ColumnSet, ...] = ()


@dataclass(frozen=True)
class SheetOptions:
    """What a reader need not find out.

    Attributes:
        sheet: name of the sheet of a workbook; the first unless given.
        delimiter: what stands between cells of a text.
        header: whether the first row of a text names the columns.
    """

    sheet: str | None = None
    delimiter: str | None = None
    header: bool | None = None


def read_sheet(path: Path | str, options: SheetOptions | None = None) -> Sheet:
    """Read a file: what it is, its content tells.

    Raises:
        NotFoundError: there is no such file.
        QuestionError: it is of a kind that is not read, too large, or has no rows.
        DataError: it is damaged.
    """
    path, options = Path(path).expanduser(), options or SheetOptions()
    if not path.is_file():
        raise NotFoundError(f"{path} is {'a folder' if path.is_dir() else 'not there'}; name a file")
    with path.open("rb") as handle:
        magic = handle.read(16)
    found = _reader(magic, path)(path, options)
    if not found.n_rows:
        raise QuestionError(f"{path.name} has no rows")
    return found


def _reader(magic: bytes, path: Path) -> Callable[[Path, SheetOptions], Sheet]:
    from obverse.surveys.importing import sheet_excel, sheet_spss, sheet_text

    if magic.startswith(b"PK\x03\x04"):
        return sheet_excel.read
    if magic.startswith((b"$FL2", b"$FL3")) or path.suffix.lower() == ".por":
        return sheet_spss.read
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise QuestionError(
            f"{path.name} is a spreadsheet of the old kind (.xls, or one with a password), which is not "
            "read: its format can carry programs; save it as .xlsx or CSV"
        )
    return sheet_text.read


def check_size(name: str, n_rows: int, n_columns: int) -> None:
    """Refuse a file that is too large to be held.

    Raises:
        QuestionError: naming the limit.
    """
    if n_columns > MAX_COLUMNS:
        raise QuestionError(f"{name} has {n_columns:,} columns; at most {MAX_COLUMNS:,} are read")
    if n_rows * n_columns > MAX_CELLS:
        raise QuestionError(
            f"{name} has {n_rows:,} rows of {n_columns:,} cells; at most {MAX_CELLS:,} cells are read: "
            "split it, or leave out columns"
        )


def text_of(value: object) -> str | None:
    """Write a cell as text; None where nothing is in it.

    >>> [text_of(value) for value in (5.0, 2.5, True, " a ", "", float("nan"), date(2026, 3, 1))]
    ['5', '2.5', 'true', 'a', None, None, '2026-03-01']
    """
    if value is None or value != value:  # NaN and NaT are not themselves
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value).strip() or None


def distinct_names(names: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Give each column a name of its own, on one line; also those that had to be made up.

    >>> distinct_names(["a", " a", None])
    (['a', 'a_2', 'column3'], ['a_2', 'column3'])
    """
    said = [" ".join((name or "").split()) for name in names]
    found: dict[str, None] = {}
    made: list[str] = []
    for position, one in enumerate(said, start=1):
        name = stem = one or f"column{position}"
        number = 2
        while name in found or (name != one and name in said):
            name, number = f"{stem}_{number}", number + 1
        found[name] = None
        if name != one:
            made.append(name)
    return list(found), made


def renamed_notice(made: Sequence[str]) -> tuple[str, ...]:
    """Say which names were made up."""
    if not made:
        return ()
    shown = ", ".join(map(repr, made[:5])) + (f" and {len(made) - 5} more" if len(made) > 5 else "")
    return (f"columns without a name of their own are called {shown}",)
