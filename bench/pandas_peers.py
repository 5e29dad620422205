"""The peers that hold a data frame: retentioneering and PM4Py. `python -m bench.pandas_peers FILE JOB`.

Each does the part of a job that it has, on a frame that is loaded and prepared before the clock starts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["RETENTIONEERING_NO_TRACK"] = "1"

import pandas as pd

from bench import clock


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


def retentioneering_paths(source: Path) -> Callable[[], Any]:
    """Prepare what happens in the first five steps of each person."""
    from retentioneering.eventstream import Eventstream

    schema = {"path_cols": ["user_id"], "event_col": "event", "timestamp_col": "timestamp"}
    stream = Eventstream(frame(source), schema=schema)
    return lambda: stream.step_matrix_data(max_steps=5)


def retentioneering_sessions(source: Path) -> Callable[[], Any]:
    """Prepare the parting of events into sessions, and their number by day."""
    from retentioneering.eventstream import Eventstream

    schema = {"path_cols": ["user_id"], "event_col": "event", "timestamp_col": "timestamp"}
    stream = Eventstream(frame(source), schema=schema)

    def count() -> Any:
        parted = stream.split_sessions(timeout="30m").to_dataframe()
        begun = parted.groupby("session_id")["timestamp"].min()
        return begun.dt.floor("D").value_counts()

    return count


def pm4py_paths(source: Path) -> Callable[[], Any]:
    """Prepare the counts of which event follows which, and of all variants of paths."""
    import pm4py

    log = pm4py.format_dataframe(
        frame(source), case_id="user_id", activity_key="event", timestamp_key="timestamp"
    )
    return lambda: (pm4py.discover_dfg(log), pm4py.get_variants(log))


PEERS = {
    "retentioneering: paths": retentioneering_paths,
    "retentioneering: sessions": retentioneering_sessions,
    "PM4Py: paths": pm4py_paths,
}


if __name__ == "__main__":
    seconds, _ = clock.warm(PEERS[sys.argv[2]](Path(sys.argv[1])), 1)
    print(json.dumps({"warm_s": seconds, "peak_mib": clock.peak_mib()}))
