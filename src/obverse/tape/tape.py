"""The tape: what a scan reads, laid out from the lake, kept, and brought up to date at every question."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from obverse.lake.table import EventTable
from obverse.tape.cache import Cache, Worth
from obverse.tape.catalogue import Catalogue, Field
from obverse.tape.columns import Columns, Gone, Wanted
from obverse.tape.directory import Directory
from obverse.tape.expression import Form, parse
from obverse.tape.kept_columns import KeptColumns
from obverse.tape.labels import Texts
from obverse.tape.laying import ReelLayer, again
from obverse.tape.layout import Int32s, Int64s, Key, Layout, Number, Selection
from obverse.tape.memory import give_back
from obverse.tape.people import People, Person
from obverse.tape.planning import Plan, Unit, planned
from obverse.tape.reading import Reader
from obverse.tape.reel import Kind, Reel
from obverse.tape.reels import Reels

Asked = tuple[tuple[Selection, ...], Unit, str | None, bool, tuple[Key, ...], tuple[Number, ...], bool]

MAX_PLANS = 1_000


@dataclass(frozen=True)
class _Kept:
    """A layout, the lake's version it is of, the reels it rests on, and the memory it holds beside them."""

    layout: Layout
    version: int
    editions: dict[Kind, int]
    n_bytes: int


