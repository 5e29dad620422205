"""What kind of file it is: format, compression, encoding, delimiter, header and columns, told by its content.

A file is looked at whole once before it is imported. That pass gives the digest that makes an import
repeatable, counts the lines for the progress bar, and finds what a CSV reader would trip over (see
`obverse.collect.importing_survey`). Only a file with such a fault is copied, mended, to a temporary file.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from obverse.collect.importing_survey import MAX_LINE_BYTES, Survey, mend, mend_utf16, survey
from obverse.errors import DataError, NotFoundError, QuestionError

Format = Literal["csv", "words", "jsonl", "json", "parquet"]

_HEAD_BYTES = 1 << 20
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_NOT_TABLES = {
    b"PK\x03\x04": "a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet; save it as CSV",
    b"BZh": "compressed with bzip2; unpack it, or use gzip",
    b"\xfd7zXZ": "compressed with xz; unpack it, or use gzip",
    b"%PDF": "a PDF",
    b"SQLite format 3": "a SQLite database; export the table as CSV",
}


@dataclass(frozen=True)
class ImportFile:
    """A file that is ready to be read.

    Attributes:
        path: the file as it was named.
        readable: what is read: the file itself, or its mended copy, deleted by `close`.
        format: ``csv`` (any delimiter), ``words`` (columns apart by white space), ``jsonl`` (one object a
            line), ``json`` (an array, or objects over several lines) or ``parquet``.
        compression: of `readable`: ``none``, ``gzip`` or ``zstd``.
        delimiter: one character; empty where the format has none.
        escape: what escapes a quote in a quoted cell: the quote itself, or a backslash.
        header: the first row names the columns.
        columns: names of the columns (of JSON: the keys of the first rows), all different.
        digest: of the file's content, unpacked: the same content packed or not, by any name, has the same.
        n_bytes: size, unpacked.
        n_rows: rows as far as lines tell; None where they do not.
        notices: what the reader of the summary should know.
    """

    path: Path
    readable: Path
    format: Format
    compression: str
    delimiter: str
    escape: str
    header: bool
    columns: tuple[str, ...]
    digest: str
    n_bytes: int
    n_rows: int | None
    notices: tuple[str, ...] = ()

    def close(self) -> None:
        """Delete the mended copy, if there is one."""
        if self.readable != self.path:
            self.readable.unlink(missing_ok=True)


def look_at(path: Path, *, delimiter: str | None = None, header: bool | None = None) -> ImportFile:
    """Find out what a file is.

    Args:
        path: the file.
        delimiter: what stands between cells, where it should not be guessed; ``space`` for white space.
        header: whether the first row names the columns, where it should not be guessed.

    Raises:
        NotFoundError: there is no such file.
        QuestionError: it is empty, or nothing that can be read as rows.
        DataError: it cannot be read, or its compressed data are damaged.
    """
    path = path.expanduser().resolve()
    if not path.is_file():
        raise NotFoundError(f"{path} is {'a folder' if path.is_dir() else 'not there'}; name a file")
    with path.open("rb") as handle:
        magic = handle.read(16)
    file = _look(path, magic, delimiter, header)
    if file.readable == path and any(mark in str(path) for mark in "*?["):
        link = _temporary()  # such a name would be read as a pattern for several files
        link.unlink()
        link.symlink_to(path)
        return replace(file, readable=link)
    return file


def _look(path: Path, magic: bytes, delimiter: str | None, header: bool | None) -> ImportFile:
    if not magic:
        raise QuestionError(f"{path.name} is empty")
    for mark, what in _NOT_TABLES.items():
        if magic.startswith(mark):
            raise QuestionError(f"{path.name} is {what}")
    if magic.startswith(b"PAR1"):
        return _parquet(path)
    compression = next((name for mark, name in _MAGIC.items() if magic.startswith(mark)), "none")
    return _text(path, compression, delimiter, header)


def _parquet(path: Path) -> ImportFile:
    try:
        with pq.ParquetFile(path) as file:
            columns, n_rows = tuple(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path.name} looks like Parquet but cannot be read: {error}") from error
    if not n_rows:
        raise QuestionError(f"{path.name} has no rows")
    if len({name.lower() for name in columns}) < len(columns):
        raise QuestionError(f"{path.name}: two columns have the same name; rename one of them")
    found = survey(path, "none", text=False)
    return ImportFile(
        path, path, "parquet", "none", "", "", True, columns, found.digest, found.n_bytes, n_rows
    )


def _text(path: Path, compression: str, delimiter: str | None, header: bool | None) -> ImportFile:
    head, whole = _head(path, compression)
    source, notices = path, []
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        source, compression = mend_utf16(path, compression, _temporary()), "none"
        head, whole = _head(source, compression)
        notices.append("read as UTF-16")
    try:
        lines = _lines(head, whole)
        if not any(line.strip() for line in lines):
            raise QuestionError(f"{path.name} is empty")
        kind, dialect = _kind(lines, delimiter)
        escape = "\\" if kind == "csv" and any('\\"' in line for line in lines) else '"'
        found = survey(source, compression, dialect, escape)
        digest = found.digest if source == path else survey(path, _packing(path), text=False).digest
        if faults := _faults(found, kind):
            copy = _temporary()
            mend(source, compression, copy, found)
            if source != path:
                source.unlink(missing_ok=True)
            source, compression = copy, "none"
            notices += faults
        file = ImportFile(
            path, source, kind, compression, dialect, escape, True, (), digest, found.n_bytes, None,
            tuple(notices),
        )  # fmt: skip
        return _with_columns(file, lines, header, found)
    except BaseException:
        if source != path:
            source.unlink(missing_ok=True)
        raise


def _packing(path: Path) -> str:
    with path.open("rb") as handle:
        magic = handle.read(4)
    return next((name for mark, name in _MAGIC.items() if magic.startswith(mark)), "none")


def _temporary() -> Path:
    with NamedTemporaryFile(prefix="obverse-import-", delete=False) as handle:
        return Path(handle.name)


def _head(path: Path, compression: str) -> tuple[bytes, bool]:
    """Give the first bytes, unpacked, and whether they are all there is."""
    try:
        with pa.OSFile(str(path)) as raw:
            stream = raw if compression == "none" else pa.CompressedInputStream(raw, compression)
            head = stream.read(_HEAD_BYTES)
            return head, not stream.read(1)
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error}") from error


def _lines(head: bytes, whole: bool) -> list[str]:
    """Give the complete lines of a file's head, in whatever encoding."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut = not whole and error.start > len(head) - 4
        text = head[: error.start].decode("utf-8-sig") if cut else head.decode("cp1252", "replace")
    lines = text.splitlines() if "\n" not in text else text.replace("\r\n", "\n").split("\n")
    return lines if whole or len(lines) == 1 else lines[:-1]


