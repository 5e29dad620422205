"""The local engine: a measure runs on the threads of this process, over the tape of one data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Self, cast

import duckdb
import numpy as np
import pyarrow as pa

from obverse.engine.answers import Answers
from obverse.engine.currencies import currencies
from obverse.engine.groups import Groups
from obverse.engine.lake import AnyLake, facts
from obverse.engine.people import PeoplePage
from obverse.errors import QuestionError
from obverse.event import SCHEMA
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.measure import measure_of, read_question
from obverse.measure.picture import Pick
from obverse.measure.protocol import Measure, Plan
from obverse.measure.question import Answer, Question
from obverse.settings.segments import Segment, Segments
from obverse.settings.store import Settings
from obverse.tape.layout import Bools, Int32s, Layout
from obverse.tape.tape import Tape

SLICES_PER_THREAD = 2
"""Slices of units that a thread gets, so that nobody waits long for the one with the busiest people."""

SMALL = 20_000
"""Up to so many units one slice is enough: to start threads would take longer."""


class Lake(AnyLake):
    """A data folder, to ask questions of. Reads only; a server may be filling it meanwhile.

    Attributes:
        table: the Delta table of events.
        tape: its events laid out by person and time.
        segments: the saved ones.
    """

    def __init__(
        self, table: EventTable, tape: Tape, threads: int, segments: Segments, *, keep_answers: int = 0
    ) -> None:
        self.table = table
        self.tape = tape
        self.segments = segments
        self._groups = Groups(segments.get, self._lay, tape.numbered)
        self._answers = Answers(keep_answers)
        self._settings: Settings | None = None
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="obverse-scan")

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, budget_bytes: int = 512 << 20, threads: int | None = None
    ) -> Self:
        """Open the lake of a data folder.

        Args:
            path: the data folder.
            budget_bytes: memory to keep laid-out events in.
            threads: threads that scan; the machine's cores unless given.

        Raises:
            DataError: it is no data folder, damaged, or of a later version.
        """
        folder = Folder.open(Path(path))
        n = threads or os.cpu_count() or 1
        table = EventTable.open(folder.events)
        settings = Settings.open(folder.settings)
        lake = cls(table, Tape(table, folder.tape, budget_bytes, n), n, settings.segments)
        lake._settings = settings
        return lake

    def close(self) -> None:
        """Keep what is worth it on disk and give memory and threads back."""
        self._pool.shutdown()
        self.tape.close()
        if self._settings is not None:
            self._settings.close()

    def _ask(self, question: Question) -> Answer:
        measure = measure_of(question)
        plan = measure.plan(question)
        segments = self._groups.needs(plan, question.segment).segments
        lake = (self.table.refresh().version, *((one.name, one.created_at) for one in segments))
        return self._answers.get((question.to_json(), lake), lambda: self._answered(measure, question, plan))

    def _answered(self, measure: Measure, question: Question, plan: Plan) -> Answer:
        layout = self._groups.lay(plan, question.segment)
        parts = self._pool.map(lambda units: measure.scan(question, layout, units), self._slices(layout))
        summary = reduce(lambda one, other: one.merge(other), parts)
        paid = currencies(self.table.snapshot.files) if plan.value else ()
        return measure.answer(question, summary, facts(plan, layout, dict(self.names()), paid))

    def people(
        self, question: Question, pick: Pick | None = None, *, limit: int = 100, offset: int = 0
    ) -> PeoplePage:
        """List the people behind a part of an answer; see `AnyLake.people`."""
        found = np.flatnonzero(self._behind(question, pick or {}))
        page = found[offset : offset + limit].astype(np.int32)
        return PeoplePage(len(found), tuple(self.tape.people(page)))

    def people_in(self, segment: str, *, limit: int = 100, offset: int = 0) -> PeoplePage:
        """List the people of a saved segment.

        Args:
            segment: its name.
            limit: how many people.
            offset: how many to pass over first.

        Raises:
            QuestionError: there is no such segment, or its people cannot be found any more.
        """
        numbers = self.members(segment)
        return PeoplePage(len(numbers), tuple(self.tape.people(numbers[offset : offset + limit])))

    def members(self, segment: str) -> Int32s:
        """Give the numbers of all people in a saved segment.

        Args:
            segment: its name.

        Raises:
            QuestionError: there is no such segment, or its people cannot be found any more.
        """
        found = self.segments.get(segment)
        if found.people is not None:
            return self.tape.numbered(np.frombuffer(found.people, np.int64))
        behind = self._behind(read_question(found.question), found.pick)
        return np.flatnonzero(behind).astype(np.int32)

    def save_segment(
        self, name: str, question: Question, pick: Pick | None = None, *, snapshot: bool = False
    ) -> Segment:
        """Save the people behind a part of an answer as a segment, to filter and split questions by.

        Args:
            name: what to call it.
            question: what was asked.
            pick: which part of the answer; everyone who is counted unless given.
            snapshot: keep the people as they are now, instead of finding them anew at each question.

        Raises:
            QuestionError: there is no such part, or the name is taken.
        """
        behind = self._behind(question, pick or {})
        people = self.tape.keys(np.flatnonzero(behind).astype(np.int32)).tobytes() if snapshot else None
        return self.segments.save(name, question.to_json(), pick or {}, people)

    def _behind(self, question: Question, pick: Pick) -> Bools:
        measure = measure_of(question)
        return measure.behind(question, self._groups.lay(measure.plan(question), question.segment), pick)

    def names(self) -> list[tuple[str, int]]:
        """List the names of events with their counts, the most frequent first."""
        return self.tape.names()

    def sql(self, text: str) -> pa.Table:
        """Run DuckDB's SQL over the view `events`: every row of the lake, and nothing else on this machine.

        Raises:
            QuestionError: DuckDB refuses the text.
        """
        files = [file.path for file in self.table.refresh().files]
        with duckdb.connect(config={"threads": self._threads}) as base:
            base.execute("SET TimeZone = 'UTC'")
            _view(base, files)
            base.execute("SET allowed_paths = $paths", {"paths": files})
            base.execute("SET enable_external_access = false")
            base.execute("SET lock_configuration = true")
            try:
                return cast("pa.Table", base.sql(text).to_arrow_table())
            except duckdb.Error as error:
                raise QuestionError(f"SQL: {error}") from error

    def _lay(self, plan: Plan) -> Layout:
        return self.tape.lay(
            plan.selections,
            unit=plan.unit,
            same=plan.same,
            value=plan.value,
            keys=plan.keys,
            numbers=plan.numbers,
            marks=plan.marks,
        )

    def _slices(self, layout: Layout) -> Iterator[range]:
        """Part the units for the threads, no person in two slices, about as many events in each.

        Who came first has most events, so that slices of equally many people would not be alike.
        """
        n = 1 if layout.n_units <= SMALL else self._threads * SLICES_PER_THREAD
        offsets = max((track.offsets for track in layout.tracks), key=lambda its: int(its[-1]))
        inner = (int(np.searchsorted(offsets, offsets[-1] * number // n)) for number in range(1, n))
        edges = [0, *(min(edge, layout.n_units - 1) for edge in inner), layout.n_units]
        if layout.person is not None and layout.n_units:
            whose = layout.person
            edges[1:-1] = [int(np.searchsorted(whose, whose[edge])) for edge in edges[1:-1]]
        return (range(start, end) for start, end in pairwise(edges))


def _view(base: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """Make the view `events` over the lake's files, without columns that only they have use for."""
    if files:
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
        source = f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'day': DATE}})"
    else:
        base.register("nothing", SCHEMA.empty_table())
        source = "nothing"
    columns = ", ".join(SCHEMA.names)
    base.execute(f"CREATE VIEW events AS SELECT {columns} FROM {source}")  # noqa: S608 - our own names
