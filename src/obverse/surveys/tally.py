"""How often all surveys were shown and answered, in two queries: what a list of them says of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa

from obverse.surveys.events import ANSWERED, PARTLY_ANSWERED, SHOWN, SURVEY_EVENTS

_WEEK_US = 7 * 86_400_000_000
_NAMES = ", ".join(f"'{name}'" for name in SURVEY_EVENTS)
_SUBMISSIONS = f"""
    SELECT json_extract_string(properties, '$.survey_id') AS id,
           json_extract_string(properties, '$.submission_id') AS submission,
           min(epoch_us(time)) AS first,
           max(epoch_us(time)) FILTER (event IN ('{ANSWERED}', '{PARTLY_ANSWERED}')) AS last,
           bool_or(event = '{SHOWN}') AS shown,
           bool_or(event = '{ANSWERED}') AS answered,
           bool_or(event IN ('{ANSWERED}', '{PARTLY_ANSWERED}')) AS replied
    FROM events WHERE event IN ({_NAMES}) GROUP BY ALL
"""  # noqa: S608 - our own names
_COUNTS = f"""
    SELECT id, first // {_WEEK_US} AS week, count(*) FILTER (shown) AS shown,
           count(*) FILTER (shown AND replied) AS replied, count(*) FILTER (answered) AS answered,
           max(last) AS last
    FROM ({_SUBMISSIONS}) WHERE id IS NOT NULL GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - our own names
_SCORES = f"""
    SELECT id, entry.key AS question, entry.value AS score, count(*) AS n
    FROM (SELECT id, unnest(map_entries(TRY_CAST(scores AS MAP(VARCHAR, DOUBLE)))) AS entry FROM (
        SELECT json_extract_string(properties, '$.survey_id') AS id,
               arg_max(json_extract(properties, '$.scores'), (event = '{ANSWERED}', epoch_us(time))) AS scores
        FROM events WHERE event IN ('{ANSWERED}', '{PARTLY_ANSWERED}')
        GROUP BY id, json_extract_string(properties, '$.submission_id')))
    WHERE id IS NOT NULL AND entry.value IS NOT NULL GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - our own names


class Week(msgspec.Struct, frozen=True):
    """Times of asking that began in a week: its number since 1970, how many, how many were answered."""

    week: int
    shown: int
    replied: int


class Tally(msgspec.Struct):
    """What became of one survey.

    Attributes:
        shown: how often it was shown.
        replied: how often it was answered then, wholly or in part.
        answered: how often it was answered to the end, those times included that were not recorded as shown.
        last: time of the last answer, µs since 1970 UTC; None without one.
        weeks: with somebody asked in them, the earliest first.
        scores: how many answers have each score, by question.
    """

    shown: int = 0
    replied: int = 0
    answered: int = 0
    last: int | None = None
    weeks: list[Week] = []
    scores: dict[str, dict[float, int]] = {}


def tallies(ask: Callable[[str], pa.Table]) -> dict[str, Tally]:
    """Count all surveys at once.

    Args:
        ask: runs SQL over the view `events`, such as `Lake.sql`.

    Returns:
        One by survey id, of those that were shown or answered.
    """
    found: dict[str, Tally] = {}
    for row in ask(_COUNTS).to_pylist():
        one = found.setdefault(row["id"], Tally())
        _add(one, row)
    for row in ask(_SCORES).to_pylist():
        if row["id"] in found:
            found[row["id"]].scores.setdefault(row["question"], {})[row["score"]] = row["n"]
    return found


def _add(one: Tally, row: dict[str, Any]) -> None:
    one.shown += row["shown"]
    one.replied += row["replied"]
    one.answered += row["answered"]
    if row["last"] is not None:
        one.last = max(one.last or row["last"], row["last"])
    if row["shown"]:
        one.weeks.append(Week(row["week"], row["shown"], row["replied"]))