def _kind(lines: list[str], delimiter: str | None) -> tuple[Format, str]:
    """Tell JSON from cells, and what stands between cells."""
    first = next(line for line in lines if line.strip()).strip()
    if first[0] == "[":
        return "json", ""
    if first[0] == "{":
        try:
            json.loads(first)
        except ValueError:
            opened = first == "{" or (len(lines) == 1 and len(first) > _HEAD_BYTES // 2)
            return ("json" if opened else "jsonl"), ""
        return "jsonl", ""
    if delimiter is not None:
        return ("words", "") if delimiter in ("space", " ") else ("csv", _one_character(delimiter))
    if any("\0" in line for line in lines[:50]):
        raise QuestionError("this is neither CSV, JSON nor Parquet: it holds binary data")
    return _sniff([line for line in lines[:2_000] if line.strip()])


def _one_character(delimiter: str) -> str:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    delimiter = named.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n\\' or ord(delimiter) > 126:
        raise QuestionError(f"delimiter: {delimiter!r} is not one character; write ';', 'tab' or 'space'")
    return delimiter


def _sniff(lines: list[str]) -> tuple[Format, str]:
    """Choose the delimiter that cuts most lines into the same number of cells, more cells winning ties."""
    best: tuple[float, int, str] = (0.0, 1, "")
    for delimiter in (",", ";", "\t", "|"):
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        n_cells, n_lines = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        if n_cells > 1:
            best = max(best, (round(n_lines / sum(widths.values()), 2), n_cells, delimiter))
    words = Counter(len(line.split()) for line in lines)
    n_words, n_lines = words.most_common(1)[0]
    if n_words > 1 and n_lines / len(lines) > (max(best[0], 0.9) if best[0] else 0.5):
        return "words", ""
    return "csv", best[2] or ","


def _faults(found: Survey, kind: Format) -> list[str]:
    """Say what makes a mended copy necessary; nothing where the file is sound."""
    faults = []
    if not found.utf8:
        faults.append("some lines are not UTF-8: they are read as Windows-1252 (Latin-1)")
    if found.mixed_newlines:
        faults.append("lines end in more than one way: all are read as line ends")
    if found.n_long and kind != "json":
        faults.append(f"{found.n_long} line(s) over {MAX_LINE_BYTES >> 20} MiB: refused")
    if found.unclosed and kind == "csv":
        faults.append(f"{len(found.unclosed)} line(s) open a quote that nothing closes: refused")
    return faults


def _with_columns(file: ImportFile, lines: list[str], header: bool | None, found: Survey) -> ImportFile:
    """Name the columns."""
    if file.format == "json":
        return file
    if file.format == "jsonl":
        keys: dict[str, None] = {}
        for line in lines[:2_000]:
            keys |= dict.fromkeys(_keys(line))
        return replace(file, columns=tuple(keys), n_rows=found.n_lines)
    rows = _cells(lines, file)
    first = rows[0]
    has_header = _names_columns(first) if header is None else header
    names, renamed = _distinct(first if has_header else [""] * len(first))
    notices = file.notices
    if renamed and has_header:
        notices += (f"columns without a name of their own are called {', '.join(map(repr, renamed))}",)
    return replace(
        file,
        header=has_header,
        columns=tuple(names),
        n_rows=None if found.mixed_newlines else max(found.n_lines - has_header, 0),
        notices=notices,
    )


def _keys(line: str) -> list[str]:
    try:
        row = json.loads(line)
    except ValueError:
        return []
    return list(row) if isinstance(row, dict) else []


def _cells(lines: list[str], file: ImportFile) -> list[list[str]]:
    if file.format == "words":
        return [line.split() for line in lines if line.strip()]
    slash = "\\" if file.escape == "\\" else None
    reader = csv.reader(
        (line + "\n" for line in lines[:200]),
        delimiter=file.delimiter,
        escapechar=slash,
        doublequote=slash is None,
    )
    return [row for row in reader if row]


def _names_columns(cells: list[str]) -> bool:
    """Tell a header from a row: no cell of a header is a number or begins like a date."""
    return not any(cell.strip()[:1].isdigit() or _is_number(cell) for cell in cells)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _distinct(cells: list[str]) -> tuple[list[str], list[str]]:
    """Give every column a name of its own; also those that had to be made up."""
    names: list[str] = []
    made: list[str] = []
    taken = {cell.strip() for cell in cells}
    for position, cell in enumerate(cells, start=1):
        name = stem = cell.strip() or f"column{position}"
        number = 2
        while name in names or (name != cell.strip() and name in taken):
            name, number = f"{stem}_{number}", number + 1
        if name != cell.strip():
            made.append(name)
        names.append(name)
    return names, made
