"""A moment's filter as rows: what rows write is read back the same, and what was typed is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.tape.expression import parse
from obverse.web.pages.surveys.conditions import COMPARISONS, Condition, missing, read, rows_of, settle, write

FIELDS = ("properties.total", 'properties."total ""price"', "context.page.path", "coupon", "touchpoint")
ORDERED = (">=", "<=", ">", "<")
values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1) | st.sampled_from(
    [
        "5",
        "-0.5",
        "007",
        "1e3",
        "12345678901234567890",
        "true",
        "False",
        "it's",
        "''",
        "%",
        "a and b = 1",
        "₂",
    ]
)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """A row that is whole, as a form sends it."""
    compared = draw(st.sampled_from([*COMPARISONS]))
    value = " ".join(draw(values).splitlines()).strip() or "x"
    if compared in ORDERED:
        value = draw(st.sampled_from(["0", "49.5", "-3", "2026-03-01", "2026-03-01T12:00Z"]))
    elif compared == "in":
        parts = [one.strip() for one in value.split(",") if one.strip()]
        value = ", ".join([*parts, "y"])
    return Condition(
        draw(st.sampled_from(FIELDS)), compared, "" if compared in ("is null", "is not null") else value
    )


@given(st.lists(conditions(), max_size=4))
def test_rows_come_back_from_their_expression_as_they_went(rows: list[Condition]) -> None:
    text = write(rows)
    assert read(text) == rows
    if rows:
        assert parse(text).fields


@given(st.text() | st.lists(conditions(), min_size=1).map(write), st.text("'()= ,%andor", max_size=3))
def test_what_rows_do_not_say_just_so_is_not_read_as_rows(text: str, more: str) -> None:
    rows = read(text + more)
    assert rows is None or write(rows) == text + more


@pytest.mark.parametrize(
    "text",
    [
        "properties.total > 50 or coupon is null",
        "not properties.total > 50",
        "properties.total>50",
        "properties.plan = '5'",
        "properties.plan in ('a,b')",
        "properties.plan = ' a'",
        "properties.plan > 'abc'",
        "properties.path like '/shop/%'",
        "total > 50 and ",
        "nonsense",
    ],
)
def test_what_was_typed_stays_as_it_is(text: str) -> None:
    moment = {"on": "event", "event": "Order Completed", "where": text, "was": text}
    assert rows_of(moment) is None
    settle(moment)
    assert moment == {"on": "event", "event": "Order Completed", "where": text}


def row(field: str = "", compared: str = "=", value: str = "") -> dict[str, Any]:
    return {"field": field, "compared": compared, "value": value}


@pytest.mark.parametrize(
    ("was", "typed", "rows", "expected"),
    [
        ("", "", [row("coupon", "=", "X"), row()], "coupon = 'X'"),
        ("a = 1", "a = 1", [row("a", "=", "1"), row("b", "is null", "left over")], "a = 1 and b is null"),
        ("a = 1", "a = 1", [row()], ""),
        ("a = 1", "a = 1", [row("a", "=", "1"), row()], "a = 1"),
        ("a = 1", "a = 2", [row("a", "=", "3")], "a = 2"),
        ("a = 1", "", [row("a", "=", "1")], ""),
        ("a = 1 or b = 1", "a = 1 or b = 1", [row("a", "=", "3")], "a = 1 or b = 1"),
    ],
)
def test_rows_that_were_changed_are_written_unless_it_was_typed_over(
    was: str, typed: str, rows: list[dict[str, Any]], expected: str
) -> None:
    moment: dict[str, Any] = {"where": typed, "was": was, "conditions": rows}
    settle(moment)
    assert moment == {"where": expected}


@pytest.mark.parametrize(
    ("unfinished", "part"),
    [
        (row("a", "="), "value"),
        (row("a", "in", ", ,"), "value"),
        (row("a", ">=", "plenty"), "value"),
        (row("", "=", "50"), "field"),
    ],
)
def test_a_row_that_is_not_finished_waits(unfinished: dict[str, Any], part: str) -> None:
    moment: dict[str, Any] = {
        "where": "b = 1",
        "was": "b = 1",
        "conditions": [row("b", "=", "1"), unfinished],
    }
    settle(moment)
    assert moment["where"] == "b = 1"
    assert rows_of(moment) == [Condition("b", "=", "1"), Condition(**unfinished)]
    assert [*missing(moment["conditions"], "at")] == [f"at.1.{part}"]
