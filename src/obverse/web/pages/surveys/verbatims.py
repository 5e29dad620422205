"""What people wrote, each beside what the same person did just before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from obverse.event import stream_key
from obverse.measure.responses import Responses
from obverse.surveys.answers import Submission, submissions
from obverse.surveys.events import SURVEY_EVENTS
from obverse.surveys.question import Question
from obverse.surveys.survey import Survey
from obverse.web.pages.asked import Asked
from obverse.web.pages.figures import clock, day_name, instant, span
from obverse.web.pages.frame import SHARED
from obverse.web.pages.glance import owner_of_each
from obverse.web.pages.person import display_name, person_href
from obverse.web.pages.surveys.measured import SCORED, TEXTS, names_of
from obverse.web.pages.surveys.narrowing import Narrowed
from obverse.web.pages.timeline import RowOf, flat, hint_of

A_PAGE = 10
AROUND_US = 30 * 60 * 1_000_000
"""How far before and after an answer one looks."""
_EACH_SIDE = 3
_PEOPLE = 200_000
_COLUMNS = ("seq", "event", "time", "touchpoint", "stream", "properties")
_NAMES = ", ".join("?" for _ in SURVEY_EVENTS)


@dataclass(frozen=True)
class Near:
    """Something that the person did: how long before or after, what, and about what."""

    apart: str
    name: str
    hint: str


@dataclass(frozen=True)
class Verbatim:
    """What one person wrote in answer to a question.

    Attributes:
        question: what was asked.
        text: what they wrote.
        at: when, ISO 8601 in the reader's zone; of an anonymous survey the day.
        day: the same as people say it.
        said: what they answered to the other questions.
        version: of the survey.
        who: what the person is called; empty where the survey is anonymous.
        href: address of the person, at that time; empty where the survey is anonymous.
        before: what they did just before, in order.
        after: what they did just after, in order.
    """

    question: str
    text: str
    at: str
    day: str
    said: tuple[str, ...]
    version: int
    who: str
    href: str
    before: tuple[Near, ...]
    after: tuple[Near, ...]


@dataclass(frozen=True)
class Verbatims:
    """A page of them.

    Attributes:
        n: how many there are in all.
        first: number of the first of this page.
        rows: those of this page, the newest first.
        previous_href: address of the page before; empty on the first.
        next_href: address of the next page; empty on the last.
    """

    n: int
    first: int
    rows: tuple[Verbatim, ...]
    previous_href: str
    next_href: str


@dataclass(frozen=True)
class _Written:
    """A text, the submission it is of, and the question it answers."""

    of: Submission
    question: str
    key: str
    text: str


def verbatims(asked: Asked, survey: Survey, narrowed: Narrowed) -> Verbatims:
    """Find what was written in answer to a survey, as far as the address narrows it."""
    table = asked.lake.table
    table.refresh()
    found = submissions(table, narrowed.survey, *narrowed.period_us(asked))
    if narrowed.version is not None:
        found = [one for one in found if one.version == narrowed.version]
    read = _of_segment(asked, narrowed, found)
    written = [*_written(survey, read, asked.address.get("q").strip(), asked.address.get("about"))]
    offset = _whole(asked.address.get("offset"))
    page = written[offset : offset + A_PAGE]
    around = {} if survey.anonymous else _around(asked, [one.of for one in page])
    here = asked.address
    return Verbatims(
        n=len(written),
        first=offset + 1,
        rows=tuple(_verbatim(asked, survey, one, around.get(one.of.id, [])) for one in page),
        previous_href=f"{here.put(offset=max(0, offset - A_PAGE) or None)}#verbatims" if offset else "",
        next_href=f"{here.put(offset=offset + A_PAGE)}#verbatims" if offset + A_PAGE < len(written) else "",
    )


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _of_segment(asked: Asked, narrowed: Narrowed, found: list[Submission]) -> list[Submission]:
    """Keep those of the people of the segment that the address names."""
    if not narrowed.segment:
        return found
    asks = Responses(survey=narrowed.survey, segment=narrowed.segment, start=narrowed.start)
    keys = {one.key for one in asked.lake.people(asks, {"state": "responded"}, limit=_PEOPLE).people}
    owners = owner_of_each(asked.lake.table, [_ids(one) for one in found])
    return [one for one, who in zip(found, owners, strict=True) if who.key in keys]


def _ids(one: Submission) -> RowOf:
    return {"user_id": one.user_id, "anonymous_id": one.anonymous_id}


def _written(survey: Survey, found: Iterable[Submission], search: str, about: str) -> Iterable[_Written]:
    texts = {one.id: one.text for one in survey.questions}
    words = {one.id for one in survey.questions if isinstance(one, TEXTS)}
    for one in found:
        said = [(key, text) for key, text in one.answers.items() if key in words or key not in texts]
        for key, text in (*said, *one.others.items()):
            meant = isinstance(text, str) and text.strip() and about in ("", key)
            if meant and search.casefold() in text.casefold():
                yield _Written(one, texts.get(key, key), key, text.strip())


def _verbatim(asked: Asked, survey: Survey, one: _Written, around: Sequence[RowOf]) -> Verbatim:
    at = instant(one.of.at, asked.view.zone)
    (who,) = owner_of_each(asked.lake.table, [_ids(one.of)])
    before = [row for row in around if row["time"] <= one.of.at][-_EACH_SIDE:]
    after = [row for row in around if row["time"] > one.of.at][:_EACH_SIDE]
    href = asked.address.keep(SHARED).to(person_href(who.key)).put(before=f"{one.of.at + AROUND_US}.0")
    return Verbatim(
        question=one.question,
        text=one.text,
        at=at.date().isoformat() if survey.anonymous else at.isoformat(timespec="seconds"),
        day=day_name(at) + ("" if survey.anonymous else f", {clock(at)[:5]}"),
        said=tuple(_said(question, one.of) for question in survey.questions if _told(question, one)),
        version=one.of.version,
        who="" if survey.anonymous else display_name(who.user_id, who.anonymous_id),
        href="" if survey.anonymous else str(href),
        before=tuple(_near(row, one.of.at) for row in before),
        after=tuple(_near(row, one.of.at) for row in after),
    )


def _told(question: Question, one: _Written) -> bool:
    return question.id in one.of.answers and question.id != one.key and not isinstance(question, TEXTS)


def _said(question: Question, of: Submission) -> str:
    """Say what was answered to a question in a few words."""
    if isinstance(question, SCORED):
        score = of.scores.get(question.id)
        kind = str(question.__struct_config__.tag).upper().replace("_", "-")
        return "" if score is None else f"{kind} {score:g}"
    names, value = names_of(question), of.answers[question.id]
    if isinstance(value, dict):
        return "; ".join(f"{names.get(row, row)}: {names.get(str(one), one)}" for row, one in value.items())
    several = value if isinstance(value, list) else [str(value).lower() if isinstance(value, bool) else value]
    return ", ".join(names.get(str(one), str(one)) for one in several)


def _around(asked: Asked, found: Sequence[Submission]) -> dict[str, list[RowOf]]:
    """Read what people did around their answers: by submission, in order of time."""
    if not found:
        return {}
    streams = {one.id: _streams(one) for one in found}
    times = [one.at for one in found]
    everyone = sorted(set().union(*streams.values()))
    table = asked.lake.table.read(
        _COLUMNS,
        f"list_contains(?, stream) AND epoch_us(time) BETWEEN ? AND ? AND event NOT IN ({_NAMES})",
        (everyone, min(times) - AROUND_US, max(times) + AROUND_US, *SURVEY_EVENTS),
    )
    rows: list[dict[str, Any]] = table.set_column(2, "time", table["time"].cast(pa.int64())).to_pylist()
    rows.sort(key=lambda row: (row["time"], row["seq"]))
    return {
        one.id: [
            row for row in rows if row["stream"] in streams[one.id] and abs(row["time"] - one.at) <= AROUND_US
        ]
        for one in found
    }


def _streams(one: Submission) -> set[int]:
    device = {stream_key(None, one.anonymous_id)} if one.anonymous_id else set()
    return {one.stream, *device}


def _near(row: RowOf, at: int) -> Near:
    apart_s = abs(row["time"] - at) / 1e6
    word = "before" if row["time"] <= at else "after"
    hint = hint_of(dict(flat(row["properties"], "properties")))
    return Near(f"{span(apart_s)} {word}", row["event"], hint)
