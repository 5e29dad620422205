"""Pictures stand on the page as their numbers say: in their box, in order, nothing lost or made up."""

from __future__ import annotations

import doctest
import itertools
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obverse.measure.picture import Bar, Bars, Edge, Flow, Heat, Line, Lines, Node, Pick, Picture
from obverse.web.pages.chart import WIDTH
from obverse.web.pages.drawing import (
    DrawnBars,
    DrawnFlow,
    DrawnHeat,
    DrawnLines,
    Hand,
    days,
    draw,
    scale,
    writing,
)
from obverse.web.pages.drawing.bars import MOST_BARS
from obverse.web.pages.drawing.flow import MOST_NODES
from obverse.web.pages.drawing.heat import LEVELS
from obverse.web.pages.drawing.lines import MOST_HITS, MOST_PANELS, TOGETHER
from obverse.web.pages.drawing.scale import axis_of, spread
from obverse.web.pages.render import ENVIRONMENT

LONG = "<b>" + "w" * 500
values = st.lists(st.none() | st.floats(-1e9, 1e9), max_size=30)


def link(pick: Pick) -> str:
    return "/people/behind?" + "&".join(f"{name}={text}" for name, text in pick.items())


HAND = Hand("EUR", link)


def lines(*series: Line, **more: Any) -> DrawnLines:
    axis = tuple(str(i) for i in range(len(series[0].values))) if series else ()
    made = draw(
        Lines(**{"title": "T", "of": "people", "axis": axis, "axis_title": "x", **more}, series=series), HAND
    )
    assert isinstance(made, DrawnLines)
    return made


def bars(*rows: Bar, **more: Any) -> DrawnBars:
    made = draw(Bars(**{"title": "T", "of": "people", **more}, rows=rows), HAND)
    assert isinstance(made, DrawnBars)
    return made


def heat(**fields: Any) -> DrawnHeat:
    made = draw(Heat(**{"title": "T", "of": "share", **fields}), HAND)
    assert isinstance(made, DrawnHeat)
    return made


def flow(nodes: tuple[Node, ...], edges: tuple[Edge, ...], n: int = 2) -> DrawnFlow:
    made = draw(Flow("T", "people", tuple(f"Step {i}" for i in range(n)), nodes, edges), HAND)
    assert isinstance(made, DrawnFlow)
    return made


def written(picture: Picture) -> str:
    text = '{% import "pictures.html" as pictures %}{{ pictures.figure(drawn, 1, "people") }}'
    return ENVIRONMENT.from_string(text).render(drawn=draw(picture, HAND))


def numbers(path: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", path)]


@pytest.mark.parametrize("module", [days, scale, writing])
def test_the_examples_in_the_docstrings_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


@given(values, values)
def test_every_line_and_band_stays_in_its_picture(one: list[float | None], other: list[float | None]) -> None:
    n = min(len(one), len(other))
    low = tuple(None if v is None else v - 1 for v in other[:n])
    made = lines(Line("A", tuple(one[:n])), Line("B", tuple(other[:n]), low, tuple(other[:n])))
    for series in made.series:
        for path in (series.line, series.band):
            places = numbers(path)
            assert all(0 <= x <= WIDTH for x in places[::2])
            assert all(made.head <= y <= made.foot for y in places[1::2])


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=9), st.data())
def test_each_piece_of_a_line_is_drawn_once_whole_or_dotted(some: list[float], data: st.DataObject) -> None:
    still = data.draw(st.lists(st.booleans(), min_size=len(some), max_size=len(some)))
    (series,) = lines(Line("A", tuple(some), open=tuple(still))).series
    assert series.line.count("L") + series.tail.count("L") == len(some) - 1
    assert series.tail.count("L") == sum(a or b for a, b in itertools.pairwise(still))


def test_a_gap_stays_open_and_a_lonely_value_is_a_dot() -> None:
    (series,) = lines(Line("A", (1.0, 2.0, None, 4.0, None, 6.0))).series
    assert (series.line.count("M"), series.line.count("L")) == (1, 1)
    assert [dot.at for dot in series.dots if dot.shown] == [
        pytest.approx(x, abs=0.01) for x in (58.333, 91.667)
    ]


def test_a_curve_of_steps_holds_each_value_until_the_next() -> None:
    (series,) = lines(Line("A", (1.0, 0.5, 0.25)), mark="step", of="share").series
    assert re.fullmatch(r"M\S+ \S+(H\S+V\S+){2}", series.line)
    assert numbers(series.line)[3] > numbers(series.line)[1], "lower is further down"


def test_what_compares_stands_back_beside_its_own_series() -> None:
    made = lines(
        Line("A", (1.0, 2.0)),
        Line("B", (1.0, 1.0)),
        Line("A", (2.0, 2.0), before=True),
        Line("B", (3.0, 3.0), before=True),
    )
    assert [one.name for one in made.series] == ["A", "B"]
    assert all(one.before for one in made.series)
    assert numbers(made.series[1].before)[1] < numbers(made.series[0].before)[1]


