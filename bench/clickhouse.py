"""The peer: ClickHouse in process (chDB), a MergeTree table in its best order for this question.

Run as a program it answers one job in a process of its own and prints it as JSON: `python -m bench.clickhouse
FOLDER JOB`.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from bench import clock
from bench.events import STEPS
from bench.jobs import JOBS

WITHIN_US = 7 * 86_400_000_000
_ORDERED = ", ".join(f"event = '{step}'" for step in STEPS)
_NAMED = ", ".join(f"'{step}'" for step in STEPS)
_LEVELS = f"windowFunnel({WITHIN_US})(time, {_ORDERED})"

PLAIN = f"""SELECT level, count() FROM (
  SELECT person, {_LEVELS} AS level FROM bench.events WHERE event IN ({_NAMED}) GROUP BY person
) GROUP BY level ORDER BY level FORMAT JSONCompactEachRow"""

SPLIT = f"""SELECT country, level, count() FROM (
  SELECT person, any(country) AS country, {_LEVELS} AS level FROM bench.events
  WHERE event IN ({_NAMED}) AND price > 20 GROUP BY person
) GROUP BY country, level ORDER BY country, level FORMAT JSONCompactEachRow"""


def load(source: Path, folder: Path) -> None:
    """Fill the peer's table from the Parquet file; done once for each size."""
    from chdb import session

    done = folder / "loaded"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    base = session.Session(str(folder / "base"))
    base.query("CREATE DATABASE IF NOT EXISTS bench")
    base.query("DROP TABLE IF EXISTS bench.events")
    base.query(
        "CREATE TABLE bench.events (person UInt32, time UInt64, event LowCardinality(String), "
        "country LowCardinality(String), price Float64) ENGINE = MergeTree ORDER BY (person, time)"
    )
    base.query(
        f"INSERT INTO bench.events SELECT person, time, event, country, price FROM file('{source}', Parquet)"
    )
    base.query("OPTIMIZE TABLE bench.events FINAL")
    base.close()
    done.touch()


def answer(folder: Path, job: str) -> dict[str, object]:
    """Answer one job: seconds cold (first question of this process), warm, the counts, memory."""
    from chdb import session

    base = session.Session(str(folder / "base"))
    if job in JOBS:
        return _measure(base, job)
    query = SPLIT if job == "split" else PLAIN
    cold_s, _ = clock.once(lambda: str(base.query(query)))
    warm_s, text = clock.warm(lambda: str(base.query(query)))
    rows = [json.loads(line) for line in text.splitlines()]
    base.close()
    return {"cold_s": cold_s, "warm_s": warm_s, "rows": rows, "peak_mib": clock.peak_mib()}


def _measure(base: Any, job: str) -> dict[str, object]:
    """Answer one job of several engines warm, in its quickest spelling."""
    queries = [f"{sql} FORMAT JSONCompactEachRow" for sql in JOBS[job].clickhouse]
    timed = [clock.warm(partial(_ask, base, query), 3) for query in queries]
    base.close()
    if any(set(text.splitlines()) != set(timed[0][1].splitlines()) for _, text in timed):
        raise SystemExit(f"{job}: the spellings differ")
    warm_s, text = min(timed, key=lambda pair: pair[0])
    rows = [[_number(cell) for cell in json.loads(line)] for line in text.splitlines()]
    return {"warm_s": warm_s, "rows": rows, "peak_mib": clock.peak_mib()}


def _ask(base: Any, query: str) -> str:
    return str(base.query(query))


def _number(cell: Any) -> Any:
    """Read a cell: large whole numbers come as text."""
    return int(cell) if isinstance(cell, str) and cell.lstrip("-").isdigit() else cell


if __name__ == "__main__":
    if sys.argv[2] == "load":
        load(Path(sys.argv[3]), Path(sys.argv[1]))
    else:
        print(json.dumps(answer(Path(sys.argv[1]), sys.argv[2])))
