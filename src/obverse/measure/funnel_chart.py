"""A funnel drawn: a bar a step with its interval and its number beside it, a panel a group."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from obverse.measure.picture import Side
from obverse.measure.wording import count, money, percent

if TYPE_CHECKING:
    import altair as alt

COLOURS = {"people": "#c2571a", "value": "#1f6f8b"}
"""The warm accent for people, the cool one for value."""


def draw(
    rows: list[dict[str, Any]], side: Side, counted: str, currency: str | None
) -> alt.LayerChart | alt.FacetChart:
    """Draw the rows of `FunnelAnswer.table`."""
    import altair as alt  # takes longer to import than a funnel to count

    data = alt.Data(values=[_place(row, side, currency) for row in rows])  # type: ignore[no-untyped-call]
    order = [row["name"] for row in rows if row["group"] == rows[0]["group"]]
    steps = alt.Y("place:O", title=None, axis=alt.Axis(labelExpr=_names(order), labelLimit=240))
    title = counted if side == "people" else f"value reached{f', {currency}' if currency else ''}"
    base = alt.Chart().encode(y=steps)
    bars = base.mark_bar(color=COLOURS[side], opacity=0.85).encode(
        x=alt.X("shown:Q", title=title, axis=alt.Axis(format="~s", grid=False)),
        tooltip=[alt.Tooltip("name:N", title="step"), alt.Tooltip("text:N", title=title)],
    )
    whiskers = base.mark_rule(strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    labels = base.mark_text(align="left", dx=6).encode(x="edge:Q", text="text:N")
    drawn = alt.layer(bars, whiskers, labels, data=data).properties(width=420, height=alt.Step(34))
    if rows[0]["group"] is None:
        alone: alt.LayerChart = drawn.configure_view(stroke=None)
        return alone
    groups = list(dict.fromkeys(row["group"] for row in rows))
    beside: alt.FacetChart = drawn.facet(row=alt.Row("group:N", title=None, sort=groups))
    frameless: alt.FacetChart = beside.configure_view(stroke=None)
    return frameless


def _names(order: list[str]) -> str:
    """Word a Vega expression that names the places; names may be alike, so places are the axis."""
    return f"{json.dumps(order)}[datum.value - 1]"


def _place(row: dict[str, Any], side: Side, currency: str | None) -> dict[str, Any]:
    place = {"group": row["group"], "name": row["name"], "place": row["step"]}
    if side == "people":
        first = row["people"] / row["share_of_first"] if row["share_of_first"] else 0
        low, high = (row["share_of_first_low"] or 0) * first, (row["share_of_first_high"] or 0) * first
        text = count(row["people"])
        if row["step"] > 1 and row["share_of_first"] is not None:
            text += f" \u00b7 {percent(row['share_of_first'])}"
        shown = row["people"]
        low, high = (low, high) if row["step"] > 1 else (shown, shown)
    else:
        shown = row["value_reached"] or 0.0
        low, high = row["value_reached_low"], row["value_reached_high"]
        low, high = (shown, shown) if low is None else (low, high)
        text = money(shown, currency)
    return place | {"shown": shown, "low": low, "high": high, "edge": max(shown, high), "text": text}