def test_few_series_are_named_at_their_ends_and_the_names_do_not_touch() -> None:
    made = lines(*(Line(f"S{i}", (5.0, 5.0)) for i in range(TOGETHER)))
    places = sorted(one.label_y for one in made.series)
    assert made.named
    assert min(b - a for a, b in itertools.pairwise(places)) >= 20
    assert len({one.number for one in made.series}) == TOGETHER, "each has its own mark"


@given(st.lists(st.floats(0, 300), max_size=12))
def test_labels_are_moved_apart_and_keep_their_order(wanted: list[float]) -> None:
    found = spread(wanted, 20, 0, 300)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [found[i] for i in order]
    assert all(b - a >= 20 - 1e-6 for a, b in itertools.pairwise(placed))
    assert all(place >= -1e-6 for place in placed)


def test_many_series_get_a_picture_each_on_one_scale_and_the_rest_is_told() -> None:
    made = lines(*(Line(f"S{i}", (1.0, float(i))) for i in range(10_000)))
    assert made.panels
    assert len(made.series) == MOST_PANELS
    assert made.left_out == 10_000 - MOST_PANELS
    assert "9\u202f988 more series are not drawn" in written(
        Lines("T", "people", ("a", "b"), "", tuple(Line(f"S{i}", (1.0, 2.0)) for i in range(10_000)))
    )


def test_a_long_axis_is_drawn_without_a_link_a_place() -> None:
    n = MOST_HITS + 1
    made = lines(Line("A", tuple(float(i) for i in range(n)), picks=({"row": "x"},) * n))
    assert made.hits == ()
    assert made.series[0].line.count("L") == n - 1
    assert made.grid.left_out == 1


def test_a_place_says_its_number_its_interval_and_that_it_grows_and_leads_to_its_people() -> None:
    made = lines(
        Line("A", (10.0, 3.0), (8.0, 1.0), (12.0, 5.0), (False, True), ({"row": "a"}, {"row": "b"})),
        axis=("2026-03-01", "2026-03-02"),
    )
    assert made.hits[0].title == "Sun 1 Mar 2026: 10 people (8–12)"
    assert made.hits[1].title == "Mon 2 Mar 2026: 3 people (1–5) (still growing)"
    assert made.hits[0].href == "/people/behind?row=a"
    assert made.grid.rows[1].cells[0].href == "/people/behind?row=b"
    assert made.grid.rows[1].cells[0].open


def test_columns_stand_on_zero_upwards_and_downwards() -> None:
    first, second = lines(Line("Won", (4.0, 2.0)), Line("Lost", (-4.0, None)), mark="column").series
    base = first.columns[0].y + first.columns[0].height
    assert second.columns[0].y == pytest.approx(base)
    assert len(second.columns) == 1
    assert first.columns[0].left + first.columns[0].width <= second.columns[0].left + 0.01


def test_a_share_is_never_more_than_all() -> None:
    assert axis_of([(0.2, 1.0)], most_of_all=1.0).top == 1.0


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=20), st.none() | st.floats(0.5, 10))
def test_every_bar_stays_in_its_picture(some: list[float | None], reference: float | None) -> None:
    made = bars(
        *(
            Bar(f"B{i}", v, None if v is None else v - 1, None if v is None else v + 99)
            for i, v in enumerate(some)
        ),
        reference=reference,
    )
    for group in made.groups:
        for row in group.rows:
            if row.left is None:
                assert row.text == "—"
                continue
            assert -1e-6 <= row.left <= row.left + row.width <= 100.01
            assert row.left <= made.base + 0.01 <= row.left + row.width + 0.02, (
                "it begins at what it is read against"
            )


def test_a_bar_reaches_as_far_as_its_number() -> None:
    (group,) = bars(Bar("A", 100.0), Bar("B", 50.0), Bar("C", 0.0)).groups
    assert [row.width for row in group.rows] == [100.0, 50.0, 0.0]


def test_bars_are_grouped_and_what_has_no_number_says_why() -> None:
    made = bars(
        Bar("A", 1.0, group="X"), Bar("B", None, note="too few people", group="Y"), Bar("C", 2.0, group="X")
    )
    assert [(group.name, [row.name for row in group.rows]) for group in made.groups] == [
        ("X", ["A", "C"]),
        ("Y", ["B"]),
    ]
    assert made.groups[1].rows[0].note == "too few people"


def test_ten_thousand_rows_are_a_short_picture_and_a_table() -> None:
    made = bars(*(Bar(f"B{i}", float(i)) for i in range(10_000)))
    assert sum(len(group.rows) for group in made.groups) == MOST_BARS
    assert made.left_out == 10_000 - MOST_BARS
    assert made.grid is not None
    assert made.grid.rows[40].name == "B40"


def test_a_lift_is_written_as_times() -> None:
    made = bars(Bar("A", 1.8), of="number", reference=1.0, reference_name="as the others")
    assert made.groups[0].rows[0].text == "×\u202f1.8"
    assert made.reference == "as the others, 1"


