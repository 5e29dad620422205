"""Rankings in several columns: whether columns are one, and whether they hold options or places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from obverse.surveys.importing.answers import mapped, number_in
from obverse.surveys.importing.sheet import Column

FEWEST_ROWS = 5
"""Orders that have to be there for columns to be taken for a ranking: fewer may be chance."""
MOST = 0.8
"""Share of the rows that have to be orders: some people give two things one place."""
_BY_PLACE = re.compile(
    r"(rank|place|position|choice|preference|priority|prio|mention)[ _.-]?\d{1,2}$", re.IGNORECASE
)


def is_ranking(cells: Sequence[Sequence[str | None]]) -> bool:
    """Tell whether columns hold an order: as many values as columns, in most rows each of them once.

    Args:
        cells: of each column, after the value map. Rows with an empty cell are not looked at.
    """
    if not 3 <= len(cells) <= 12:
        return False
    rows = [row for row in zip(*cells, strict=True) if None not in row]
    orders = [row for row in rows if len(set(row)) == len(row)]
    different = {cell for row in orders for cell in row}
    return len(orders) >= max(FEWEST_ROWS, MOST * len(rows)) and len(different) == len(cells)


def holds_options(columns: Sequence[Column], values: Mapping[str, str]) -> bool:
    """Tell whether each column of a ranking is a place, and holds the option that stands there.

    Else each is an option, and holds its place. Where options are numbers themselves, names such as
    ``rank_1`` tell.
    """
    found = {cell for column in columns for cell in mapped(column, values) if cell is not None}
    places = {str(place) for place in range(1, len(columns) + 1)}
    by_number = {str(number_in(cell)) for cell in found} <= places
    return not by_number or all(_BY_PLACE.search(column.name) for column in columns)
