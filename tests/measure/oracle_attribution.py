"""Attribution in plain Python, from lists of touches and conversions."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise

Touch = tuple[int, int, str | None]
"""Time, number in the lake, channel."""
Order = tuple[int, int, float]
"""Time, number in the lake, value."""


def folded(touches: list[tuple[int, str]], gap: int) -> list[tuple[int, str]]:
    """Make one touch of those of one channel that follow each other closely."""
    found: list[tuple[int, str]] = []
    for time, channel in touches:
        if found and found[-1][1] == channel and time - found[-1][0] <= gap:
            found[-1] = (time, channel)
        else:
            found.append((time, channel))
    return found


def weights(model: str, times: list[int], half_life: float) -> list[float]:
    """Say what each touch gets of one conversion."""
    n = len(times)
    if model == "first":
        return [1.0] + [0.0] * (n - 1)
    if model == "last":
        return [0.0] * (n - 1) + [1.0]
    if model == "time_decay":
        raw = [2.0 ** (-(times[-1] - time) / half_life) for time in times]
        return [one / sum(raw) for one in raw]
    if model == "position" and n > 2:
        return [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4]
    return [1 / n] * n


class Attributed:
    """What attribution counts of some people."""

    def __init__(self) -> None:
        self.conversions = self.without = self.lost = self.open = 0
        self.credit: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.worth: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.steps: Counter[tuple[str, str]] = Counter()

    def person(
        self,
        touches: list[Touch],
        orders: list[Order],
        *,
        start: int,
        end: int,
        newest: int,
        lookback: int,
        gap: int,
        half_life: float,
    ) -> None:
        """Add one person."""
        numbers = {seq for _, seq, _ in orders}
        left = [(t, c) for t, seq, c in sorted(touches) if c is not None and seq not in numbers]
        credit: Counter[tuple[str, str]] = Counter()
        worth: Counter[tuple[str, str]] = Counter()
        for time, _, value in sorted(orders):
            mine = folded([(t, c) for t, c in left if time - lookback <= t <= time], gap)
            left = [(t, c) for t, c in left if t > time]
            if not start <= time < end:
                continue
            self.conversions += 1
            if not mine:
                self.without += 1
                continue
            self._walk([c for _, c in mine], "conversion")
            for model in ("first", "last", "linear", "time_decay", "position"):
                for (_, c), part in zip(mine, weights(model, [t for t, _ in mine], half_life), strict=True):
                    credit[model, c] += part  # type: ignore[assignment]
                    worth[model, c] += part * value  # type: ignore[assignment]
        for key in credit:
            self.credit[key].append(credit[key])
            self.worth[key].append(worth[key])
        self._left(left, start, end, newest, lookback, gap)

    def _left(
        self, left: list[tuple[int, str]], start: int, end: int, newest: int, lookback: int, gap: int
    ) -> None:
        journeys: list[list[tuple[int, str]]] = []
        for time, channel in left:
            if not journeys or time - journeys[-1][-1][0] > lookback:
                journeys.append([])
            journeys[-1].append((time, channel))
        for journey in journeys:
            last = journey[-1][0]
            if start <= last < end and last + lookback > newest:
                self.open += 1
            elif start <= last < end:
                self.lost += 1
                self._walk([c for _, c in folded(journey, gap)], "loss")

    def _walk(self, channels: list[str], outcome: str) -> None:
        path = ["start", *channels, outcome]
        self.steps.update(pairwise(path))


def reach(steps: Counter[tuple[str, str]], removed: str | None = None) -> Fraction:
    """Give the chance of a conversion by solving the chain in exact fractions, state by state."""
    states = sorted({a for a, _ in steps} | {"start"})
    sums = {a: sum(n for (x, _), n in steps.items() if x == a) for a in states}
    rows = {a: {b: Fraction(n, sums[a]) for (x, b), n in steps.items() if x == a} for a in states}
    # Gauss elimination of p[a] = sum_b rows[a][b] p[b], p[conversion] = 1, p[loss] = p[removed] = 0.
    known = {a: {b: -w for b, w in rows[a].items() if b in states and b != removed} for a in states}
    right = {a: rows[a].get("conversion", Fraction(0)) for a in states}
    for a in states:
        known[a][a] = known[a].get(a, Fraction(0)) + 1
    for pivot in [a for a in states if a != "start"]:
        scale = known[pivot][pivot]
        if scale == 0:
            continue
        for a in states:
            factor = known[a].get(pivot, Fraction(0)) / scale
            if a != pivot and factor:
                for b, w in known[pivot].items():
                    known[a][b] = known[a].get(b, Fraction(0)) - factor * w
                right[a] -= factor * right[pivot]
    return right["start"] / known["start"]["start"]
