"""The peer DuckDB, one table sorted by person and time: `python -m bench.duck FOLDER JOB`."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from bench import clock
from bench.jobs import JOBS


def load(source: Path, folder: Path) -> None:
    """Fill the peer's table from the Parquet file; done once for each size."""
    done = folder / "loaded"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "base.duckdb")) as base:
        for name in ("event", "country"):
            base.execute(f"CREATE TYPE {name} AS ENUM (SELECT DISTINCT {name} FROM '{source}' ORDER BY ALL)")
        base.execute(
            "CREATE TABLE events AS SELECT person, time, event::event AS event, country::country AS country, "
            f"price FROM '{source}' ORDER BY person, time"
        )
    done.touch()


def answer(folder: Path, job: str) -> dict[str, object]:
    """Answer one job warm, in its quickest spelling: seconds, rows, memory."""
    with duckdb.connect(str(folder / "base.duckdb"), read_only=True) as base:
        timed = [clock.warm(partial(_ask, base, sql), 3) for sql in JOBS[job].duckdb]
    _check(job, [rows for _, rows in timed])
    warm_s, rows = min(timed, key=lambda pair: pair[0])
    return {"warm_s": warm_s, "rows": rows, "peak_mib": clock.peak_mib()}


def _ask(base: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return base.sql(sql).fetchall()


def _check(job: str, found: list[list[tuple[Any, ...]]]) -> None:
    """Stop unless all spellings of a job give the same rows."""
    if any(set(rows) != set(found[0]) for rows in found):
        raise SystemExit(f"{job}: the spellings differ")


if __name__ == "__main__":
    if sys.argv[2] == "load":
        load(Path(sys.argv[3]), Path(sys.argv[1]))
    else:
        print(json.dumps(answer(Path(sys.argv[1]), sys.argv[2])))
