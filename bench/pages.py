"""Pages of a warm server on a large lake: seconds from the request to the whole page.

Each page is fetched over HTTP by one reader, first until it is warm, then timed: with a question that nobody
has asked before (days begin in another time zone each time), and with one that was just answered.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import httpx

BAR_S = 0.3
PAGES = {
    "home": "/",
    "funnel": "/funnel?s1=Product+Viewed&s2=Product+Added&s3=Checkout+Started&s4=Order+Completed",
    "trend": "/explore/trend?series=people%3A+Order+Completed&grain=day",
    "retention": "/explore/retention?start_event=Product+Viewed&return_event=Order+Completed&interval=week",
    "sessions": "/explore/sessions",
    "paths": "/explore/paths?after=Product+Viewed&trail=person",
}
ZONES = ("UTC", *(f"Etc/GMT{hours:+d}" for hours in range(1, 13)))
_LINK = re.compile(r"http://\S+/login\?token=\S+")


def timed(folder: Path, names: Iterable[str] = PAGES) -> dict[str, float]:
    """Give the median seconds of some pages, and of each asked again."""
    found = {}
    with _reader(folder) as reader:
        for name in names:
            path = PAGES[name]
            anew = [
                f"{path}{'&' if '?' in path else '?'}{urlencode({'period': 'all', 'zone': zone})}"
                for zone in ZONES
            ]
            for one in anew[:5]:
                _seconds(reader, one)
                time.sleep(1)  # what was read is kept on disk beside the answers, and then mapped
            found[name] = median(_seconds(reader, one) for one in anew[5:])
            found[f"{name}, asked again"] = median(_seconds(reader, anew[-1]) for _ in range(7))
    return found


def _seconds(reader: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    reader.get(path).raise_for_status()
    return time.perf_counter() - start


@contextmanager
def _reader(folder: Path) -> Iterator[httpx.Client]:
    """Serve the folder, and log a reader in."""
    command = [sys.executable, "-m", "obverse.cli", "serve", "--data", str(folder), "--port", "0"]
    log = folder.with_suffix(".log").open("w+")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        link = _link(Path(log.name), process)
        address = link.partition("/login")[0]
        with httpx.Client(base_url=address, trust_env=False, timeout=300) as reader:
            reader.get(link, follow_redirects=True).raise_for_status()
            yield reader
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def _link(log: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if found := _LINK.search(log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise SystemExit(f"the server did not start: {log.read_text()}")
