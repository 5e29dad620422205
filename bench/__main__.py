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

from bench import asked, chart, events, ingest, pages
from bench.jobs import JOBS

HERE = Path(__file__).parent
PEER = "ClickHouse windowFunnel (chDB)"
FRAME_SIZE = 5_000_000
FRAME_PEERS = {
    "top paths of 5 events": ("retentioneering: top paths", "PM4Py: top paths"),
    "people by step, first 5 events": ("retentioneering: steps",),
    "sessions by day": ("retentioneering: sessions",),
}
PEERS = {"clickhouse": "ClickHouse SQL (chDB)", "duck": "DuckDB SQL"}
ROUNDS = 3


def main() -> None:
    """Run the jobs that the command line asks for."""
    options = argparse.ArgumentParser(prog="bench", description=__doc__.split("\n")[0])
    options.add_argument("--size", type=int, default=50_000_000, help="events in the funnel jobs")
    options.add_argument("--only", choices=[*PARTS], help="a part of the jobs")
    given = options.parse_args()
    rows: list[dict[str, Any]] = []
    for part, run in PARTS.items():
        if given.only in (None, part):
            rows += run(given.size)
            if given.only is None:  # after each part, so that a fault in a later one costs nothing
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


def measures(size: int) -> list[dict[str, Any]]:
    """Compare the other measures, warm, with ClickHouse and DuckDB; the counts must be the same."""
    rows = _measured(size, "", [*JOBS], "")
    rows += _measured(size, "visits-", ["sessions by day"], ", in visits")
    return rows


def _measured(size: int, kind: str, jobs: list[str], label: str) -> list[dict[str, Any]]:
    """Compare jobs over events that come one by one, or in visits."""
    data = HERE / "data"
    source = events.make(data, size, visits=bool(kind))
    sides = {side: data / f"{side}-{kind}{size}" for side in ("ours", *PEERS)}
    for side, folder in sides.items():
        _run(side, folder, "load", str(source))
    rows = []
    for job in jobs:
        found = {
            side: [json.loads(_run(side, folder, job)) for _ in range(ROUNDS if side == "ours" else 1)]
            for side, folder in sides.items()
        }
        mine = {tuple(row) for row in found["ours"][0]["rows"]}
        for side, peer in PEERS.items():
            if mine != asked.theirs(job, found[side][0]["rows"]):
                raise SystemExit(f"{job}: the rows differ from those of {peer}")
            mine_s, theirs_s = (median(run["warm_s"] for run in found[one]) for one in ("ours", side))
            rows.append(_row(f"{job}{label}, warm", size, mine_s, peer, theirs_s))
        peaks = ", ".join(f"{side} {max(one['peak_mib'] for one in found[side]):.0f} MiB" for side in sides)
        print(f"{job}{label}: peak memory {peaks}", file=sys.stderr)
    return rows


def frames(size: int) -> list[dict[str, Any]]:
    """Compare paths and sessions with the peers that hold a data frame, at a size that they can hold."""
    size = min(size, FRAME_SIZE)
    data = HERE / "data"
    source, ours = events.make(data, size, visits=True), data / f"ours-visits-{size}"
    _run("ours", ours, "load", str(source))
    rows = []
    for job, peers in FRAME_PEERS.items():
        found = [json.loads(_run("ours", ours, job)) for _ in range(ROUNDS)]
        mine = median(one["warm_s"] for one in found)
        for peer in peers:
            theirs = json.loads(_run("pandas_peers", source, peer).splitlines()[-1])
            if theirs["rows"] is not None and sorted(theirs["rows"]) != sorted(found[0]["rows"]):
                raise SystemExit(f"{job}: the rows differ from those of {peer}")
            name = f"{job}, in visits, warm"
            rows.append(_row(name, size, mine, peer.partition(":")[0], theirs["warm_s"]))
    return rows


def growth(size: int) -> list[dict[str, Any]]:
    """Measure how processor time grows with the number of events, against growth in proportion."""
    data, rows, drawn = HERE / "data", [], []
    sizes = [max(1_000_000, size // 5), size, size * 4]
    for job, name in (("plain", "funnel, 4 steps"), ("sessions by day", "sessions by day")):
        first: float | None = None
        for n in sizes:
            ours = data / f"ours-{n}"
            _run("ours", ours, "load", str(events.make(data, n)))
            found = json.loads(_run("ours", ours, job))  # once: to read 200 M events first takes minutes
            took = found["cpu_s"]
            first = took if first is None else first
            peer = f"in proportion to {sizes[0]:,}"
            rows.append(_row(f"growth: {name}, warm, processor time", n, took, peer, first * n / sizes[0]))
            drawn.append({"job": name, "events": n, "seconds": took, "mib": found["peak_mib"]})
    chart.draw(drawn, HERE / "growth.svg")
    return rows


def warm_pages(size: int) -> list[dict[str, Any]]:
    """Time the pages of a warm server on the large lake."""
    data, rows = HERE / "data", []
    for kind, names, label in (("", [*pages.PAGES], ""), ("visits-", ["sessions"], ", in visits")):
        ours = data / f"ours-{kind}{size}"
        _run("ours", ours, "load", str(events.make(data, size, visits=bool(kind))))
        found = pages.timed(ours, names)
        rows += [
            _row(f"page {name}{label}, warm", size, took, "bar", pages.BAR_S) for name, took in found.items()
        ]
    return rows


def ingests(size: int) -> list[dict[str, Any]]:
    """Compare taking events in with the same server that stores nothing; then receipt to visible."""
    size = max(20_000, min(400_000, size // 50))
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


PARTS = {
    "funnel": funnels,
    "measures": measures,
    "frames": frames,
    "pages": warm_pages,
    "growth": growth,
    "ingest": ingests,
}


if __name__ == "__main__":
    main()
