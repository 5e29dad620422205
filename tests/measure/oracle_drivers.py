"""Drivers in plain Python, person by person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

Candidate = tuple[int, str]
"""Time, behaviour."""
Order = tuple[int, float]
"""Time, value."""


class Compared:
    """What drivers count of some people."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.did: Counter[tuple[str, bool]] = Counter()
        self.worth: list[float] = []
        self.worth_did: dict[str, list[float]] = defaultdict(list)

    def person(
        self,
        firsts: Sequence[int],
        orders: Sequence[Order],
        candidates: Sequence[Candidate],
        *,
        start: int,
        end: int,
        early: int,
        within: int,
        newest: int,
        times: int,
        not_yet: bool,
    ) -> str:
        """Add one person, and say how they count."""
        begun = min((time for time in firsts if time >= start), default=None)
        if begun is None or begun >= end:
            return self._note("not entered")
        if not_yet and any(time < begun for time, _ in orders):
            return self._note("customer")
        if any(begun <= time < begun + early for time, _ in orders):
            return self._note("too early")
        if begun + within > newest:
            return self._note("unknown")
        later = [value for time, value in orders if begun + early <= time <= begun + within]
        done = Counter(name for time, name in candidates if begun <= time < begun + early)
        self.worth.append(sum(later))
        for name, n in done.items():
            if n >= times:
                self.did[name, bool(later)] += 1
                self.worth_did[name].append(sum(later))
        return self._note("converted" if later else "stayed")

    def _note(self, state: str) -> str:
        self.states[state] += 1
        return state
