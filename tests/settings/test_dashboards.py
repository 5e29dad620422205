"""Dashboards are kept whole, found by id and by the token of their link."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from obverse.errors import NotFoundError, QuestionError
from obverse.settings.dashboards import Dashboards, PanelSpec
from obverse.settings.store import Settings

QUESTION = msgspec.Raw(b'{"type":"funnel","steps":[{"events":["A"]}]}')


@pytest.fixture
def dashboards(tmp_path: Path) -> Iterator[Dashboards]:
    ticks = count(1)
    with Settings.open(tmp_path / "settings.db", clock=lambda: next(ticks)) as settings:
        yield settings.dashboards


def test_a_dashboard_is_found_again_with_its_panels_in_order(dashboards: Dashboards) -> None:
    made = dashboards.create("Every morning")
    dashboards.add(made.id, PanelSpec("Where they leave", QUESTION))
    dashboards.add(made.id, PanelSpec("What it costs", QUESTION, side="value", wide=True))
    found = dashboards.get(made.id)
    assert [(one.title, one.side, one.wide) for one in found.panels] == [
        ("Where they leave", "people", False),
        ("What it costs", "value", True),
    ]
    assert bytes(found.panels[0].question) == bytes(QUESTION)
    assert found.changed_at > found.created_at
    assert [one.name for one in dashboards.all()] == ["Every morning"]


def test_a_link_opens_until_it_is_ended_or_replaced(dashboards: Dashboards) -> None:
    made = dashboards.create("Shared")
    first = dashboards.share(made.id)
    assert dashboards.shared(first).id == made.id
    second = dashboards.share(made.id)
    with pytest.raises(NotFoundError):
        dashboards.shared(first)
    dashboards.unshare(made.id)
    with pytest.raises(NotFoundError):
        dashboards.shared(second)


def test_names_are_taken_once(dashboards: Dashboards) -> None:
    one, other = dashboards.create("One"), dashboards.create("Other")
    with pytest.raises(QuestionError, match="exists already"):
        dashboards.create("One")
    with pytest.raises(QuestionError, match="exists already"):
        dashboards.rename(other.id, "One")
    dashboards.rename(one.id, "First")
    assert [found.name for found in dashboards.all()] == ["First", "Other"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_name_must_be_readable(dashboards: Dashboards, name: str) -> None:
    with pytest.raises(QuestionError, match="1 to 100 characters"):
        dashboards.create(name)


def test_what_is_wrong_in_a_panel_is_said_and_changes_nothing(dashboards: Dashboards) -> None:
    made = dashboards.create("One")
    with pytest.raises(QuestionError, match="panel 1: its title"):
        dashboards.add(made.id, PanelSpec(" ", QUESTION))
    with pytest.raises(QuestionError, match="side 'both'"):
        dashboards.add(made.id, PanelSpec("x", QUESTION, side="both"))
    with pytest.raises(QuestionError, match="41 of them"):
        dashboards.put(made.id, [PanelSpec("x", QUESTION)] * 41)
    assert dashboards.get(made.id).panels == ()


def test_what_is_not_there_is_said(dashboards: Dashboards) -> None:
    made = dashboards.create("One")
    dashboards.delete(made.id)
    for act in (dashboards.get, dashboards.delete, dashboards.share, dashboards.unshare):
        with pytest.raises(NotFoundError, match="unknown dashboard"):
            act(made.id)
    with pytest.raises(NotFoundError):
        dashboards.rename(made.id, "Two")
