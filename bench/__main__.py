"""Run the benchmarks: `python -m bench --size 50000000`, which `make bench` does.

Each job runs in a process of its own, ours and the peer's by turns; what is compared is medians. Prints the
table and writes `bench/results.json`, rows of job, size, ours_s, peer, peer_s, ratio (peer time over ours).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from bench import events, ingest

HERE = Path(__file__).parent
PEER = "ClickHouse windowFunnel (chDB)"
ROUNDS = 3


def main() -> None:
    """Run the jobs that the command line asks for."""
    options = argparse.ArgumentParser(prog="bench", description=__doc__.split("\n")[0])
    options.add_argument("--size", type=int, default=50_000_000, help="events in the funnel jobs")
    options.add_argument("--only", choices=["funnel", "ingest"], help="a part of the jobs")
    given = options.parse_args()
    rows: list[dict[str, Any]] = []
    if given.only != "ingest":
        rows += funnels(given.size)
    if given.only != "funnel":
        rows += ingests(max(20_000, min(400_000, given.size // 50)))
    if given.only is None:
        (HERE / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows))


def funnels(size: int) -> list[dict[str, Any]]:
    """Compare the 4-step funnel: warm, cold, with a filter and a split; the counts must be the same."""
    data = HERE / "data"
    source = events.make(data, size)
    ours, peer = data / f"ours-{size}", data / f"clickhouse-{size}"
    _run("clickhouse", peer, "load", str(source))
    _run("ours", ours, "load", str(source))
    rows = []
    for job in ("plain", "split"):
        found = {"ours": [], "clickhouse": []}  # type: dict[str, list[dict[str, Any]]]
        for _ in range(ROUNDS):
            for side, folder in (("ours", ours), ("clickhouse", peer)):
                found[side].append(json.loads(_run(side, folder, job)))
        _check_equal(job, found["ours"][0]["rows"], found["clickhouse"][0]["rows"])
        name = "funnel, 4 steps" if job == "plain" else "funnel, filtered and split"
        for state in ("warm", "cold"):
            mine, theirs = (
                median(one[f"{state}_s"] for one in found[side]) for side in ("ours", "clickhouse")
            )
            rows.append(_row(f"{name}, {state}", size, mine, PEER, theirs))
        peaks = {side: max(one["peak_mib"] for one in found[side]) for side in found}
        print(
            f"{name}: peak memory {peaks['ours']:.0f} MiB, peer {peaks['clickhouse']:.0f} MiB",
            file=sys.stderr,
        )
    return rows


def ingests(size: int) -> list[dict[str, Any]]:
    """Compare taking events in with the same server that stores nothing; then receipt to visible."""
    rows = []
    for n_events, label in ((100, "in batches of 100"), (1, "one by one")):
        n_requests = size // n_events if n_events > 1 else size // 20
        mine = ingest.throughput("store", n_requests, n_events)
        for mode, peer in (("judge", "validate, store nothing"), ("decode", "decode, store nothing")):
            theirs = ingest.throughput(mode, n_requests, n_events)
            rows.append(_row(f"ingest {label}", n_requests * n_events, mine, f"same server: {peer}", theirs))
    waits = ingest.visible()
    rows.append(
        _row("acknowledged to in a funnel, p99", len(waits), waits[int(len(waits) * 0.99) - 1], "bar", 5.0)
    )
    return rows


def _run(side: str, folder: Path, job: str, *more: str) -> str:
    command = [sys.executable, "-m", f"bench.{side}", str(folder), job, *more]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=3600).stdout


def _check_equal(job: str, ours: dict[str, Any], peer: list[list[Any]]) -> None:
    """Stop unless both sides count the same people at each step, in each group."""
    theirs: Counter[tuple[str, int]] = Counter()
    for row in peer:
        group, level, people = row if job == "split" else ("", *row)
        for step in range(1, int(level) + 1):
            theirs[group, step] += int(people)
    groups = ours["groups"] if job == "split" else [{"name": "", "steps": ours["steps"]}]
    mine = Counter(
        {
            (group["name"], index): step["people"]
            for group in groups
            for index, step in enumerate(group["steps"], 1)
        }
    )
    if +mine != +theirs:
        raise SystemExit(f"{job}: the counts differ: {mine} against {theirs}")


def _row(job: str, size: int, ours_s: float, peer: str, peer_s: float) -> dict[str, Any]:
    ratio = round(peer_s / ours_s, 2)
    return {
        "job": job,
        "size": size,
        "ours_s": round(ours_s, 4),
        "peer": peer,
        "peer_s": round(peer_s, 4),
        "ratio": ratio,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Set the rows as a Markdown table."""
    names = ("job", "size", "ours_s", "peer", "peer_s", "ratio")
    lines = [
        names,
        ("---",) * len(names),
        *([f"{row[name]:,}" if name == "size" else row[name] for name in names] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


if __name__ == "__main__":
    main()
