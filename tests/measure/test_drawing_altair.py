"""Every picture becomes a chart that Vega-Lite draws, with the names and numbers that it has."""

from __future__ import annotations

import html
import re
from typing import ClassVar

import pyarrow as pa
import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.measure.drawing import chart
from obverse.measure.picture import Bar, Bars, Edge, Flow, Heat, Line, Lines, Node, Picture, Side
from obverse.measure.question import Answer

LONG = "a name that does not end " * 20
HOSTILE = "'\"]) <b>\\ {{x}}"


def svg(*pictures: Picture, side: Side = "people") -> str:
    return html.unescape(vl_convert.vegalite_to_svg(chart(pictures, side, "EUR").to_json()))


def seen(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r"<text[^>]*>([^<]*)</text>", text)]


PICTURES: dict[str, Picture] = {
    "lines": Lines(
        "T",
        "people",
        ("2026-03-01", "2026-03-02", "2026-03-03"),
        "day",
        (
            Line("Alpha", (1.0, None, 3.0), (0.5, None, 2.5), (1.5, None, 3.5), (False, False, True)),
            Line("Beta", (2.0, 2.0, 2.0), before=True),
        ),
    ),
    "step": Lines("T", "share", ("0", "1"), "days", (Line("Alpha", (1.0, 0.5)),), "step"),
    "columns": Lines(
        "T",
        "money",
        ("a", "b"),
        "",
        (Line("Alpha", (1.0, -2.0), (0.5, None), (2.0, None)), Line("Beta", (2.0, 2.0))),
        "column",
    ),
    "bars": Bars(
        "T",
        "number",
        (Bar("Alpha", 2.0, 1.5, 90.0, "12 people"), Bar("Beta", None, note="too few")),
        1.0,
        "usual",
    ),
    "heat": Heat(
        "T",
        "share",
        ("Alpha", "Beta"),
        ("0", "1"),
        ((1.0, 0.5), (1.0, None)),
        "r",
        "c",
        (9, 8),
        ((False, True), (False, False)),
    ),
    "flow": Flow(
        "T", "people", ("first", "then"), (Node(0, "Alpha", 5.0), Node(1, "Beta", 5.0)), (Edge(0, 1, 5.0),)
    ),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("side", ["people", "value"])
def test_a_picture_is_drawn_with_its_names(name: str, side: Side) -> None:
    text = seen(svg(PICTURES[name], side=side))
    assert any("Alpha" in one or name == "step" for one in text)
    assert any("Beta" in one or name == "step" for one in text)
    assert "T" in text


def test_what_cannot_be_said_says_why() -> None:
    assert "too few" in seen(svg(PICTURES["bars"]))


def test_a_wild_interval_does_not_flatten_the_rest() -> None:
    ticks = [float(one) for one in seen(svg(PICTURES["bars"])) if re.fullmatch(r"\d+", one)]
    assert max(ticks) <= 5


def test_several_pictures_stand_below_each_other() -> None:
    text = svg(*PICTURES.values())
    assert seen(text).count("T") == len(PICTURES)


@pytest.mark.parametrize(
    "picture",
    [
        Lines("T", "people", (), "", ()),
        Lines("T", "share", ("a",), "", (Line("A", (None,)),)),
        Bars("T", "money", ()),
        Heat("T", "share", (), (), ()),
        Flow("T", "people", (), (), ()),
    ],
)
def test_nothing_is_said_to_be_nothing(picture: Picture) -> None:
    assert seen(svg(picture)) == ["nothing in this period", "T"]


def test_no_picture_at_all_is_a_chart_too() -> None:
    assert "<svg" in svg()


@pytest.mark.parametrize("name", [LONG, HOSTILE, ""])
def test_any_name_can_be_drawn(name: str) -> None:
    line, other = Line(name, (1.0, 2.0)), Line(name, (2.0, 1.0))
    pictures = (
        Lines("T", "people", (name, name), name, (line, other)),
        Bars(name, "people", (Bar(name, 1.0, group=name), Bar(name, 2.0))),
        Heat("T", "money", (name,), (name,), ((3.0,),)),
        Flow("T", "count", (name, name), (Node(0, name, 1.0), Node(1, name, 1.0)), (Edge(0, 1, 1.0),)),
    )
    drawn = vl_convert.vegalite_to_svg(chart(pictures, "people").to_json())
    assert "<b>" not in drawn
    if name == HOSTILE:
        assert any(HOSTILE in one for one in seen(drawn))


def test_ten_thousand_names_are_a_small_chart_that_says_what_is_left_out() -> None:
    n = 10_000
    pictures = (
        Lines("Series", "people", ("a",), "", tuple(Line(f"S{i}", (1.0,)) for i in range(n))),
        Bars("Rows", "people", tuple(Bar(f"B{i}", 1.0) for i in range(n))),
        Flow("Places", "people", ("a",), tuple(Node(0, f"N{i}", float(i)) for i in range(n)), ()),
    )
    made = chart(pictures, "people").to_json()
    assert len(made) < 100_000
    text = " ".join(seen(vl_convert.vegalite_to_svg(made)))
    for words in (
        "9\u202f988 more series left out",
        "9\u202f960 more rows left out",
        "9\u202f986 more places left out",
    ):
        assert words in text


numbers = st.none() | st.floats(-1e9, 1e9)


@settings(max_examples=10)
@given(st.lists(numbers, min_size=1, max_size=6), st.sampled_from(["line", "step", "column"]))
def test_any_numbers_are_valid_vega_lite(values: list[float | None], mark: str) -> None:
    axis = tuple(str(i) for i in range(len(values)))
    lines = Lines("T", "number", axis, "", (Line("A", tuple(values), tuple(values), tuple(values)),), mark)  # type: ignore[arg-type]  # one of its marks
    bars = Bars("T", "number", tuple(Bar(str(i), value, value, value) for i, value in enumerate(values)))
    chart((lines, bars), "people").to_dict(validate=True)


class Small(Answer, frozen=True, kw_only=True):
    """An answer with a picture a side."""

    measure: ClassVar[str] = "small"
    currency: str | None = "EUR"

    def sentence(self) -> str:
        return "Five."

    def table(self) -> pa.Table:
        return pa.table({"n": [5]})

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        return (Bars(f"The {side} side", "people" if side == "people" else "money", (Bar("A", 5.0),)),)


def test_an_answer_draws_the_side_that_is_asked_for_and_shows_itself() -> None:
    answer = Small(as_of_seq=1)
    text = seen(vl_convert.vegalite_to_svg(answer.chart("value").to_json()))
    assert "The value side" in text
    assert "value, EUR" in text
    shown = answer._repr_html_()
    assert shown.startswith("<p>Five.</p>")
    assert "The people side" in shown
