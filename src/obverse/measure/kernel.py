"""Compiled entry points whose compiled form is kept on disk, and never outlives a change of their sources.

Numba keeps a compiled function until the file that it stands in changes. Ours call functions of other files,
so the place where they are kept is named after the text of all modules of this package.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar, cast

from numba import config, njit  # type: ignore[attr-defined, unused-ignore]

F = TypeVar("F", bound=Callable[..., object])


@cache
def _fingerprint() -> str:
    whole = blake2b(digest_size=8)
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _place() -> str:
    """Give the directory that compiled functions are kept in: Numba's, if it has been told one, else ours."""
    told = config.CACHE_DIR  # type: ignore[attr-defined, unused-ignore]
    if told:
        return str(Path(told) / _fingerprint())
    here = Path(__file__).parent
    place = here / "__pycache__" if os.access(here, os.W_OK) else Path.home() / ".cache" / "obverse"
    return str(place / _fingerprint())


def kernel(function: F) -> F:
    """Compile a function that callers enter a scan by, and keep the result on disk.

    It runs without Python's lock. Inner functions need no more than `numba.njit`.
    """
    if config.DISABLE_JIT:  # type: ignore[attr-defined, unused-ignore]
        return function
    before = config.CACHE_DIR  # type: ignore[attr-defined, unused-ignore]
    config.CACHE_DIR = _place()  # type: ignore[attr-defined, unused-ignore]
    try:
        return cast(F, njit(nogil=True, cache=True)(function))
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined, unused-ignore]
