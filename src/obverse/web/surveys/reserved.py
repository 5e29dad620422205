"""Reserved: surveys that were given out and of which it is not known yet whether they came into view.

Who was given one may have left the page, or the reply was lost; then they were not asked. Until that is
known nobody gives them another, and it counts towards the day's limit. After `RESERVED_US` it lapses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from obverse.web.surveys.askings_rows import Reservation, Who

RESERVED_US = 5 * 60_000_000
"""A survey that did not come into view in this time, µs, is taken never to have: far longer than a reply,
the form's style and the report that it is in view take on a slow network, and shorter than most visits."""


class Reserved:
    """What is reserved now. Not safe to use from several threads by itself."""

    def __init__(self, found: Iterable[Reservation] = ()) -> None:
        self._all: dict[int, Reservation] = {}
        self._of: defaultdict[int, set[int]] = defaultdict(set)
        self._n: Counter[str] = Counter()
        for one in sorted(found, key=lambda one: one.at):
            self.add(one)

    def add(self, one: Reservation) -> None:
        """Reserve."""
        self._all[one.key] = one
        self._n[one.survey] += 1
        for person in one.who.keys:
            self._of[person].add(one.key)

    def remove(self, key: int) -> Reservation | None:
        """Take a reservation away; None where there is none."""
        one = self._all.pop(key, None)
        if one is None:
            return None
        self._n[one.survey] -= 1
        for person in one.who.keys:
            self._of[person].discard(key)
            if not self._of[person]:
                del self._of[person]
        return one

    def lapse(self, now: int) -> list[Reservation]:
        """Take away those that are too old by an instant, and give them."""
        late = []
        for one in self._all.values():  # in the order of time, but for a clock that was set back
            if now - one.at < RESERVED_US:
                break
            late.append(one)
        for one in late:
            self.remove(one.key)
        return late

    def of(self, who: Who) -> frozenset[str]:
        """Give the surveys that are reserved for somebody.

        Two users of one device are two people; who is logged in on it was there before they logged in.
        """
        theirs = (self._all[key] for person in who.keys for key in self._of.get(person, ()))
        return frozenset(one.survey for one in theirs if who.user is None or one.user in (None, who.user))

    def n(self, survey: str) -> int:
        """Count those of a survey."""
        return self._n[survey]
