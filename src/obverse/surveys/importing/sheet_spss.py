"""SPSS files (.sav, .zsav, .por): variable labels are what was asked, value labels the words of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyreadstat

from obverse.errors import DataError, QuestionError
from obverse.surveys.importing.sheet import (
    MAX_UNPACKED_BYTES,
    Column,
    ColumnSet,
    Sheet,
    SheetOptions,
    check_size,
    distinct_names,
    text_of,
)

_FALLBACK = "WINDOWS-1252"


def read(path: Path, options: SheetOptions) -> Sheet:
    """Read an SPSS file; what it declares missing is missing."""
    del options
    _, meta, notices = _reading(path, metadataonly=True)
    names = list(meta.column_names)
    check_size(path.name, meta.number_rows or 0, len(names))
    width = sum(getattr(meta, "variable_storage_width", {}).values())
    if (meta.number_rows or 0) * width > MAX_UNPACKED_BYTES:
        raise QuestionError(
            f"{path.name} unpacks to over {MAX_UNPACKED_BYTES >> 30} GiB; leave out texts, or use CSV"
        )
    found, meta, notices = _reading(path, user_missing=False, output_format="dict")
    own, _ = distinct_names(names)
    columns = {
        name: Column(
            name,
            [text_of(value) for value in _values(found[given])],
            label=" ".join((meta.column_names_to_labels.get(given) or "").split()),
            labels=_labels(meta.variable_value_labels.get(given, {})),
        )
        for name, given in zip(own, names, strict=True)
    }
    n_rows = len(next(iter(columns.values())).cells) if columns else 0
    check_size(path.name, n_rows, len(names))
    digest = blake2b(path.read_bytes(), digest_size=16).hexdigest()
    sets = tuple(_sets(getattr(meta, "mr_sets", None) or {}, dict(zip(names, own, strict=True))))
    return Sheet(path, "SPSS", columns, n_rows, 1, digest, notices, sets=sets)


def _sets(found: Mapping[str, Mapping[str, Any]], own: Mapping[str, str]) -> Iterator[ColumnSet]:
    """Give the multiple-response sets; one of which a variable is missing is no set."""
    by_name = {given.lower(): name for given, name in own.items()}
    for name, one in found.items():
        columns = [by_name.get(given.lower()) for given in one["variable_list"]]
        there = tuple(column for column in columns if column is not None)
        counted = text_of(one["counted_value"]) if one["is_dichotomy"] else None
        if 1 < len(there) == len(columns) and (counted is not None) == one["is_dichotomy"]:
            label = " ".join((one["label"] or "").split())
            yield ColumnSet(name, label, there, counted, by_value=one["type"] == "E")


def _reading(path: Path, **how: Any) -> tuple[Mapping[str, Any], Any, tuple[str, ...]]:
    """Read a file; in an older encoding where it holds other text than it says."""
    reader = pyreadstat.read_por if path.suffix.lower() == ".por" else pyreadstat.read_sav
    if reader is pyreadstat.read_por:
        how.pop("user_missing", None)
    try:
        found, meta = reader(str(path), **how)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        if "encod" not in str(error).lower() and not isinstance(error, UnicodeDecodeError):
            raise DataError(f"{path.name} is no SPSS file that can be read: {error}") from error
        return _in_fallback(reader, path, how)
    except (OverflowError, ValueError, OSError) as error:
        raise DataError(f"{path.name} is no SPSS file that can be read: {error}") from error
    return found, meta, ()


def _in_fallback(
    reader: Any, path: Path, how: dict[str, Any]
) -> tuple[Mapping[str, Any], Any, tuple[str, ...]]:
    try:
        found, meta = reader(str(path), encoding=_FALLBACK, **how)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as error:
        raise DataError(f"{path.name} is no SPSS file that can be read: {error}") from error
    return found, meta, (f"its text is not in the encoding that it names: read as {_FALLBACK}",)


def _values(column: Any) -> list[object]:
    return list(column.tolist() if hasattr(column, "tolist") else column)


def _labels(labels: Mapping[Any, str]) -> dict[str, str]:
    return {
        text: " ".join(words.split())
        for value, words in labels.items()
        if (text := text_of(value)) is not None and words.strip()
    }
