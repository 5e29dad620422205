"""Gives freed memory back to the operating system, which the C library keeps for itself otherwise."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache


@cache
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim


def give_back() -> None:
    """Give freed memory back; does nothing where the C library has no way to."""
    trim = _trim()
    if trim:
        trim(0)
