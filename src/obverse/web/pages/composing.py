"""Composing dashboards: what each form and button of their pages does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.measure.question import Question
from obverse.settings.dashboards import Dashboard, PanelSpec
from obverse.web.pages.asked import Asked
from obverse.web.pages.board import checked_question
from obverse.web.pages.frame import PERIODS
from obverse.web.pages.morning import morning

Form = Mapping[str, str]

NEW = "new"
"""What a form says in place of a dashboard's id to make one."""


@dataclass(frozen=True)
class AddForm:
    """The form that puts a question on a dashboard.

    Attributes:
        question: as JSON.
        title: what the panel is called unless something else is typed.
        side: which side of the coin it shows.
        period: the period that it moves with; empty for the question's own days.
        dashboards: id and name of each that there is.
    """

    question: str
    title: str
    side: str
    period: str
    dashboards: tuple[tuple[str, str], ...]


def addable(asked: Asked, question: Question, title: str, period: str) -> AddForm:
    """Give what the form needs that puts a question on a dashboard.

    Args:
        asked: the request.
        question: what is asked.
        title: what to call it.
        period: key of the period that its days are made of; empty where they were chosen.
    """
    known = tuple((one.id, one.name) for one in asked.settings.dashboards.all())
    return AddForm(question.to_json().decode(), title[:100], asked.view.side, period, known)


def make(asked: Asked, form: Form) -> str:
    """Make a dashboard, empty or for every morning; give its address."""
    dashboards = asked.settings.dashboards
    if form.get("do") == "morning":
        made = dashboards.create("Every morning")
        names = [name for name, _ in asked.lake.tape.names()]
        dashboards.put(made.id, morning(names, asked.values.conversion_event))
        return _path(made.id)
    return _path(dashboards.create(form.get("name", "")).id)


def add(asked: Asked, form: Form) -> str:
    """Put a question on a dashboard, a new one if the form says so; give its address.

    Raises:
        QuestionError: the question, the title or the name is wrong.
    """
    dashboards = asked.settings.dashboards
    question = checked_question(form.get("question", ""))
    title, side, period = form.get("title", "").strip(), form.get("side", "people"), form.get("period", "")
    if period and period not in PERIODS:
        raise QuestionError(unknown("period", period, PERIODS))
    panel = PanelSpec(title, question, side, period=period)
    id_ = form.get("dashboard", NEW)
    if id_ == NEW:
        id_ = dashboards.create(form.get("name", "")).id
    dashboards.add(id_, panel)
    return _path(id_)


def change(id_: str, asked: Asked, form: Form) -> str:
    """Do what a button asks for; give where to go on.

    Raises:
        QuestionError: no such button, or what it asks for cannot be done.
    """
    dashboards = asked.settings.dashboards
    found = dashboards.get(id_)
    action, _, number = form.get("do", "").partition("-")
    if action in ("save", "up", "down", "remove"):
        dashboards.put(id_, _moved(found, action, number, form))
    elif action == "rename":
        dashboards.rename(id_, form.get("name", ""))
    elif action == "share":
        dashboards.share(id_)
    elif action == "unshare":
        dashboards.unshare(id_)
    elif action == "delete":
        dashboards.delete(id_)
        return "/dashboards"
    else:
        raise QuestionError(f"do: {form.get('do', '')!r} is nothing that can be done here")
    return _path(id_) + (f"#panel-{number}" if action == "save" else "")


def _moved(found: Dashboard, action: str, number: str, form: Form) -> list[PanelSpec]:
    panels = list(found.panels)
    if not number.isdecimal() or not 1 <= int(number) <= len(panels):
        raise QuestionError(f"panel {number}: there is none; the dashboard has changed meanwhile")
    at = int(number) - 1
    if action == "save":
        panels[at] = msgspec.structs.replace(
            panels[at],
            title=form.get("title", "").strip(),
            side=form.get("side", "people"),
            wide=form.get("wide") == "on",
        )
        return panels
    moved = panels.pop(at)
    if action != "remove":
        panels.insert(max(0, at - 1) if action == "up" else at + 1, moved)
    return panels


def _path(id_: str) -> str:
    return f"/dashboards/{id_}"
