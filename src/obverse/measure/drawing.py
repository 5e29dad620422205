"""Pictures drawn with Altair, for notebooks and for files: what pages draw as SVG, here as Vega-Lite.

Names stand beside what they name, intervals are drawn, what is still growing is dashed or faint, the period
before stands back. What is too long to be seen is left out and said in the title; the answer's table has all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from obverse.measure.picture import Bars, Flow, Heat, Line, Lines, Of, Picture, Side
from obverse.measure.wording import SPACE, count

if TYPE_CHECKING:
    import altair as alt

COLOURS: dict[Side, str] = {"people": "#c2571a", "value": "#1f6f8b"}
"""The warm accent for people, the cool one for value."""

INK, SOFT, RULE = "#1d1b17", "#6d665a", "#dad4c6"
WIDTH, HEIGHT = 560, 240
WILD = 1.7
"""An end of an interval is drawn up to so much of the largest value."""
MOST_SERIES = 12
MOST_PLACES = 2_000
MOST_BARS = 40
MOST_CELLS = 60
MOST_NODES = 14
LABEL_LIMIT = 260
_STROKES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3])
_CURVE = tuple(i / 16 for i in range(17))

_FORMATS: dict[Of, str] = {
    "people": "~s",
    "count": "~s",
    "share": ".1~%",
    "money": "~s",
    "number": ".3~s",
    "seconds": "~s",
}
_UNITS: dict[Of, str] = {"seconds": "seconds", "money": "value"}


def chart(pictures: Iterable[Picture], side: Side, currency: str | None = None) -> alt.TopLevelMixin:
    """Draw pictures below each other.

    Args:
        pictures: of one side of an answer.
        side: which one: its accent.
        currency: of money.
    """
    import altair as alt  # takes longer to import than most measures take to answer

    drawn = [_draw(picture, side, currency) for picture in pictures]
    if not drawn:
        drawn = [_note("Nothing to draw.")]
    whole = (
        drawn[0] if len(drawn) == 1 else alt.vconcat(*drawn, spacing=36).resolve_scale(color="independent")
    )
    styled: alt.TopLevelMixin = whole.configure_view(stroke=None).configure_title(anchor="start")
    return styled


def _draw(picture: Picture, side: Side, currency: str | None) -> Any:
    if isinstance(picture, Lines):
        return _lines(picture, side, currency)
    if isinstance(picture, Bars):
        return _bars(picture, side, currency)
    if isinstance(picture, Heat):
        return _heat(picture, side)
    return _flow(picture, side)


def _note(title: str, text: str = "nothing in this period") -> Any:
    """Draw words where there is nothing to draw."""
    import altair as alt

    data = alt.InlineData(values=[{"text": text}])
    made = alt.Chart(data).mark_text(color=SOFT, align="left").encode(text="text:N", x=alt.value(0))
    return made.properties(width=WIDTH, height=30, title=title)


def _quantity(of: Of, currency: str | None) -> str:
    unit = _UNITS.get(of, of)
    return f"{unit}, {currency}" if of == "money" and currency else unit


def _titled(title: str, left_out: int, what: str) -> str:
    return f"{title} ({count(left_out)} more {what} left out)" if left_out > 0 else title


def _held(bound: float | None, reach: float, at: float = 0.0) -> float | None:
    """Cut a wild end of an interval off, so that it does not flatten what is sure."""
    return None if bound is None else min(max(bound, at - reach), at + reach)


def _points(line: Line, number: int, axis: tuple[str, ...], reach: float) -> Iterable[dict[str, Any]]:
    low, high, still = line.low, line.high, line.open
    for i, value in enumerate(line.values[:MOST_PLACES]):
        yield {
            "series": number,
            "name": line.name,
            "place": i,
            "axis": axis[i],
            "value": value,
            "low": _held(low[i], reach) if low else None,
            "high": _held(high[i], reach) if high else None,
            "open": bool(still and still[i]),
            "joins": bool(still and (still[i] or (i + 1 < len(still) and still[i + 1]))),
            "before": line.before,
        }


def _lines(picture: Lines, side: Side, currency: str | None) -> Any:
    import altair as alt

    shown = sorted(picture.series, key=lambda line: line.before)[:MOST_SERIES]
    reach = WILD * max((abs(v) for line in shown for v in line.values if v is not None), default=0.0)
    rows = [row for k, line in enumerate(shown) for row in _points(line, k, picture.axis, reach)]
    if all(row["value"] is None for row in rows):
        return _note(picture.title)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=_places(picture), y=_values(picture.of, currency), detail="series:N"
    )
    title = _titled(picture.title, len(picture.series) - len(shown), "series")
    layers = _columns(base, side, len(shown)) if picture.mark == "column" else _strokes(base, picture, side)
    if len(shown) > 1:
        layers.append(_names(rows, base))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)


def _places(picture: Lines) -> Any:
    """Number the places, since names may be alike, and label a handful of them."""
    import altair as alt

    n = min(len(picture.axis), MOST_PLACES)
    every = max(1, -(-n // 8))
    names = [name if i % every == 0 else "" for i, name in enumerate(picture.axis[:n])]
    axis = alt.Axis(
        grid=False,
        labelExpr=f"{_json(names)}[datum.value]",
        values=[i for i in range(n) if i % every == 0],
        labelLimit=120,
    )
    scale = alt.Scale(domain=[-0.5, n - 0.5], nice=False)
    return alt.X("place:Q", title=picture.axis_title or None, axis=axis, scale=scale)


def _values(of: Of, currency: str | None) -> Any:
    import altair as alt

    title = _quantity(of, currency)
    return alt.Y("value:Q", title=title, axis=alt.Axis(format=_FORMATS[of], gridColor=RULE, tickCount=4))


def _strokes(base: Any, picture: Lines, side: Side) -> list[Any]:
    import altair as alt

    how = {"interpolate": "step-after"} if picture.mark == "step" else {}
    stroke = alt.StrokeDash("series:N", legend=None, scale=alt.Scale(range=[list(one) for one in _STROKES]))
    there = "!datum.before"  # a value that is missing parts the line
    return [
        base.mark_area(color=COLOURS[side], opacity=0.16, **how).encode(y="low:Q", y2="high:Q"),
        base.transform_filter("datum.before").mark_line(color=SOFT, strokeDash=[3, 4], strokeWidth=1, **how),
        base.transform_filter(f"{there} && !(datum.open)")
        .mark_line(color=COLOURS[side], **how)
        .encode(strokeDash=stroke),
        base.transform_filter(f"{there} && datum.joins").mark_line(
            color=COLOURS[side], opacity=0.45, strokeDash=[1, 4], **how
        ),
        base.transform_filter(f"{there} && isValid(datum.value)")
        .mark_point(color=COLOURS[side], filled=True, size=22)
        .encode(
            opacity=alt.condition("datum.open", alt.value(0.4), alt.value(1)),
            tooltip=[
                alt.Tooltip(f"{name}:{kind}") for name, kind in (("name", "N"), ("axis", "N"), ("value", "Q"))
            ],
        ),
    ]


def _columns(base: Any, side: Side, n_series: int) -> list[Any]:
    import altair as alt

    beside = base.transform_calculate(
        left=f"datum.place - 0.4 + 0.8 * datum.series / {n_series}",
        right=f"datum.place - 0.4 + 0.8 * (datum.series + 1) / {n_series}",
        middle=f"datum.place - 0.4 + 0.8 * (datum.series + 0.5) / {n_series}",
        zero="0",
    )
    scale = alt.Scale(nice=False)
    bars = beside.mark_rect(color=COLOURS[side]).encode(
        x=alt.X("left:Q", scale=scale),
        x2="right:Q",
        y2="zero:Q",
        opacity=alt.Opacity("series:N", legend=None, scale=alt.Scale(range=[0.95, 0.6, 0.4, 0.25])),
        strokeDash=alt.condition("datum.open", alt.value([3, 3]), alt.value([1, 0])),
        fillOpacity=alt.condition("datum.open", alt.value(0.25), alt.value(1)),
        stroke=alt.value(COLOURS[side]),
    )
    axis = base.mark_point(opacity=0)
    whiskers = beside.transform_filter("isValid(datum.low)").mark_rule(color=INK, strokeWidth=1.5)
    return [axis, bars, whiskers.encode(x="middle:Q", y="low:Q", y2="high:Q")]


def _names(rows: list[dict[str, Any]], base: Any) -> Any:
    """Write each series' name at its last value."""
    import altair as alt

    last = {row["series"]: row for row in rows if row["value"] is not None}
    names = alt.Chart(alt.InlineData(values=list(last.values())))
    return names.mark_text(align="left", dx=8, color=INK, limit=LABEL_LIMIT, fontSize=10).encode(
        x=base.encoding.x, y="value:Q", text="name:N"
    )


