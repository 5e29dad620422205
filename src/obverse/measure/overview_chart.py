"""An overview drawn: a line a figure over days, named at its end, its unfinished days faint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from obverse.measure.funnel_chart import COLOURS
from obverse.measure.picture import Side

if TYPE_CHECKING:
    import altair as alt

_FIELDS: dict[str, tuple[str, ...]] = {"people": ("people", "new_people"), "value": ("value",)}


class Row(Protocol):
    """What is drawn of a row."""

    @property
    def name(self) -> str:
        """First day."""
        ...

    @property
    def complete(self) -> bool:
        """Whole, and over."""
        ...


def draw(
    rows: Sequence[Row], side: Side, grain: str, currency: str | None
) -> alt.LayerChart | alt.FacetChart:
    """Draw the rows of an `OverviewAnswer`."""
    import altair as alt  # 45 MiB, which a server that draws nothing with it can do without

    fields = _FIELDS[side]
    data: list[dict[str, Any]] = [
        {
            "start": row.name,
            "what": field.replace("_", " "),
            "n": getattr(row, field),
            "complete": row.complete,
        }
        for row in rows
        for field in fields
    ]
    title = "people" if side == "people" else f"value{f', {currency}' if currency else ''}"
    base = alt.Chart(alt.InlineData(values=data)).encode(
        x=alt.X("start:T", title=None, axis=alt.Axis(grid=False)),
        y=alt.Y("n:Q", title=title, axis=alt.Axis(format="~s")),
        detail="what:N",
    )
    line = base.mark_line(color=COLOURS[side]).encode(strokeDash=alt.StrokeDash("what:N", legend=None))
    points = base.mark_point(color=COLOURS[side], filled=True).encode(
        opacity=alt.condition("datum.complete", alt.value(1), alt.value(0.35)),
        tooltip=[alt.Tooltip("start:T", title=grain), alt.Tooltip("what:N"), alt.Tooltip("n:Q")],
    )
    ends = alt.Chart(alt.InlineData(values=data[-len(fields) :]))
    names = ends.mark_text(align="left", dx=6).encode(x="start:T", y="n:Q", text="what:N")
    return alt.layer(line, points, names).properties(width=520, height=220)
