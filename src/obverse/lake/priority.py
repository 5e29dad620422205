"""Letting the threads that answer clients go first."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

NICE = 10


def step_back() -> None:
    """Lower the priority of the calling thread, where the system has one for each thread (Linux)."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
