"""Keeping the process small: few heaps, and what is free goes back to the system.

The C library gives each thread that asks a heap of its own and keeps what is freed. A server with dozens of
threads, most of them asleep in a library, would so hold on to the sum of every peak it ever had.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from typing import Any

EVERY_S = 20.0
_M_ARENA_MAX = -8
_HEAPS = 2


def limit_heaps() -> None:
    """Let all threads and Arrow share two heaps, where the C library is glibc. Call it first of all."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own pool keeps what it once had
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