def _bars(picture: Bars, side: Side, currency: str | None) -> Any:
    import altair as alt

    shown, at = picture.rows[:MOST_BARS], picture.reference or 0.0
    if not shown:
        return _note(picture.title)
    reach = WILD * max((abs(bar.value - at) for bar in shown if bar.value is not None), default=0.0)
    rows: list[dict[str, Any]] = [
        {
            "place": i,
            "name": f"{bar.group}: {bar.name}" if bar.group else bar.name,
            "value": bar.value,
            "from": at,
            "low": _held(bar.low, reach, at),
            "high": _held(bar.high, reach, at),
            "edge": max(v for v in (bar.value, _held(bar.high, reach, at), at) if v is not None),
            "text": _said(bar.value, picture.of, bar.note),
        }
        for i, bar in enumerate(shown)
    ]
    names = alt.Axis(
        labelExpr=f"{_json([row['name'] for row in rows])}[datum.value]", labelLimit=LABEL_LIMIT, ticks=False
    )
    axis = alt.Axis(format=_FORMATS[picture.of], grid=False, tickCount=5)
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=alt.Y("place:O", title=None, axis=names))
    there = base.transform_filter("isValid(datum.value)")
    layers = [
        there.mark_bar(color=COLOURS[side]).encode(
            x=alt.X("value:Q", title=_quantity(picture.of, currency), axis=axis), x2="from:Q"
        ),
        there.transform_filter("isValid(datum.low)")
        .mark_rule(color=INK, strokeWidth=1.5)
        .encode(x="low:Q", x2="high:Q"),
        base.mark_text(align="left", dx=6, color=INK).encode(x="edge:Q", text="text:N"),
    ]
    if picture.reference is not None:
        line = alt.Chart(alt.InlineData(values=[{"at": at, "name": picture.reference_name}]))
        layers.append(line.mark_rule(color=INK).encode(x="at:Q", tooltip="name:N"))
    title = _titled(picture.title, len(picture.rows) - len(shown), "rows")
    return alt.layer(*layers).properties(width=WIDTH - 160, height=alt.Step(26), title=title)


