"""The peer: ClickHouse in process (chDB), a MergeTree table in its best order for this question.

Run as a program it answers one job in a process of its own and prints it as JSON: `python -m bench.clickhouse
FOLDER JOB`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench import clock
from bench.events import STEPS

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
    query = SPLIT if job == "split" else PLAIN
    cold_s, _ = clock.once(lambda: str(base.query(query)))
    warm_s, text = clock.warm(lambda: str(base.query(query)))
    rows = [json.loads(line) for line in text.splitlines()]
    base.close()
    return {"cold_s": cold_s, "warm_s": warm_s, "rows": rows, "peak_mib": clock.peak_mib()}


if __name__ == "__main__":
    if sys.argv[2] == "load":
        load(Path(sys.argv[3]), Path(sys.argv[1]))
    else:
        print(json.dumps(answer(Path(sys.argv[1]), sys.argv[2])))