def test_a_cell_is_darker_for_more_and_what_is_all_by_nature_does_not_count() -> None:
    made = heat(rows=("a", "b"), columns=("0", "1", "2"), values=((1.0, 0.4, 0.2), (1.0, 0.1, None)))
    levels = [[cell.level for cell in row.cells] for row in made.rows]
    assert levels[0] == [LEVELS, LEVELS, round(LEVELS / 2)]
    assert 0 < levels[1][1] < levels[0][2]
    assert made.rows[1].cells[2].text == ""
    assert made.rows[0].cells[1].text == "40"


def test_those_who_start_leave_shades_for_those_who_come_back() -> None:
    made = heat(rows=("a", "b"), columns=("0", "1", "2"), values=((0.7, 0.2, 0.1), (0.8, 0.1, 0.05)))
    levels = [[cell.level for cell in row.cells] for row in made.rows]
    assert levels[0][:2] == [LEVELS, LEVELS]
    assert levels[1][0] == LEVELS > levels[1][1] > levels[1][2] > 0


def test_a_cell_says_of_how_many_and_whether_it_grows() -> None:
    made = heat(
        rows=("2026-03-02",),
        columns=("Week 1",),
        values=((0.25,),),
        sizes=(8,),
        open=((True,),),
        picks=(({"row": "x"},),),
    )
    (cell,) = made.rows[0].cells
    assert cell.title == "Mon 2 Mar 2026, Week 1: 25.0\u202f% of 8 people (still growing)"
    assert cell.href == "/people/behind?row=x"
    assert (made.sized, made.any_open, made.rows[0].size) == (True, True, "8")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
@example([0.0, 1e-313])
def test_places_of_a_flow_do_not_overlap_and_keep_their_proportions(some: list[float]) -> None:
    made = flow(tuple(Node(0, f"n{i}", value) for i, value in enumerate(some)), (), 1)
    assert len(made.nodes) <= MOST_NODES
    for above, below in zip(made.nodes, made.nodes[1:], strict=False):
        assert below.y >= above.y + above.height
    assert all(node.y + node.height <= made.height for node in made.nodes)


def test_small_places_of_a_flow_are_joined_and_nothing_is_lost() -> None:
    n = 100
    nodes = (Node(0, "start", float(n)), *(Node(1, f"n{i}", 1.0) for i in range(n)))
    made = flow(nodes, tuple(Edge(0, i + 1, 1.0) for i in range(n)))
    assert made.nodes[-1].name == "(87 smaller ones)"
    assert made.nodes[-1].text == "87"
    assert any("87 people" in one.title for one in made.streams)
    assert len(made.grid.rows) == n, "the table has each of them"


def test_a_stream_is_as_wide_as_what_passes_and_leads_to_who() -> None:
    nodes = (Node(0, "A", 10.0), Node(1, "B", 7.0), Node(1, "C", 3.0))
    made = flow(nodes, (Edge(0, 1, 7.0, {"edge": "b"}), Edge(0, 2, 3.0)))
    first, second = made.streams
    assert (first.href, second.href) == ("/people/behind?edge=b", "")
    assert first.title == "A → B: 7 people, 70.0\u202f% of A"

    def tall(path: str) -> float:
        at = numbers(path)
        return at[8] - at[7]

    assert tall(first.path) / tall(second.path) == pytest.approx(7 / 3, rel=0.02)


EMPTY: tuple[Picture, ...] = (
    Lines("T", "people", (), "", ()),
    Lines("T", "share", ("a", "b"), "", (Line("A", (None, None)),)),
    Bars("T", "money", ()),
    Heat("T", "share", (), (), ()),
    Flow("T", "people", (), (), ()),
)


@pytest.mark.parametrize("picture", EMPTY)
def test_nothing_is_said_to_be_nothing(picture: Picture) -> None:
    assert "Nothing here in this period." in written(picture)


FULL: tuple[Picture, ...] = (
    Lines("T", "people", ("a", "b"), "", (Line(LONG, (1.0, 2.0)), Line("B", (1.0, 2.0)))),
    Lines("T", "people", ("a",), "", tuple(Line(LONG, (1.0,)) for _ in range(6)), "column"),
    Bars("T", "money", (Bar(LONG, 1.0, 0.5, 2.0, LONG, {"row": LONG}, LONG),)),
    Heat(LONG, "share", (LONG,), (LONG,), ((0.5,),), LONG, LONG),
    Flow(
        "T",
        "people",
        (LONG,),
        (Node(0, LONG, 1.0, {"n": LONG}), Node(1, LONG, 1.0)),
        (Edge(0, 1, 1.0, {"e": LONG}),),
    ),
)


@pytest.mark.parametrize("picture", FULL)
def test_what_others_named_is_text_and_no_style_is_written_into_the_page(picture: Picture) -> None:
    text = written(picture)
    assert "<b>" not in text
    assert " style=" not in text
    assert "&lt;b&gt;www" in text


def test_a_day_in_a_title_is_written_as_people_write_it() -> None:
    for picture in (
        Bars("The week of 2026-11-09", "share", ()),
        Flow("The week of 2026-11-09", "people", (), (), ()),
    ):
        assert draw(picture, HAND).title == "The week of 9\u00a0Nov\u00a02026"
