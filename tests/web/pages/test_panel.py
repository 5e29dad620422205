"""What fails in one part of a page stays in that part, and says why."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from obverse.errors import BusyError, QuestionError
from obverse.web.pages.address import Address
from obverse.web.pages.frame import View, frame
from obverse.web.pages.home import Happening, HomePage
from obverse.web.pages.page import Panel, panel
from obverse.web.pages.render import render

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)


def fail(error: Exception) -> None:
    raise error


def test_what_we_raise_on_purpose_is_said_in_its_own_words() -> None:
    assert panel(lambda: fail(QuestionError("within: 'soon' is no duration"))).problem == (
        "within: 'soon' is no duration"
    )
    assert panel(lambda: fail(BusyError("the lake is busy"))).problem == "the lake is busy"
    assert panel(lambda: 7).value == 7


def test_a_defect_is_logged_and_tells_the_reader_nothing_of_the_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        made = panel(lambda: fail(ZeroDivisionError("secret path")))
    assert made.problem is not None
    assert "secret" not in made.problem
    assert "secret path" in caplog.text


def test_the_rest_of_the_page_stands_where_one_panel_failed() -> None:
    address = Address("/", (("period", "7d"),))
    event = Happening("2026-03-15T08:59:00+00:00", "08:59:00", "Door <Opened>", "ada", "/people/1", "store")
    page = HomePage(
        title="Home",
        period_name="in the last 7 days",
        figures=Panel(problem="the tape is being laid"),
        live=Panel(value=(event,)),
    )
    made = frame(address, View.of(address), NOW, section="/", periods=True)
    text = render(page, made).content.decode()
    assert "The tape is being laid." in text
    assert 'href="/?period=7d">Try again' in text
    assert "Door &lt;Opened&gt;" in text
    broken = render(
        HomePage(title="Home", period_name="ever", figures=Panel(problem="a"), live=Panel(problem="b")), made
    )
    assert broken.content.decode().count("Try again") == 2
