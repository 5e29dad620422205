"""Paths: whether a page is one that a moment is meant for."""

from __future__ import annotations


def fits(pattern: str, path: str) -> bool:
    """Tell whether a path fits a pattern, in which ``*`` stands for any characters, or none.

    The time it takes grows no faster than pattern times path, whatever they are.

    >>> [fits(pattern, "/shoes/red") for pattern in ("*", "/shoes/*", "/shoes", "*red", "/*/r*d")]
    [True, True, False, True, True]
    """
    first, *rest = pattern.split("*")
    if not rest:
        return path == pattern
    if not path.startswith(first):
        return False
    at, last = len(first), rest.pop()
    for part in rest:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(path) - at >= len(last) and path.endswith(last)