def _said(value: float | None, of: Of, note: str) -> str:
    if value is None:
        return note or "cannot say"
    number = f"{100 * value:.1f}{SPACE}%" if of == "share" else f"{value:,.4g}".replace(",", SPACE)
    if of in ("people", "count") and value == round(value):
        number = count(round(value))
    return f"{number} · {note}" if note else number


def _heat(picture: Heat, side: Side) -> Any:
    import altair as alt

    columns = picture.columns[:MOST_CELLS]
    rows: list[dict[str, Any]] = [
        {
            "row": i,
            "column": j,
            "value": picture.values[i][j],
            "text": _cell(picture.values[i][j], picture.of),
            "open": bool(picture.open and picture.open[i][j]),
        }
        for i in range(min(len(picture.rows), MOST_CELLS))
        for j in range(len(columns))
        if picture.values[i][j] is not None
    ]
    if not rows:
        return _note(picture.title)
    telling = [row["value"] for row in rows if picture.of != "share" or row["value"] != 1.0]
    top = max([value for value in telling if value is not None] or [1.0])
    named = [
        f"{name} ({count(picture.sizes[i])})" if picture.sizes else name
        for i, name in enumerate(picture.rows)
    ]
    across = alt.X("column:O", title=picture.column_title or None, axis=_ordinal(columns, orient="top"))
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=across, y=alt.Y("row:O", title=picture.row_title or None, axis=_ordinal(tuple(named)))
    )
    colour = alt.Scale(domain=[0, top or 1], range=["#fbf9f4", COLOURS[side]], clamp=True, interpolate="rgb")
    shade = alt.Color("value:Q", scale=colour, legend=None)
    dashes = alt.condition("datum.open", alt.value([2, 2]), alt.value([1, 0]))
    edge = alt.condition("datum.open", alt.value(INK), alt.value("#fbf9f4"))
    cells = base.mark_rect().encode(color=shade, stroke=edge, strokeDash=dashes)
    ink = alt.condition(f"datum.value > {0.7 * top}", alt.value("#ffffff"), alt.value(INK))
    title = _titled(picture.title, len(picture.rows) - MOST_CELLS, "rows")
    texts = base.mark_text(fontSize=10).encode(text="text:N", color=ink)
    return alt.layer(cells, texts).properties(width=alt.Step(42), height=alt.Step(22), title=title)


