"""What is free goes back to the system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from obverse.web.memory import _unchanged

SCRIPT = """
import threading
from obverse.web.memory import give_back, limit_heaps

limit_heaps()
import pyarrow as pa
assert pa.default_memory_pool().backend_name == "system"

def rss():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

all_full = threading.Barrier(4)

def fill_and_free():
    filled = [bytes(2000) for _ in range(40_000)]
    all_full.wait()
    return filled[::1000]  # a few in every heap, so that none is given back as a whole

before = rss()
kept = []
threads = [threading.Thread(target=lambda: kept.append(fill_and_free())) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
held = rss() - before
give_back()
print(held >> 20, (rss() - before) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told to")
def test_memory_that_threads_have_freed_goes_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True
    )
    held, after = (int(part) for part in done.stdout.split())
    assert held > 100
    assert after < 30


SERVED = """
import sys
from obverse.cli import main

try:
    main(["serve", "--data", sys.argv[1], "--host", "0.0.0.0"])  # refused, as no password is set
except SystemExit as end:
    assert end.code == 1, end.code
import pyarrow as pa
print(pa.default_memory_pool().backend_name)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it told to")
def test_a_server_uses_the_heaps_that_give_back(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVED, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "system"


STARTED = """
import numpy as np
import pyarrow.compute as pc
from obverse.web.memory import forget_starting

def mapped():
    return int(open("/proc/self/statm").read().split()[2]) * 4096

matrix = np.random.default_rng(1).random((50, 50))
expected = np.linalg.inv(matrix)
before = mapped()
forget_starting()
after = mapped()
assert np.array_equal(np.linalg.inv(matrix), expected)
assert pc.sum([1, 2, 3]).as_py() == 6
print(before >> 20, after >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it told to")
def test_what_only_starting_needed_is_let_go() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=120, check=True
    )
    before, after = (int(part) for part in done.stdout.split())
    assert before > 20
    assert after < before / 2


def test_pages_that_are_this_process_own_are_left_alone() -> None:
    def mapping(start: int, rights: str, file: str, own: int, swapped: int = 0) -> str:
        return (
            f"{start:x}-{start + 4096:x} {rights} 00000000 fe:00 12                  {file}\n"
            f"Size:                  4 kB\nRss:                   4 kB\nAnonymous:             {own} kB\n"
            f"FilePmdMapped:         0 kB\nSwap:                  {swapped} kB\nTHPeligible:           0\n"
            "VmFlags: rd ex mr mw me\n"
        )

    smaps = (
        mapping(0x10000, "r-xp", "/lib/a.so", 0)
        + mapping(0x20000, "r--p", "/lib/a.so", 4)  # relocated
        + mapping(0x30000, "rw-p", "/lib/a.so", 0)
        + mapping(0x40000, "r--p", "/lib/a.so", 0, 4)
        + mapping(0x50000, "r--p", "", 0)
        + mapping(0x60000, "r--p", "/lib/b c.so", 0)
        + mapping(0x70000, "r-xp", "[vdso]", 0)
    )
    assert _unchanged(smaps) == [(0x10000, 0x11000), (0x60000, 0x61000)]
