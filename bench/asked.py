"""Obverse's side of the jobs that several engines do: questions, and their answers as the SQL's rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import obverse
from bench.jobs import LENGTH, ORDER, TOP, VIEW
from obverse.measure.paths import Paths
from obverse.measure.question import Question
from obverse.measure.retention import Retention
from obverse.measure.sessions import Sessions
from obverse.measure.trend import Trend

Rows = set[tuple[Any, ...]]

QUESTIONS: dict[str, Question] = {
    "unique people by day and country": Trend(series=("people: *",), by="properties.country"),
    "retention by week": Retention(start_event=VIEW, return_event=ORDER, interval="week", n_intervals=12),
    "top paths of 5 events": Paths(after=VIEW, steps=LENGTH, trail="person", fold=False, n_paths=TOP),
    "people by step, first 5 events": Paths(steps=LENGTH, trail="person", fold=False, n_places=50),
    "sessions by day": Sessions(),
}


def ask(lake: obverse.Lake, job: str) -> Any:
    """Answer a job."""
    return lake.ask(QUESTIONS[job])


def ours(job: str, answer: Any) -> Rows:
    """Write an answer as rows."""
    return {
        "unique people by day and country": _trend,
        "retention by week": _retention,
        "top paths of 5 events": _paths,
        "people by step, first 5 events": _steps,
        "sessions by day": _sessions,
    }[job](answer)


def theirs(job: str, rows: list[list[Any]]) -> Rows:
    """Write a peer's rows as far as they are compared: the length of sessions is rounded differently."""
    return {tuple(row[:4]) if job == "sessions by day" else tuple(row) for row in rows}


def _day(name: str) -> int:
    return (date.fromisoformat(name) - date(1970, 1, 1)).days


def _trend(answer: Any) -> Rows:
    (series,) = answer.series
    return {
        (_day(row.name), group.name, int(value.value))
        for group in series.groups
        for row, value in zip(answer.rows, group.values, strict=True)
        if value.value
    }


def _retention(answer: Any) -> Rows:
    return {
        ((_day(cohort.name) - 4) // 7, int(cell.name), cell.people)
        for cohort in answer.cohorts
        for cell in cohort.cells
        if cell.people and cell.name != "0"
    }


def _paths(answer: Any) -> Rows:
    return {(" > ".join(path.places), path.people) for path in answer.paths}


def _steps(answer: Any) -> Rows:
    return {(place.column, place.name, place.people) for place in answer.places}


def _sessions(answer: Any) -> Rows:
    rows = answer.totals.rows
    return {(_day(row.name), row.sessions, row.people, row.bounces) for row in rows if row.sessions}
