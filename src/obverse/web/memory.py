"""Keeping the process small: few heaps, and what is free goes back to the system.

The C library gives each thread that asks a heap of its own and keeps what is freed. A server with dozens of
threads, most of them asleep in a library, would so hold on to the sum of every peak it ever had.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import sys
from pathlib import Path
from typing import Any

EVERY_S = 20.0
_M_ARENA_MAX = -8
_HEAPS = 2
_MADV_DONTNEED = 4
_MAPPING = re.compile(
    r"^(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) r-[-x]p \S+ \S+ \S+ +/.*\n(?:(?!Anonymous:)[A-Z].*\n)*"
    r"Anonymous: +(?P<own>\d+) kB\n(?:(?!Swap:)[A-Z].*\n)*Swap: +(?P<swapped>\d+) kB$",
    re.MULTILINE,
)
"""A mapping of a file, not to be written to, in ``/proc/self/smaps``."""
_ARROW_POOL = "ARROW_DEFAULT_MEMORY_POOL"


def limit_heaps() -> None:
    """Let all threads and Arrow share two heaps, where the C library is glibc.

    Call it before anything imports Arrow, which chooses its allocator then: its own keeps what threads that
    have fallen asleep freed last. What calls it later still gets most of that.
    """
    if "pyarrow" in sys.modules:
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())
    os.environ.setdefault(_ARROW_POOL, "system")
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_M_ARENA_MAX, _HEAPS)


def give_back() -> None:
    """Give memory that is free back to the system."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def forget_starting() -> None:
    """Let go of the pages of code and constants that only starting needed, where the system is Linux.

    They stay in the system's file cache, from where what is used again comes back in microseconds. Pages that
    differ from their file are left alone. No other thread may be loading a library meanwhile.
    """
    libc = _glibc()
    if libc is None:
        return
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for start, end in _unchanged(Path("/proc/self/smaps").read_text()):
        libc.madvise(start, end - start, _MADV_DONTNEED)


def _unchanged(smaps: str) -> list[tuple[int, int]]:
    """Give the mappings of files that nobody can write to, and of which no page is this process's own."""
    return [
        (int(mapping["start"], 16), int(mapping["end"], 16))
        for mapping in _MAPPING.finditer(smaps)
        if not int(mapping["own"]) and not int(mapping["swapped"])
    ]


async def keep_giving_back() -> None:
    """Do so from time to time, off the event loop, until cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(give_back)


def _glibc() -> Any:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
