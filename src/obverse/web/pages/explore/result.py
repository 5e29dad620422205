"""An answer as its page shows it: the sentence, the pictures, the table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from obverse.measure.picture import Pick, Side
from obverse.measure.question import Answer
from obverse.web.pages.drawing import Drawn, Hand, draw
from obverse.web.pages.drawing.grid import Cell, Grid, Row
from obverse.web.pages.explore.sentence import set_apart
from obverse.web.pages.figures import NOTHING, count, percent, span
from obverse.web.pages.part import Sentence

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 200
MOST_COLUMNS = 24
_SHARES = ("share", "rate", "conversion", "bounce", "retention")


@dataclass(frozen=True)
class Result:
    """All that the page shows of an answer.

    Attributes:
        sentence: the answer.
        notes: what a reader should know beside it.
        pictures: drawn.
        table: the answer's own rows.
        n_rows: how many there are.
    """

    sentence: Sentence
    notes: tuple[str, ...]
    pictures: tuple[Drawn, ...]
    table: Grid
    n_rows: int


def result_of(answer: Answer, side: Side, names: tuple[str, ...], link: Callable[[Pick], str]) -> Result:
    """Turn an answer into what the page shows.

    Args:
        answer: of the engine.
        side: people or value.
        names: of events and others, to set apart in the sentence.
        link: gives the address of the people behind a pick.
    """
    hand = Hand(getattr(answer, "currency", None), link)
    table = answer.table()
    return Result(
        sentence=set_apart(answer.sentence(), names),
        notes=tuple(answer.notes),
        pictures=tuple(draw(picture, hand) for picture in answer.pictures(side)),
        table=grid_of(table),
        n_rows=table.num_rows,
    )


def grid_of(table: pa.Table) -> Grid:
    """Write the rows of a table; ends of intervals go beside what they are of."""
    names = [name for name in table.column_names if not _is_end(name, table.column_names)][:MOST_COLUMNS]
    rows = table.slice(0, MOST_ROWS).to_pylist()
    return Grid(
        columns=tuple(name.replace("_", " ") for name in names),
        rows=tuple(
            Row(_written(names[0], row[names[0]]), tuple(_cell(name, row) for name in names[1:]))
            for row in rows
        )
        if names
        else (),
        left_out=max(0, table.num_rows - MOST_ROWS),
        n_text=_leading_texts(table, names),
    )


def _is_end(name: str, names: list[str]) -> bool:
    return name.endswith(("_low", "_high")) and name.rpartition("_")[0] in names


def _leading_texts(table: pa.Table, names: list[str]) -> int:
    """Count the columns after the first that hold words, up to the first that does not."""
    n = 0
    for name in names[1:]:
        if str(table.schema.field(name).type) not in ("string", "large_string", "bool"):
            break
        n += 1
    return n


def _cell(name: str, row: dict[str, Any]) -> Cell:
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    between = f"{_written(name, low)}–{_written(name, high)}" if low is not None and high is not None else ""
    return Cell(_written(name, row[name]), between=between)


def _written(name: str, value: Any) -> str:
    """Write a value by what its column's name says it is."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if not isinstance(value, float):
        return str(value)
    if name.endswith("_s"):
        return span(value) if value >= 0 else f"−{span(-value)}"
    if any(word in name for word in _SHARES) and -1 <= value <= 1:
        return percent(value)
    return f"{value:,.4g}".replace(",", "\u202f").replace("-", "−") if abs(value) < 1e4 else count(value)
