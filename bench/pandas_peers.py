"""The peers that hold a data frame: retentioneering and PM4Py. `python -m bench.pandas_peers FILE JOB`.

Each does a job as far as it can with its own tools, on a frame that is loaded and prepared before the clock
starts. What it cannot do is left to the fastest pandas that we know, so that it is not the slower for it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["RETENTIONEERING_NO_TRACK"] = "1"

import pandas as pd

from bench import clock
from bench.jobs import LENGTH, TOP, VIEW

Row = list[str | int]

CODE_BITS = 4
"""So many bits are enough for the number of an event's name, from 1 on."""


@dataclass(frozen=True)
class Peer:
    """A job of a peer.

    Attributes:
        run: what is timed.
        rows: writes what it gives as rows of whole numbers and texts; None where ours has no equal.
    """

    run: Callable[[], Any]
    rows: Callable[[Any], list[Row]] | None = None


def frame(source: Path) -> pd.DataFrame:
    """Read the events as a frame, sorted by person and time."""
    table = pd.read_parquet(source, columns=["person", "time", "event"]).sort_values(["person", "time"])
    return pd.DataFrame(
        {
            "user_id": table["person"].astype(str),
            "event": table["event"],
            "timestamp": pd.to_datetime(table["time"], unit="us", utc=True).dt.tz_localize(None),
        }
    ).reset_index(drop=True)


def _stream(source: Path) -> Any:
    from retentioneering.eventstream import Eventstream

    schema = {"path_cols": ["user_id"], "event_col": "event", "timestamp_col": "timestamp"}
    return Eventstream(frame(source), schema=schema)


def top(counts: Iterable[tuple[tuple[str, ...], int]]) -> list[Row]:
    """Write the most frequent paths as rows."""
    named = sorted((-int(people), " > ".join(path)) for path, people in counts)
    return [[name, -people] for people, name in named[:TOP]]


def retentioneering_top_paths(source: Path) -> Peer:
    """Prepare the most frequent paths of up to five events from the first view of a product on.

    `truncate_paths` cuts them out. Retentioneering has nothing that counts equal paths: pandas does.
    """
    stream = _stream(source)

    def run() -> Any:
        cut = stream.truncate_paths(
            start_anchor=VIEW, end_anchor={"pattern": VIEW, "offset": LENGTH - 1}
        ).to_dataframe()
        code = cut["event"].cat.codes.to_numpy().astype("int64") + 1
        place = cut.groupby("user_id", sort=False).cumcount().to_numpy()
        paths = pd.Series(code << CODE_BITS * place).groupby(cut["user_id"].to_numpy(), sort=False).sum()
        return cut["event"].cat.categories, paths.value_counts()

    def rows(found: Any) -> list[Row]:
        names, counts = found
        return top((_events(path, names), people) for path, people in counts.items())

    return Peer(run, rows)


def _events(path: int, names: Any) -> tuple[str, ...]:
    codes = (path >> CODE_BITS * place & (1 << CODE_BITS) - 1 for place in range(LENGTH))
    return tuple(names[code - 1] for code in codes if code)


def retentioneering_steps(source: Path) -> Peer:
    """Prepare what happens at each of the first five steps of each person: its step matrix."""
    stream = _stream(source)
    n_people = stream.to_dataframe()["user_id"].nunique()

    def rows(matrix: Any) -> list[Row]:
        counts = (matrix.drop(index=["path_start", "path_end"]) * n_people).round().astype(int)
        return [
            [step, name, int(counts.loc[name, step])]
            for step in range(1, LENGTH + 1)
            for name in counts.index
            if counts.loc[name, step]
        ]

    return Peer(lambda: stream.step_matrix_data(max_steps=LENGTH), rows)


def retentioneering_sessions(source: Path) -> Peer:
    """Prepare the parting of events into sessions, and their number by day."""
    stream = _stream(source)

    def count() -> Any:
        parted = stream.split_sessions(timeout="30m").to_dataframe()
        begun = parted.groupby("session_id")["timestamp"].min()
        return begun.dt.floor("D").value_counts()

    return Peer(count)


def _log(source: Path) -> Any:
    import pm4py

    return pm4py.format_dataframe(
        frame(source), case_id="user_id", activity_key="event", timestamp_key="timestamp"
    )


def pm4py_top_paths(source: Path) -> Peer:
    """Prepare the most frequent paths of up to five events from the first view of a product on."""
    import pm4py

    log = _log(source)

    def run() -> Any:
        since = pm4py.filter_suffixes(log, VIEW, strict=False, first_or_last="first")
        return pm4py.get_variants(pm4py.get_prefixes_from_log(since, LENGTH))

    return Peer(run, lambda variants: top(variants.items()))


PEERS = {
    "retentioneering: top paths": retentioneering_top_paths,
    "retentioneering: steps": retentioneering_steps,
    "retentioneering: sessions": retentioneering_sessions,
    "PM4Py: top paths": pm4py_top_paths,
}


if __name__ == "__main__":
    peer = PEERS[sys.argv[2]](Path(sys.argv[1]))
    seconds, found = clock.warm(peer.run, 3)
    rows = peer.rows(found) if peer.rows else None
    print(json.dumps({"warm_s": seconds, "rows": rows, "peak_mib": clock.peak_mib()}))
