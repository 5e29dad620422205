"""Timing and memory of one job."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

Result = TypeVar("Result")


def once(job: Callable[[], Result]) -> tuple[float, Result]:
    """Run a job once; give seconds and its result."""
    start = time.perf_counter()
    result = job()
    return time.perf_counter() - start, result


def warm(job: Callable[[], Result], runs: int = 7) -> tuple[float, Result]:
    """Run a job once unmeasured, then `runs` times; give the median of the seconds and the last result."""
    job()
    timed = [once(job) for _ in range(runs)]
    return median(seconds for seconds, _ in timed), timed[-1][1]


def processor_s(job: Callable[[], object], runs: int = 7) -> float:
    """Give the median processor time of a warm job, all threads together, which others disturb less."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return median(times)


def peak_mib() -> float:
    """Give this process's highest resident memory so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