def _ordinal(names: tuple[str, ...], **how: Any) -> Any:
    import altair as alt

    return alt.Axis(
        labelExpr=f"{_json(list(names))}[datum.value]",
        labelLimit=LABEL_LIMIT,
        ticks=False,
        domain=False,
        labelAngle=0,
        **how,
    )


def _cell(value: float | None, of: Of) -> str:
    if value is None:
        return ""
    return f"{100 * value:.0f}%" if of == "share" else f"{value:.3g}"


def _flow(picture: Flow, side: Side) -> Any:
    import altair as alt

    if not picture.nodes:
        return _note(picture.title)
    spots, left_out = _spots(picture)
    pieces = [point for k, edge in enumerate(_stacked(picture, spots)) for point in _ribbon(k, *edge)]
    across = alt.Scale(nice=False, zero=False)
    x, y = (
        alt.X("x:Q", axis=None, scale=across),
        alt.Y("y:Q", axis=None, scale=alt.Scale(nice=False, reverse=True)),
    )
    streams = alt.Chart(alt.InlineData(values=pieces)).mark_area(color=COLOURS[side], opacity=0.25)
    places = alt.Chart(alt.InlineData(values=[*spots.values()]))
    layers = [
        streams.encode(x=x, y=y, y2="y2:Q", detail="edge:N", tooltip="text:N"),
        places.mark_rect(color=COLOURS[side]).encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        places.mark_text(align="left", baseline="top", dx=4, color=INK, limit=128, fontSize=10).encode(
            x=alt.X("x2:Q", axis=None, scale=across), y=y, text="text:N"
        ),
    ]
    columns = [{"x": i, "text": name} for i, name in enumerate(picture.columns)]
    heads = alt.Chart(alt.InlineData(values=columns)).mark_text(align="left", fontWeight="bold", color=INK)
    layers.append(heads.encode(x=x, y=alt.value(-8), text="text:N"))
    n = max([len(picture.columns), *(node.column + 1 for node in picture.nodes)])
    return alt.layer(*layers).properties(
        width=max(WIDTH, 150 * n), height=320, title=_titled(picture.title, left_out, "places")
    )


def _spots(picture: Flow) -> tuple[dict[int, dict[str, Any]], int]:
    """Stand the largest places of each column below each other; say how many are left out."""
    totals: dict[int, float] = {}
    for node in picture.nodes:
        totals[node.column] = totals.get(node.column, 0.0) + node.value
    apart = max(totals.values()) * 0.06 or 1.0
    spots: dict[int, dict[str, Any]] = {}
    for column in sorted(totals):
        here = [i for i, node in enumerate(picture.nodes) if node.column == column]
        kept = set(sorted(here, key=lambda i: -picture.nodes[i].value)[:MOST_NODES])
        foot = 0.0
        for i in here:
            if i in kept:
                node = picture.nodes[i]
                text = f"{node.name}  {_said(node.value, picture.of, '')}"
                spots[i] = {
                    "x": column,
                    "x2": column + 0.04,
                    "y": foot,
                    "y2": foot + node.value,
                    "text": text,
                }
                foot += max(node.value, apart) + apart
    return spots, len(picture.nodes) - len(spots)


def _stacked(
    picture: Flow, spots: dict[int, dict[str, Any]]
) -> Iterable[tuple[float, float, float, float, float, str]]:
    """Give each stream's start and end: x and y of both, how wide it is, and what it says."""
    leave, reach = ({i: spot["y"] for i, spot in spots.items()} for _ in range(2))
    for edge in sorted(picture.edges, key=lambda one: (one.source, one.target)):
        if edge.source in spots and edge.target in spots:
            start, end = leave[edge.source], reach[edge.target]
            leave[edge.source] += edge.value
            reach[edge.target] += edge.value
            names = f"{picture.nodes[edge.source].name} → {picture.nodes[edge.target].name}"
            text = f"{names}: {_said(edge.value, picture.of, '')}"
            yield spots[edge.source]["x2"], start, spots[edge.target]["x"], end, edge.value, text


def _ribbon(
    number: int, left: float, start: float, right: float, end: float, tall: float, text: str
) -> Iterable[dict[str, Any]]:
    """Sample a band that leaves and arrives level."""
    for t in _CURVE:
        y = start + (end - start) * t * t * (3 - 2 * t)
        yield {"edge": number, "x": left + (right - left) * t, "y": y, "y2": y + tall, "text": text}


def _json(names: list[str]) -> str:
    """Write names into a Vega expression."""
    import json

    return json.dumps(names)
