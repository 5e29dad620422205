"""What people answered, one row a submission, read from the events in the lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from obverse.surveys.events import ANSWERED, PARTLY_ANSWERED
from obverse.surveys.question import Matrix, Question, Sus, UmuxLite

if TYPE_CHECKING:
    from obverse.lake.table import EventTable
    from obverse.surveys.survey import Survey

EVER = (-(1 << 61), 1 << 61)
"""All time, in µs since 1970."""
_COLUMNS = ("seq", "event", "time", "touchpoint", "stream", "user_id", "anonymous_id", "properties")
_WHERE = "event IN (?, ?) AND json_extract_string(properties, '$.survey_id') = ?"
_INSTANT = pa.timestamp("us", tz="UTC")


class _Said(msgspec.Struct):
    """The properties of an answer that are read here; what is not as it should be is left out."""

    submission_id: str
    version: int = 0
    place: str = ""
    moment: str = ""
    language: str = ""
    answers: dict[str, Any] = {}
    others: dict[str, Any] = {}
    scores: dict[str, float] = {}
    seconds: float | None = None
    variants: dict[str, Any] = {}


class Submission(msgspec.Struct, frozen=True):
    """What one person answered at one time.

    Attributes:
        id: of the submission.
        at: time of the last answer, µs since 1970 UTC.
        complete: all was answered.
        version: of the survey.
        place: where.
        moment: that called for it.
        language: in which it was shown.
        touchpoint: that the answers are about.
        stream: key of the id that it came under.
        user_id: of who answered; of an anonymous survey there is none.
        anonymous_id: of the browser; of an anonymous survey one made for the submission.
        answers: value by question.
        others: what was filled in, by question.
        scores: the number that counts, by question.
        seconds: from the first question shown to the end.
        variants: variant by experiment.
    """

    id: str
    at: int
    complete: bool
    version: int
    place: str
    moment: str
    language: str
    touchpoint: str
    stream: int
    user_id: str | None
    anonymous_id: str | None
    answers: dict[str, Any]
    others: dict[str, Any]
    scores: dict[str, float]
    seconds: float | None
    variants: dict[str, Any]


def submissions(table: EventTable, survey_id: str, start: int, end: int) -> list[Submission]:
    """Read who answered a survey, wholly or in part; the last answer of each counts.

    Args:
        table: the lake, refreshed.
        survey_id: which.
        start: of the time of answering, µs since 1970 UTC.
        end: not included.

    Returns:
        The newest first.
    """
    period = " AND epoch_us(time) >= ? AND epoch_us(time) < ?"
    rows = table.read(_COLUMNS, _WHERE + period, (ANSWERED, PARTLY_ANSWERED, survey_id, start, end))
    times = rows["time"].cast(pa.int64()).to_pylist()
    newest: dict[str, Submission] = {}
    for row, at in zip(rows.drop_columns(["time"]).to_pylist(), times, strict=True):
        found = _read(row, at)
        if found is not None:
            known = newest.get(found.id)
            if known is None or (found.complete, found.at) > (known.complete, known.at):
                newest[found.id] = found
    return sorted(newest.values(), key=lambda one: (-one.at, one.id))


def _read(row: dict[str, Any], at: int) -> Submission | None:
    try:
        said = msgspec.json.decode(row["properties"], type=_Said)
    except msgspec.DecodeError:
        return None
    return Submission(
        said.submission_id,
        at,
        row["event"] == ANSWERED,
        said.version,
        said.place,
        said.moment,
        said.language,
        row["touchpoint"],
        row["stream"],
        row["user_id"],
        row["anonymous_id"],
        said.answers,
        said.others,
        said.scores,
        said.seconds,
        said.variants,
    )


def as_table(survey: Survey, rows: Iterable[Submission]) -> pa.Table:
    """Lay submissions out as a table, a column a question, more where it has several answers or a score.

    Args:
        survey: whose questions they answered; an answer to another version's question is left out.
        rows: what was answered.
    """
    rows = list(rows)
    columns: dict[str, pa.Array] = {
        "submission_id": pa.array([one.id for one in rows], pa.string()),
        "answered_at": pa.array([datetime.fromtimestamp(one.at / 1e6, UTC) for one in rows], _INSTANT),
        "complete": pa.array([one.complete for one in rows], pa.bool_()),
        "version": pa.array([one.version for one in rows], pa.int64()),
        **{
            name: pa.array([getattr(one, name) for one in rows], pa.string())
            for name in ("place", "moment", "language", "touchpoint")
        },
        "user_id": pa.array([one.user_id for one in rows], pa.string()),
        "seconds": pa.array([one.seconds for one in rows], pa.float64()),
    }
    if not survey.anonymous:
        columns["anonymous_id"] = pa.array([one.anonymous_id for one in rows], pa.string())
    for name in sorted({name for one in rows for name in one.variants}):
        columns[f"variants.{name}"] = pa.array([_text(one.variants.get(name)) for one in rows], pa.string())
    for question in survey.questions:
        for name, values in _columns(question, rows):
            columns[name] = pa.array(values)
    return pa.table(columns)


def _columns(question: Question, rows: list[Submission]) -> Iterator[tuple[str, list[Any]]]:
    key = question.id
    given = [one.answers.get(key) for one in rows]
    if isinstance(question, Matrix):
        for row in question.rows:
            yield (
                f"{key}.{row.id}",
                [_text(one.get(row.id)) if isinstance(one, dict) else None for one in given],
            )
    elif isinstance(question, Sus | UmuxLite):
        for at in range(10 if isinstance(question, Sus) else 2):
            items = (one[at] if isinstance(one, list) and at < len(one) else None for one in given)
            yield f"{key}.{at + 1}", [one if isinstance(one, int) else None for one in items]
        yield f"{key}.score", [one.scores.get(key) for one in rows]
    elif all(one is None or (isinstance(one, int) and not isinstance(one, bool)) for one in given):
        yield key, given
    else:
        yield key, [_text(one) for one in given]
    if getattr(question, "other", ""):
        yield f"{key}.other", [_text(one.others.get(key)) for one in rows]


def _text(value: Any) -> str | None:
    """Write an answer as a cell; several choices stand with a semicolon between.

    >>> _text(["price", "size"])
    'price; size'
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    return msgspec.json.encode(value).decode()
