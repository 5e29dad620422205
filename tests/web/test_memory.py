"""What is free goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
    kept = [bytes(2000) for _ in range(100_000)]
    all_full.wait()
    last = bytearray(2000)
    del kept
    return last

before = rss()
last = []
threads = [threading.Thread(target=lambda: last.append(fill_and_free())) for _ in range(4)]
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
    assert held > 50
    assert after < 30
