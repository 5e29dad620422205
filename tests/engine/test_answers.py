"""Answers that are given again while the lake stays as it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier, Event

import pytest

from obverse.engine.answers import Answers
from obverse.engine.local import Lake
from obverse.errors import QuestionError
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.measure.funnel import Funnel
from obverse.measure.question import Answer
from obverse.settings.store import Settings
from obverse.tape.tape import Tape
from tests.engine.lakes import fill, row, spread, table_of

VIEWS = Funnel.parse("View > Buy")


def numbered(number: int) -> Answer:
    return Answer(as_of_seq=number)


def lake_of(root: Path, settings: Settings, keep_answers: int) -> Lake:
    folder = Folder.open(root)
    table = EventTable.open(folder.events)
    return Lake(table, Tape(table, folder.tape), 1, settings.segments, keep_answers=keep_answers)


def test_an_answer_is_given_again_until_events_come(tmp_path: Path) -> None:
    fill(tmp_path, spread([row("a", "View", 0), row("a", "Buy", 1), row("b", "View", 2)]))
    with Settings.open(Folder.open(tmp_path).settings) as settings, lake_of(tmp_path, settings, 8) as lake:
        first = lake.ask(VIEWS)
        assert lake.ask(Funnel.parse("View > Buy")) is first
        assert lake.ask(Funnel.parse("View > Buy", within="1d")) is not first
        EventTable.open(Folder.open(tmp_path).events).append(
            table_of([row("c", "View", 3, message_id="later")]), "test", 99
        )
        later = lake.ask(VIEWS)
    assert [step.people for step in first.steps] == [2, 1]
    assert [step.people for step in later.steps] == [3, 1]


def test_an_answer_goes_with_the_segment_it_was_asked_for(tmp_path: Path) -> None:
    fill(tmp_path, spread([row("a", "View", 0), row("a", "Buy", 1), row("b", "View", 2)]))
    asked = Funnel.parse("View", segment="Some")
    with Settings.open(Folder.open(tmp_path).settings) as settings, lake_of(tmp_path, settings, 8) as lake:
        lake.save_segment("Some", VIEWS, {"step": "2"})
        assert [step.people for step in lake.ask(asked).steps] == [1]
        settings.segments.delete("Some")
        lake.save_segment("Some", VIEWS, {"step": "1"})
        assert [step.people for step in lake.ask(asked).steps] == [2]
        settings.segments.delete("Some")
        with pytest.raises(QuestionError, match="Some"):
            lake.ask(asked)


def test_a_lake_in_a_notebook_keeps_none(tmp_path: Path) -> None:
    fill(tmp_path, spread([row("a", "View", 0)]))
    with Lake.open(tmp_path) as lake:
        assert lake.ask(VIEWS) is not lake.ask(VIEWS)


def test_who_asks_while_it_is_worked_out_waits_for_it() -> None:
    answers, begun, go_on, made = Answers(4), Event(), Event(), []

    def work_out() -> Answer:
        begun.set()
        assert go_on.wait(30)
        made.append(1)
        return numbered(len(made))

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(answers.get, "q", work_out)
        assert begun.wait(30)
        others = [pool.submit(answers.get, "q", work_out) for _ in range(2)]
        go_on.set()
        found = [one.result(30) for one in (first, *others)]
    assert len(made) == 1
    assert found[0] is found[1] is found[2]


def test_what_went_wrong_is_tried_again() -> None:
    answers, tried = Answers(4), []

    def work_out() -> Answer:
        tried.append(1)
        if len(tried) == 1:
            raise QuestionError("not yet")
        return numbered(len(tried))

    with pytest.raises(QuestionError, match="not yet"):
        answers.get("q", work_out)
    assert answers.get("q", work_out) == numbered(2)


def test_the_oldest_answers_go() -> None:
    answers, made = Answers(2), []

    def noted(name: str) -> Answer:
        made.append(name)
        return numbered(0)

    def of(name: str) -> Answer:
        return answers.get(name, lambda: noted(name))

    for name in ("a", "b", "a", "c", "a", "b"):
        of(name)
    assert made == ["a", "b", "c", "b"]


def test_many_threads_ask_many_things() -> None:
    answers, barrier = Answers(3), Barrier(4)

    def ask(_: int) -> list[Answer]:
        barrier.wait(30)
        return [answers.get(n % 5, partial(numbered, n % 5)) for n in range(200)]

    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(ask, range(4))]
    assert all(one == [numbered(n % 5) for n in range(200)] for one in found)