class Tape:
    """Events laid out by person and time, from one lake, for any number of threads.

    Args:
        table: the lake.
        cache: directory to keep reels in between processes, None to keep none. One that cannot be written is
            read only.
        budget_bytes: memory to keep reels, columns and layouts in.
        threads: threads of DuckDB that read the lake.
    """

    def __init__(
        self, table: EventTable, cache: Path | None, budget_bytes: int = 512 << 20, threads: int = 2
    ) -> None:
        self._table = table
        self._cache = Cache(budget_bytes)
        self._reader = Reader(table, threads)
        directory = Directory(self._reader, cache)
        self._columns = Columns(self._reader, self._cache, KeptColumns(cache, table, directory.lake))
        self._reels = Reels(table, self._reader, self._cache, cache, directory, self._columns)
        self._texts = Texts(self._reader)
        self._catalogue = Catalogue(self._reader, lambda: dict(self.names()))
        self._people = People(self._reels, self._reader, directory)
        self._plans: dict[Asked, tuple[int, Plan]] = {}
        self._keeping = threading.Lock()
        self._keeper: threading.Thread | None = None
        self._more = False  # whether there is more to keep, for the keeper that runs

    def close(self) -> None:
        """Keep on disk what is worth it and give the memory back."""
        self.settle()
        self._reels.save()
        self._columns.save()
        self._reader.close()

    def settle(self) -> None:
        """Wait until what is being kept on disk, beside the questions, is there."""
        keeper = self._keeper
        if keeper:
            keeper.join()

    def lay(
        self,
        selections: Sequence[Selection],
        *,
        unit: Unit = "person",
        same: str | None = None,
        value: bool = False,
        keys: Sequence[Key] = (),
        numbers: Sequence[Number] = (),
        marks: bool = False,
    ) -> Layout:
        """Lay out the events of some selections, as of the newest event in the lake.

        Args:
            selections: one a track.
            unit: what a unit is. A session is the client's where it sent one, else a person's events at one
                touchpoint with no gap over 30 minutes; an account is the one an event names, else that of
                the person's last group call at or before it, else of their first one, and events without one
                are left out.
            same: expression whose value parts units further: a unit is a person and one value; events
                without a value are left out.
            value: whether the tracks get money.
            keys: fields whose values become codes.
            numbers: fields whose values are wanted as numbers.
            marks: whether the first track's events tell which other tracks have them (`Track.marks`).

        Raises:
            QuestionError: an expression is wrong or names an unknown field, or a number is out of range.
            DataError: the lake cannot be read.
        """
        plan = self._plan((tuple(selections), unit, same, value, tuple(keys), tuple(numbers), marks))
        kept: _Kept | None = self._cache.get(plan)
        if kept and kept.version == self._table.refresh().version:
            return kept.layout
        del kept
        self._prepare(plan)
        try:
            return self._lay(plan)
        except Gone:
            self._reels.reset()
            return self._lay(plan)
        finally:
            self._keep()

    def _plan(self, asked: Asked) -> Plan:
        """Check a question and make it ready; one asked before is not read anew."""
        known = self._plans.get(asked)
        if known and known[0] == self._catalogue.edition:
            return known[1]
        plan = planned(*asked, self._wanted)
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        self._plans[asked] = (self._catalogue.edition, plan)
        return plan

    # -- what there is ----------------------------------------------------------------------------------

    def names(self) -> list[tuple[str, int]]:
        """List the names of events with their counts, the most frequent first."""
        with self._reels.lock:
            self._reels.refresh()
            counts = self._reels.counts.items()
            return sorted(counts, key=lambda pair: (-pair[1], pair[0]))

    def fields(self, event: str | None = None) -> list[Field]:
        """List what can be filtered and split by; what events of one name have, where it is given."""
        self._table.refresh()
        return self._catalogue.fields(event)

    # -- people -----------------------------------------------------------------------------------------

    def person_of(self, user_id: str | None = None, anonymous_id: str | None = None) -> int:
        """Give the key of the person behind a user id, or an anonymous one: who it belongs to from now on."""
        return self._people.person_of(user_id, anonymous_id)

    def people(self, persons: Int32s) -> list[Person]:
        """Name people by their numbers in a layout, in that order."""
        return self._people.numbered(persons)

    def keys(self, persons: Int32s) -> Int64s:
        """Give the keys of people by their numbers in a layout; keys stay, numbers may not."""
        return self._people.keys(persons)

    def numbered(self, keys: Int64s) -> Int32s:
        """Give the numbers that the people behind keys have now; of who is unknown none.

        Somebody who was anonymous then and has identified since is found as who they are now.
        """
        return self._people.numbers(keys)

    def streams(self, persons: Int32s) -> tuple[Int64s, Int64s]:
        """Give the keys of all ids that some people would come under now, ascending.

        Args:
            persons: their numbers in a layout, each once.

        Returns:
            The keys (`obverse.event.stream_key`), and for each the position of its person in `persons`.
        """
        return self._people.streams(persons)

    def find(self, text: str, limit: int = 20) -> list[Person]:
        """Find people by an id, or the beginning of an id or of an e-mail address; exact ids come first."""
        return self._people.find(text, limit)

    def person(self, key: int) -> Person:
        """Name one person by key; one nobody knows has no ids."""
        return self._people.named([key])[0]

    def people_behind(self, keys: Sequence[int]) -> list[Person]:
        """Name the people whom ids belong to from now on, by the ids' keys (`obverse.event.stream_key`)."""
        return self._people.behind(keys)

    def timeline(self, key: int, limit: int = 200, before: int | None = None) -> pa.Table:
        """Read a person's events over all their ids and devices, newest first, with all columns of the lake.

        Args:
            key: the person's.
            limit: rows; more only where the last of them share one instant with others.
            before: only events before this, µs since 1970 UTC: the time of the last row of the page before.

        Raises:
            NotFoundError: no event belongs to that person.
        """
        return self._people.timeline(key, limit, before)

    # -- laying out -------------------------------------------------------------------------------------

    def _lay(self, plan: Plan) -> Layout:
        with self._reels.lock:
            self._reels.refresh()
            reels = self._reels.get(plan.needs())
            kept = self._renewed(plan, reels)
            if kept is None:
                layer = ReelLayer(self._reels, reels, self._columns, self._texts)
                layout = layer.lay(plan)
                n_bytes = layer.own_bytes(layout)
                if n_bytes is None:
                    return layout
                kept = _Kept(layout, self._reels.version, layer.editions, n_bytes)
            self._cache.put(plan, kept, kept.n_bytes, Worth.LAYOUT)
            return kept.layout

    def _renewed(self, plan: Plan, reels: dict[Kind, Reel]) -> _Kept | None:
        """Bring a kept layout up to date where its reels are what they were; drop what rests on others."""
        stale = {key for key, kept in self._cache.items(Worth.LAYOUT) if not self._reels.are(kept.editions)}
        self._cache.discard(stale.__contains__)
        kept: _Kept | None = self._cache.get(plan)
        if kept is None:
            return None
        more = self._reels.get(kind for kind in kept.editions if kind not in reels)
        if any(reel.edition != kept.editions[kind] for kind, reel in {**reels, **more}.items()):
            return None
        return replace(kept, layout=again(kept.layout, plan, self._reels), version=self._reels.version)

    def _prepare(self, plan: Plan) -> None:
        """Read what is not there yet without holding others up."""
        needs = plan.needs()
        for kind in needs:
            self._reels.prepare([kind])
            self._keep()  # so that one goes to disk while the next is read, and not all wait in memory
        upto = self._table.snapshot.last_seq
        for kind, wanted in needs.items():
            self._columns.held(kind, wanted, upto, 0)
            self._keep()

    def _keep(self) -> None:
        """Keep reels and columns on disk, beside the question, when enough was read for it."""
        if not (self._reels.worth_saving() or self._columns.worth_saving()):
            return
        with self._keeping:
            self._more = True
            if self._keeper is None or not self._keeper.is_alive():
                self._keeper = threading.Thread(
                    target=self._save_all, name="obverse-tape-keeper", daemon=True
                )
                self._keeper.start()

    def _save_all(self) -> None:
        while True:
            with self._keeping:
                if not self._more:
                    self._keeper = None
                    return
                self._more = False
            self._save()

    def _save(self) -> None:
        saved = self._columns.save()
        if self._reels.save():  # layouts hold on to arrays in memory that are mapped from disk now
            self._cache.discard(lambda key: isinstance(key, Plan))
            saved = True
        if saved:
            give_back()

    def _wanted(self, form: Form, text: str, optional: bool) -> Wanted:
        return Wanted.of(form, parse(text, None if optional else self._catalogue.place, form))
