"""The times by which shares that have got there are said."""

from __future__ import annotations

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

HORIZONS_S = (
    *(1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 3, 5, 10, 15, 20, 30, 45)),
    *(n * _HOUR for n in (1, 2, 3, 4, 6, 8, 12, 18)),
    *(n * _DAY for n in (1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 45, 60, 90, 120, 150, 180, 270)),
    *(n * _DAY for n in (365, 548, 730, 1_096, 1_461, 1_826, 2_557, 3_653, 5_479, 7_305)),
)
"""Times, in seconds, by which the share that has got there is said."""


def horizon_text(seconds: int) -> str:
    """Write a horizon as a question's durations are written.

    >>> horizon_text(90), horizon_text(5_400), horizon_text(604_800)
    ('90s', '90m', '7d')
    """
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
