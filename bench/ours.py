"""Obverse's side of the funnel jobs, each in a process of its own: `python -m bench.ours FOLDER JOB`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

from bench import clock
from bench.events import STEPS

TEXT = " > ".join(STEPS)

_ROWS = """SELECT event, 'track' AS type, 'm' || (? + row_number() OVER ()) AS message_id,
  make_timestamptz(time) AS time, make_timestamptz(time) AS received_at,
  'web' AS touchpoint, 'bench' AS source,
  NULL::VARCHAR AS anonymous_id, 'u' || person AS user_id, NULL::VARCHAR AS account_id,
  NULL::VARCHAR AS session_id, NULL::DOUBLE AS value, NULL::VARCHAR AS currency,
  '{"price":' || price || ',"country":"' || country || '"}' AS properties, '{}' AS context
FROM chunk"""


def load(source: Path, folder: Path) -> None:
    """Fill a lake from the Parquet file, days sealed as they are a day later; done once for each size."""
    import pyarrow.parquet as pq

    from obverse.folder import Folder
    from obverse.lake.table import EventTable

    done = folder / "loaded"
    if done.exists():
        return
    data = Folder.open(folder, create=True)
    table = EventTable.open(data.events, create=True)
    file = pq.ParquetFile(source)
    for number in range(file.num_row_groups):
        chunk = file.read_row_group(number)
        with duckdb.connect() as base:
            base.execute("SET TimeZone = 'UTC'")
            base.register("chunk", chunk)
            rows = base.sql(_ROWS, params=[number << 32]).to_arrow_table()
        table.append(rows, "bench", number + 1)
    from datetime import UTC, datetime

    table.seal(datetime.now(UTC).date())
    table.vacuum()
    done.touch()


def answer(folder: Path, job: str) -> dict[str, object]:
    """Answer one job: seconds cold (first question of this process), warm, the counts, memory."""
    import obverse
    from bench.asked import QUESTIONS

    if job in QUESTIONS:
        return _measure(folder, job)
    question = (
        obverse.Funnel.parse(TEXT, where="properties.price > 20", by="properties.country", n_groups=10)
        if job == "split"
        else obverse.Funnel.parse(TEXT)
    )
    with obverse.open(folder) as lake:
        cold_s, _ = clock.once(lambda: lake.ask(question))
        warm_s, found = clock.warm(lambda: lake.ask(question))
        cpu_s = clock.processor_s(lambda: lake.ask(question))
    return {
        "cold_s": cold_s,
        "warm_s": warm_s,
        "cpu_s": cpu_s,
        "rows": json.loads(found.to_json()),
        "peak_mib": clock.peak_mib(),
    }


def _measure(folder: Path, job: str) -> dict[str, object]:
    """Answer one job of several engines, warm: what it reads is in memory, or mapped from disk."""
    import obverse
    from bench import asked

    with obverse.open(folder, budget_bytes=8 << 30) as lake:
        cold_s, _ = clock.once(lambda: asked.ask(lake, job))
        lake.tape.settle()  # what was read is kept on disk beside the questions, and then mapped
        asked.ask(lake, job)
        warm_s, found = clock.warm(lambda: asked.ask(lake, job))
        cpu_s = clock.processor_s(lambda: asked.ask(lake, job))
    rows, peak = sorted(asked.ours(job, found)), clock.peak_mib()
    return {"cold_s": cold_s, "warm_s": warm_s, "cpu_s": cpu_s, "rows": rows, "peak_mib": peak}


if __name__ == "__main__":
    if sys.argv[2] == "load":
        load(Path(sys.argv[3]), Path(sys.argv[1]))
    else:
        print(json.dumps(answer(Path(sys.argv[1]), sys.argv[2])))
