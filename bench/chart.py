"""The picture of growth: time and memory over the number of events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw time and memory of each job over the number of events, both on scales of powers.

    Args:
        rows: job, events, seconds of processor time and mib each.
        path: the SVG to write.
    """
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "events:Q", scale=alt.Scale(type="log", nice=False), title="events", axis=alt.Axis(format="~s")
        ),
        color=alt.Color("job:N", title=None),
    )
    panels = [
        base.mark_line(point=True)
        .encode(y=alt.Y(f"{field}:Q", scale=alt.Scale(type="log"), title=title))
        .properties(width=320, height=260)
        for field, title in (("seconds", "processor seconds, warm"), ("mib", "peak memory, MiB"))
    ]
    alt.hconcat(*panels).save(str(path))
